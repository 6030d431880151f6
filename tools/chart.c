/* Bars in eighths of a character. */
#include "chart.h"

#include <math.h>
#include <stdio.h>

enum { EIGHTHS = 8, MARGIN = 1 };

#define RESET "\033[0m"
static const char MARKED[] = "\033[1;31m", LINE[] = "\033[33m";

struct glyphs {
    const char *bars[EIGHTHS + 1]; /* by eighths */
    const char *line, *side, *corner, *axis, *marked_axis;
};
static const struct glyphs UTF8 = {
    {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, "╌", "│", "└", "─", "━",
};
/* Of what is small only the lowest row says anything. */
static const struct glyphs ASCII = {
    {" ", ".", ".", ".", "#", "#", "#", "#", "#"}, "-", "|", "+", "-", "=",
};

size_t chart_columns(unsigned terminal_columns, unsigned indent, unsigned column_width)
{
    unsigned taken = indent + CHART_LABEL_COLUMNS + MARGIN;
    return terminal_columns > taken ? (terminal_columns - taken) / column_width : 0;
}

void chart_number(double value, char out[CHART_NUMBER_BYTES])
{
    static const char units[] = {0, 'k', 'M', 'G', 'T'};
    size_t unit = 0;
    for (; value >= 9999.5 && unit + 1 < sizeof units; unit++)
        value /= 1000;
    bool whole = value >= 9.95 || fabs(value - round(value)) < 0.05;
    snprintf(out, CHART_NUMBER_BYTES, "%.*f%.1s", whole ? 0 : 1, fmin(value, 99999), &units[unit]);
    if (value > 0 && value < 0.05)
        snprintf(out, CHART_NUMBER_BYTES, "<0.1");
}

static double highest(const struct chart *chart)
{
    double most = fmax(chart->line, 0);
    for (size_t i = 0; i < chart->count; i++)
        most = fmax(most, chart->values[i]);
    return most > 0 ? most : 1;
}

/* Of what is there at all, something is shown. */
static int height(double value, double most)
{
    int eighths = (int)lround(value / most * CHART_ROWS * EIGHTHS);
    return eighths == 0 && value > 0 ? 1 : eighths;
}

/* Up from the lowest; -1: there is none. */
static int line_row(const struct chart *chart, double most)
{
    if (chart->line < 0)
        return -1;
    int row = (int)(chart->line / most * CHART_ROWS);
    return row < CHART_ROWS ? row : CHART_ROWS - 1;
}

static int put(struct vd_buffer *out, const char *text, unsigned times)
{
    int result = 0;
    for (unsigned i = 0; i < times && result == 0; i++)
        result = vd_buffer_append_str(out, text);
    return result;
}

static int put_label(const struct chart *chart, int row, double most, struct vd_buffer *out)
{
    char label[CHART_NUMBER_BYTES] = "";
    if (row == CHART_ROWS - 1)
        chart_number(most, label);
    else if (row == line_row(chart, most))
        chart_number(chart->line, label);
    return vd_buffer_printf(out, "%*s%*s ", (int)chart->indent, "", CHART_LABEL_COLUMNS - 1, label);
}

/* One bar's part of a row. */
static int put_cell(const struct chart *chart, const struct glyphs *glyphs, size_t column, int row,
                    double most, struct vd_buffer *out)
{
    int eighths = height(chart->values[column], most) - row * EIGHTHS;
    eighths = eighths < 0 ? 0 : eighths > EIGHTHS ? EIGHTHS : eighths;
    const char *glyph = glyphs->bars[eighths], *color = "";
    if (glyphs == &ASCII && row > 0 && *glyph == '.')
        eighths = 0;
    if (eighths == 0) {
        bool line = row == line_row(chart, most);
        glyph = line ? glyphs->line : " ";
        color = line ? LINE : "";
    } else if (column + chart->marked >= chart->count) {
        color = MARKED;
    }
    if (!chart->color || *color == '\0')
        return put(out, glyph, chart->column_width);
    int result = put(out, color, 1);
    if (result == 0)
        result = put(out, glyph, chart->column_width);
    return result == 0 ? put(out, RESET, 1) : result;
}

static int put_row(const struct chart *chart, const struct glyphs *glyphs, int row, double most,
                   struct vd_buffer *out)
{
    int result = put_label(chart, row, most, out);
    if (result == 0)
        result = put(out, glyphs->side, 1);
    for (size_t i = 0; i < chart->count && result == 0; i++)
        result = put_cell(chart, glyphs, i, row, most, out);
    return result == 0 ? put(out, "\n", 1) : result;
}

static int put_axis(const struct chart *chart, const struct glyphs *glyphs, struct vd_buffer *out)
{
    size_t marked = chart->marked < chart->count ? chart->marked : chart->count;
    unsigned before = (unsigned)(chart->count - marked) * chart->column_width;
    int result = vd_buffer_printf(out, "%*s%*s ", (int)chart->indent, "", CHART_LABEL_COLUMNS - 1, "0");
    if (result == 0)
        result = put(out, glyphs->corner, 1);
    if (result == 0)
        result = put(out, glyphs->axis, before);
    if (result == 0)
        result = put(out, glyphs->marked_axis, (unsigned)marked * chart->column_width);
    return result == 0 ? put(out, "\n", 1) : result;
}

/* What does not fit beside the first is left out. */
static int put_labels(const struct chart *chart, struct vd_buffer *out)
{
    int width = (int)(chart->count * chart->column_width);
    int begin = (int)strlen(chart->begin), end = (int)strlen(chart->end);
    bool fits = end > 0 && begin + 1 + end <= width;
    return vd_buffer_printf(out, "%*s%s%*s\n", (int)chart->indent + CHART_LABEL_COLUMNS + MARGIN, "",
                            chart->begin, fits ? width - begin : 0, fits ? chart->end : "");
}

int chart_write(const struct chart *chart, struct vd_buffer *out)
{
    const struct glyphs *glyphs = chart->utf8 ? &UTF8 : &ASCII;
    double most = highest(chart);
    int result = 0;
    for (int row = CHART_ROWS - 1; row >= 0 && result == 0; row--)
        result = put_row(chart, glyphs, row, most, out);
    if (result == 0)
        result = put_axis(chart, glyphs, out);
    return result == 0 ? put_labels(chart, out) : result;
}
