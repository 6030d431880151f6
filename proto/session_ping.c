/* PING and its answer PONG: one number, there and back. */
#include <vedette/session.h>

#include <assert.h>
#include <vedette/error.h>

#include "session_fields.h"

enum { PING_VALUE = 1, PAYLOAD_MAX_BYTES = 11 };

static int field_read(void *out, const struct vd_wire_field *field)
{
    return field->number == PING_VALUE ? session_uint64_read(out, field) : 0;
}

int vd_ping_read(uint64_t *out, struct vd_bytes payload)
{
    *out = 0;
    return session_fields_read(payload, field_read, out);
}

int vd_ping_write(struct vd_buffer *frame, enum vd_frame_type type, uint64_t value)
{
    assert(type == VD_FRAME_PING || type == VD_FRAME_PONG);
    uint8_t payload[PAYLOAD_MAX_BYTES];
    uint8_t *end = vd_wire_put_uint(payload, PING_VALUE, value);
    return vd_frame_write(frame, type, vd_bytes_of(payload, (size_t)(end - payload)));
}
