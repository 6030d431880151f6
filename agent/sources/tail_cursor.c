/* A tail's cursor as bytes. */
#include "tail_cursor.h"

#include <vedette/error.h>

enum { VERSION = 1, IDENTITY_BYTES = 8, OFFSET_BYTES = 6 };

static void put(uint8_t *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

int tail_cursor_read(struct tail_cursor *out, struct vd_bytes bytes)
{
    out->count = 0;
    if (bytes.len == 0)
        return 0;
    if (bytes.len < 2 || bytes.data[0] != VERSION || bytes.data[1] > TAIL_FILES_MAX ||
        bytes.len != 2 + (size_t)bytes.data[1] * TAIL_CURSOR_ENTRY_BYTES)
        return VD_EMALFORMED;
    out->count = bytes.data[1];
    const uint8_t *at = bytes.data + 2;
    for (uint32_t i = 0; i < out->count; i++, at += TAIL_CURSOR_ENTRY_BYTES) {
        out->places[i].identity = get(at, IDENTITY_BYTES);
        out->places[i].offset = get(at + IDENTITY_BYTES, OFFSET_BYTES);
    }
    return 0;
}

size_t tail_cursor_write(const struct tail_cursor *cursor, uint8_t *out)
{
    uint8_t *at = out;
    *at++ = VERSION;
    *at++ = (uint8_t)cursor->count;
    for (uint32_t i = 0; i < cursor->count; i++, at += TAIL_CURSOR_ENTRY_BYTES) {
        put(at, cursor->places[i].identity, IDENTITY_BYTES);
        put(at + IDENTITY_BYTES, cursor->places[i].offset, OFFSET_BYTES);
    }
    return (size_t)(at - out);
}
