/* Where a tail stands in all its files, in the few bytes that the spool keeps with an event. Private to tail.
 *
 *   version 1, count, then a file: identity (8 bytes, little endian), offset (6 bytes, little endian) */
#ifndef AGENT_TAIL_CURSOR_H
#define AGENT_TAIL_CURSOR_H

#include <vedette/bytes.h>

enum { TAIL_FILES_MAX = 18, TAIL_CURSOR_ENTRY_BYTES = 14, TAIL_CURSOR_MAX_BYTES = 2 + 18 * 14 };

struct tail_cursor {
    uint32_t count;
    struct tail_place {
        uint64_t identity, offset;
    } places[TAIL_FILES_MAX];
};

/* 0 or VD_EMALFORMED. Empty bytes are a cursor of no file. */
int tail_cursor_read(struct tail_cursor *out, struct vd_bytes bytes);
/* out: TAIL_CURSOR_MAX_BYTES. Returns the length. */
size_t tail_cursor_write(const struct tail_cursor *cursor, uint8_t *out);

#endif
