/* Protobuf's wire format: a reading cursor with a sticky error, and writers into plain memory. Pure; any
 * thread. https://protobuf.dev/programming-guides/encoding/
 *
 * The short cases are inline: an event has a dozen fields whose tags and lengths are mostly one byte. */
#ifndef VEDETTE_WIRE_H
#define VEDETTE_WIRE_H

#include <vedette/bytes.h>

enum vd_wire_type { VD_WIRE_VARINT = 0, VD_WIRE_FIXED64 = 1, VD_WIRE_BYTES = 2, VD_WIRE_FIXED32 = 5 };

enum { VD_WIRE_VARINT_MAX_BYTES = 10, VD_WIRE_TAG_MAX_BYTES = 5, VD_WIRE_LENGTH_MAX_BYTES = 5 };

struct vd_wire {
    const uint8_t *at, *end;
    bool bad; /* sticky: once true, every read yields nothing */
};

struct vd_wire_field {
    uint32_t number;
    enum vd_wire_type type;
    uint64_t value;        /* of a varint or a fixed one */
    struct vd_bytes bytes; /* of VD_WIRE_BYTES: a view */
};

static inline struct vd_wire vd_wire_of(struct vd_bytes bytes)
{
    return (struct vd_wire){.at = bytes.data, .end = bytes.len == 0 ? bytes.data : bytes.data + bytes.len};
}

/* What follows the varint at `at`; NULL if it is cut off, longer than max_bytes or above 64 bits. */
const uint8_t *vd_wire_varint_long(const uint8_t *at, const uint8_t *end, size_t max_bytes, uint64_t *value);

static inline __attribute__((always_inline)) const uint8_t *
vd_wire_varint(const uint8_t *at, const uint8_t *end, size_t max_bytes, uint64_t *value)
{
    if (at < end && *at < 0x80) {
        *value = *at;
        return at + 1;
    }
    if (end - at >= 2 && at[1] < 0x80 && max_bytes >= 2) {
        *value = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
        return at + 2;
    }
    return vd_wire_varint_long(at, end, max_bytes, value);
}

/* A fixed value, little-endian; NULL if it is cut off. */
const uint8_t *vd_wire_fixed(const uint8_t *at, const uint8_t *end, size_t len, uint64_t *value);

/* The value of a field of the type given, which starts at `at`; what follows it, or NULL. */
static inline __attribute__((always_inline)) const uint8_t *
vd_wire_value(const uint8_t *at, const uint8_t *end, struct vd_wire_field *field)
{
    uint64_t value = 0;
    switch (field->type) {
    case VD_WIRE_VARINT:
        at = vd_wire_varint(at, end, VD_WIRE_VARINT_MAX_BYTES, &value);
        break;
    case VD_WIRE_BYTES:
        at = vd_wire_varint(at, end, VD_WIRE_LENGTH_MAX_BYTES, &value);
        if (at == NULL || value > (uint64_t)(end - at))
            return NULL;
        field->bytes = vd_bytes_of(at, (size_t)value);
        return at + value;
    case VD_WIRE_FIXED64:
        at = vd_wire_fixed(at, end, 8, &value);
        break;
    case VD_WIRE_FIXED32:
        at = vd_wire_fixed(at, end, 4, &value);
        break;
    default:
        return NULL;
    }
    field->value = value;
    return at;
}

/* The next field; false at the end and when malformed (then bad is set). Groups are malformed: proto3 has
 * none. */
static inline __attribute__((always_inline)) bool vd_wire_next(struct vd_wire *w, struct vd_wire_field *field)
{
    uint64_t tag;
    if (w->at == w->end)
        return false;
    const uint8_t *at = vd_wire_varint(w->at, w->end, VD_WIRE_TAG_MAX_BYTES, &tag);
    if (at != NULL && tag >= 8 && tag <= UINT32_MAX) {
        field->number = (uint32_t)(tag >> 3);
        field->type = (enum vd_wire_type)(tag & 7);
        at = vd_wire_value(at, w->end, field);
    } else {
        at = NULL;
    }
    w->bad = at == NULL;
    w->at = w->bad ? w->end : at;
    return !w->bad;
}

/* Writers return the end of what they wrote; the caller has made room: a varint takes at most 10 bytes, a
 * tag 5. */
uint8_t *vd_wire_put_varint_long(uint8_t *at, uint64_t value);
static inline uint8_t *vd_wire_put_varint(uint8_t *at, uint64_t value)
{
    if (value >= 0x80)
        return vd_wire_put_varint_long(at, value);
    *at = (uint8_t)value;
    return at + 1;
}
static inline uint8_t *vd_wire_put_tag(uint8_t *at, uint32_t number, enum vd_wire_type type)
{
    return vd_wire_put_varint(at, (uint64_t)number << 3 | type);
}
uint8_t *vd_wire_put_uint(uint8_t *at, uint32_t number, uint64_t value); /* tag and varint; nothing for 0 */
uint8_t *vd_wire_put_bytes(uint8_t *at, uint32_t number, struct vd_bytes bytes); /* tag, length, bytes */
uint8_t *vd_wire_put_fixed64(uint8_t *at, uint32_t number, uint64_t value);      /* nothing for 0 */
uint8_t *vd_wire_put_double(uint8_t *at, uint32_t number, double value);         /* nothing for 0 */

#endif
