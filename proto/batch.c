/* BATCH: events of one stream, read where they lie. */
#include <vedette/session.h>

#include <vedette/error.h>

#include "session_fields.h"

enum { BATCH_STREAM = 1, BATCH_FIRST_SEQ = 2, BATCH_EVENTS = 3 };

static int field_read(struct vd_batch *out, const struct vd_wire_field *field,
                      const struct vd_batch_limits *limits)
{
    switch (field->number) {
    case BATCH_STREAM:
        return session_uint32_read(&out->stream, field);
    case BATCH_FIRST_SEQ:
        return session_uint64_read(&out->first_seq, field);
    case BATCH_EVENTS:
        if (field->type != VD_WIRE_BYTES)
            return VD_EMALFORMED;
        if (field->bytes.len > limits->event_max_bytes || out->event_count == limits->max_events)
            return VD_ELIMIT;
        out->event_count++;
        return 0;
    default:
        return 0;
    }
}

int vd_batch_read(struct vd_batch *out, struct vd_bytes payload, const struct vd_batch_limits *limits)
{
    *out = (struct vd_batch){.rest = payload};
    struct vd_wire w = vd_wire_of(payload);
    struct vd_wire_field f;
    int rc = 0;
    while (rc == 0 && vd_wire_next(&w, &f))
        rc = field_read(out, &f, limits);
    if (rc != 0)
        return rc;
    if (w.bad || out->event_count == 0 || out->stream >= VD_SESSION_STREAMS_MAX)
        return VD_EMALFORMED;
    /* Sequence numbers, that of the next event included, fit Metadata.sequence, which is signed. */
    return out->first_seq == 0 || out->first_seq > (uint64_t)INT64_MAX - out->event_count ? VD_EMALFORMED : 0;
}

bool vd_batch_next(struct vd_batch *batch, struct vd_bytes *event)
{
    struct vd_wire w = vd_wire_of(batch->rest);
    struct vd_wire_field f;
    bool found = false;
    while (!found && vd_wire_next(&w, &f))
        found = f.number == BATCH_EVENTS && f.type == VD_WIRE_BYTES;
    batch->rest = vd_bytes_of(w.at, (size_t)(w.end - w.at));
    if (found)
        *event = f.bytes;
    return found;
}

int vd_batch_write_head(struct vd_buffer *payload, uint32_t stream, uint64_t first_seq)
{
    uint8_t head[VD_BATCH_HEAD_BYTES];
    uint8_t *end = vd_wire_put_uint(head, BATCH_STREAM, stream);
    end = vd_wire_put_uint(end, BATCH_FIRST_SEQ, first_seq);
    return vd_buffer_append(payload, head, (size_t)(end - head));
}

int vd_batch_write_event(struct vd_buffer *payload, struct vd_bytes event)
{
    uint8_t *where;
    int rc = vd_buffer_reserve(payload, event.len + VD_BATCH_EVENT_OVERHEAD_BYTES, &where);
    if (rc != 0)
        return rc;
    uint8_t *end = vd_wire_put_bytes(where, BATCH_EVENTS, event);
    vd_buffer_commit(payload, (size_t)(end - where));
    return 0;
}
