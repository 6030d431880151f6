/* PING and its answer PONG: one number, there and back. */
#include <vedette/session.h>

#include <assert.h>
#include <vedette/error.h>

#include "session_fields.h"

enum { PING_VALUE = 1, PAYLOAD_MAX_BYTES = 11 };

int vd_ping_read(uint64_t *out, struct vd_bytes payload)
{
    *out = 0;
    struct vd_wire w = vd_wire_of(payload);
    struct vd_wire_field f;
    int rc = 0;
    while (rc == 0 && vd_wire_next(&w, &f))
        if (f.number == PING_VALUE)
            rc = session_uint64_read(out, &f);
    return rc == 0 && w.bad ? VD_EMALFORMED : rc;
}

int vd_ping_write(struct vd_buffer *frame, enum vd_frame_type type, uint64_t value)
{
    assert(type == VD_FRAME_PING || type == VD_FRAME_PONG);
    uint8_t payload[PAYLOAD_MAX_BYTES];
    uint8_t *end = vd_wire_put_uint(payload, PING_VALUE, value);
    return vd_frame_write(frame, type, vd_bytes_of(payload, (size_t)(end - payload)));
}
