/* ACK: marks that moved, and the credit. */
#include <vedette/session.h>

#include <vedette/error.h>

#include "session_fields.h"

enum { ACK_MARKS = 1, ACK_CREDIT_LIMIT_BYTES = 2 };
enum { PAYLOAD_MAX_BYTES = VD_SESSION_STREAMS_MAX * SESSION_MARK_MAX_BYTES + 11 };

static int field_read(void *out, const struct vd_wire_field *field)
{
    struct vd_ack *ack = out;
    switch (field->number) {
    case ACK_MARKS:
        return session_mark_read(ack->marks, &ack->mark_count, field);
    case ACK_CREDIT_LIMIT_BYTES:
        return session_uint64_read(&ack->credit_limit_bytes, field);
    default:
        return 0;
    }
}

int vd_ack_read(struct vd_ack *out, struct vd_bytes payload)
{
    *out = (struct vd_ack){0};
    return session_fields_read(payload, field_read, out);
}

int vd_ack_write(struct vd_buffer *frame, const struct vd_ack *ack)
{
    uint8_t payload[PAYLOAD_MAX_BYTES];
    uint8_t *end = session_marks_put(payload, ACK_MARKS, ack->marks, ack->mark_count);
    end = vd_wire_put_uint(end, ACK_CREDIT_LIMIT_BYTES, ack->credit_limit_bytes);
    return vd_frame_write(frame, VD_FRAME_ACK, vd_bytes_of(payload, (size_t)(end - payload)));
}
