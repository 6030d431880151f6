/* Events with something in every field of the schema, found by walking its descriptors: a field that is added
 * to event.proto is in these tests at once. */
#ifndef TESTS_JSON_FILL_H
#define TESTS_JSON_FILL_H

#include <vedette/arena.h>
#include <vedette/buffer.h>

enum fill_style {
    FILL_DISTINCT, /* every value occurs once */
    FILL_LEAST,    /* INT32_MIN, INT64_MIN, texts of what JSON escapes */
    FILL_MOST,     /* INT32_MAX, INT64_MAX, multi-byte texts */
    FILL_EMPTY,    /* zeros in oneofs, empty messages and strings as elements */
};

/* Appends the packed event. */
void fill_event(enum fill_style style, struct vd_buffer *out);
/* Of the same, how many fields there are, all depths together. */
size_t fill_count(void);

/* A null buffer and an arena that hold a test's event comfortably. */
enum { FILL_LIMIT_BYTES = 1 << 20 };

#endif
