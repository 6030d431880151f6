/* Foreign text on a terminal, counted in columns. */
#ifndef VEDETTE_TOOLS_TAIL_TEXT_H
#define VEDETTE_TOOLS_TAIL_TEXT_H

#include <stdio.h>
#include <vedette/buffer.h>

/* A line under construction. Past its columns nothing more is put; the first failure of the buffer sticks. */
struct tail_text {
    struct vd_buffer *out;
    unsigned columns, limit;
    bool full; /* something did not fit */
    int result;
};

/* Our own text, in ASCII: as it is, and without width if it is an escape sequence. */
void tail_text_plain(struct tail_text *line, const char *text);
void tail_text_print(struct tail_text *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tail_text_time(struct tail_text *line, const char *format, int64_t time_ms); /* strftime's; local */
void tail_text_sequence(struct tail_text *line, const char *sequence);
/* Somebody else's text: what could drive the terminal is shown as \n, \x1b or \u{202e}. */
void tail_text_foreign(struct tail_text *line, struct vd_bytes text);
/* The same on a stream, as far as it is no longer than anybody reads. */
void tail_text_foreign_to(FILE *out, struct vd_bytes text);
/* Spaces up to that column. */
void tail_text_pad(struct tail_text *line, unsigned column);

#endif
