/* Foreign text, made harmless a character at a time. */
#include "tail_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <vedette/utf8.h>

enum { ESCAPE_BYTES = 16, UTF8_MAX = 4, TIME_BYTES = 32, PRINT_BYTES = 256, FOREIGN_COLUMNS = 1024 };

struct range {
    uint32_t first, last;
};

/* Controls, and what reorders, hides or joins the text around it. */
static const struct range UNSAFE[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},     {0x115f, 0x1160},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},   {0x3164, 0x3164},
    {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
};
/* What a terminal draws two columns wide. Combining marks count as one, so that a line is rather short than
 * wrapped. */
static const struct range WIDE[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool within(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

static void put(struct tail_text *line, const void *text, size_t len, unsigned columns)
{
    if (line->full || line->result < 0)
        return;
    if (line->columns + columns > line->limit) {
        line->full = true;
        return;
    }
    line->result = vd_buffer_append(line->out, text, len);
    line->columns += columns;
}

void tail_text_plain(struct tail_text *line, const char *text)
{
    for (; *text != '\0'; text++)
        put(line, text, 1, 1);
}

void tail_text_sequence(struct tail_text *line, const char *sequence)
{
    if (line->result == 0)
        line->result = vd_buffer_append_str(line->out, sequence);
}

void tail_text_time(struct tail_text *line, const char *format, int64_t time_ms)
{
    char text[TIME_BYTES];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL || strftime(text, sizeof text, format, &local) == 0)
        snprintf(text, sizeof text, "--");
    tail_text_plain(line, text);
}

void tail_text_print(struct tail_text *line, const char *format, ...)
{
    char text[PRINT_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    tail_text_plain(line, text);
}

void tail_text_pad(struct tail_text *line, unsigned column)
{
    while (line->columns < column && !line->full && line->result == 0)
        put(line, " ", 1, 1);
}

/* How long the character at the front is; 0 where it is not UTF-8. */
static size_t character(struct vd_bytes text, uint32_t *c)
{
    uint8_t lead = text.data[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : UTF8_MAX;
    if (len > text.len || !vd_utf8_valid(vd_bytes_of(text.data, len)))
        return 0;
    *c = len == 1 ? lead : lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        *c = *c << 6 | (text.data[i] & 0x3fu);
    return len;
}

static void put_escaped(struct tail_text *line, uint32_t c)
{
    char text[ESCAPE_BYTES];
    int len;
    if (c == '\n' || c == '\t' || c == '\r')
        len = snprintf(text, sizeof text, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    else
        len = snprintf(text, sizeof text, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
    put(line, text, (size_t)len, (unsigned)len);
}

void tail_text_foreign(struct tail_text *line, struct vd_bytes text)
{
    while (text.len > 0 && !line->full && line->result == 0) {
        uint32_t c = 0;
        size_t len = character(text, &c);
        if (len == 0) {
            char byte[ESCAPE_BYTES];
            int width = snprintf(byte, sizeof byte, "\\x%02x", text.data[0]);
            put(line, byte, (size_t)width, (unsigned)width);
            len = 1;
        } else if (within(c, UNSAFE, sizeof UNSAFE / sizeof *UNSAFE)) {
            put_escaped(line, c);
        } else {
            put(line, text.data, len, within(c, WIDE, sizeof WIDE / sizeof *WIDE) ? 2 : 1);
        }
        text = vd_bytes_of(text.data + len, text.len - len);
    }
}

void tail_text_foreign_to(FILE *out, struct vd_bytes text)
{
    struct vd_buffer harmless;
    vd_buffer_init(&harmless, FOREIGN_COLUMNS * UTF8_MAX);
    struct tail_text line = {.out = &harmless, .limit = FOREIGN_COLUMNS};
    tail_text_foreign(&line, text);
    struct vd_bytes bytes = vd_buffer_bytes(&harmless);
    if (bytes.len > 0)
        fwrite(bytes.data, 1, bytes.len, out);
    vd_buffer_deinit(&harmless);
}
