/* JSON's texts, written by hand into a vd_buffer: punctuation, numbers and strings, with a sticky error, so
 * that a writer of structure checks once at its end. One thread at a time. */
#ifndef VEDETTE_EVENT_JSON_TEXT_H
#define VEDETTE_EVENT_JSON_TEXT_H

#include <vedette/buffer.h>

struct json_text {
    struct vd_buffer *out;
    size_t held;       /* what out held before: what remains of it after an error */
    uint8_t *at, *end; /* room in out that is not committed yet */
    int error;         /* sticky: once set, nothing is written */
};

void json_text_begin(struct json_text *text, struct vd_buffer *out);
/* Commits what was written, or on error takes it all back. 0, VD_ELIMIT or VD_ENOMEM, or what error was set
 * to. */
int json_text_finish(struct json_text *text);
/* Sets the error unless one is set. */
void json_text_fail(struct json_text *text, int error);

/* Makes room for len bytes, or sets the error. */
bool json_text_grow(struct json_text *text, size_t len);

static inline bool json_text_room(struct json_text *text, size_t len)
{
    return (size_t)(text->end - text->at) >= len || json_text_grow(text, len);
}

static inline void json_text_byte(struct json_text *text, char byte)
{
    if (json_text_room(text, 1))
        *text->at++ = (uint8_t)byte;
}

static inline void json_text_raw(struct json_text *text, const void *data, size_t len)
{
    if (len > 0 && json_text_room(text, len)) {
        memcpy(text->at, data, len);
        text->at += len;
    }
}

void json_text_int(struct json_text *text, int64_t value);
/* The shortest digits that read back as value; NaN, Infinity and -Infinity for what has no digits (a caller
 * quotes them: JSON has no such numbers). */
void json_text_double(struct json_text *text, double value);
/* In quotes, escaped. string: valid UTF-8. */
void json_text_string(struct json_text *text, struct vd_bytes string);
/* In quotes, if string stands in JSON as it is: ASCII without controls, quotes and backslashes. Else false,
 * and nothing is written. Most strings are such, and this is four times as fast. */
bool json_text_plain_string(struct json_text *text, struct vd_bytes string);

#endif
