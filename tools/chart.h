/* A small bar chart in text: block characters in UTF-8, # and . otherwise. Pure. */
#ifndef VEDETTE_TOOLS_CHART_H
#define VEDETTE_TOOLS_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <vedette/buffer.h>

struct chart {
    const double *values; /* of each column, oldest first; none is negative */
    size_t count;
    size_t marked;           /* of them, at the end, what the chart is about */
    double line;             /* across it all; negative: none */
    const char *begin, *end; /* below the first column, and up to the last */
    unsigned column_width;   /* characters of a bar */
    unsigned indent;
    bool utf8, color;
};

enum { CHART_ROWS = 6, CHART_LABEL_COLUMNS = 8, CHART_NUMBER_BYTES = 16 };

/* How many columns fit into a terminal of that width. */
size_t chart_columns(unsigned terminal_columns, unsigned indent, unsigned column_width);
/* Appends the chart: CHART_ROWS lines, an axis, a line of labels. VD_ELIMIT, VD_ENOMEM: a part of it may be
 * there. */
int chart_write(const struct chart *chart, struct vd_buffer *out);
/* "0.6", "47", "12k" */
void chart_number(double value, char out[CHART_NUMBER_BYTES]);

#endif
