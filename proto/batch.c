/* BATCH: events of one stream, read where they lie. */
#include <vedette/batch.h>

#include <vedette/error.h>
#include <vedette/hash.h>

#include "session_fields.h"

enum {
    BATCH_STREAM = 1,
    BATCH_FIRST_SEQ = 2,
    BATCH_EVENTS = 3,
    BATCH_LOST = 4,
    BATCH_CHAIN = 5,
    BATCH_NEXT = 6
};

static int field_read(struct vd_batch *out, const struct vd_wire_field *field,
                      const struct vd_batch_limits *limits)
{
    switch (field->number) {
    case BATCH_STREAM:
        return session_uint32_read(&out->head.stream, field);
    case BATCH_FIRST_SEQ:
        return session_uint64_read(&out->head.first_seq, field);
    case BATCH_LOST:
        return session_uint64_read(&out->head.lost, field);
    case BATCH_CHAIN:
        if (field->type != VD_WIRE_FIXED64)
            return VD_EMALFORMED;
        out->head.chain = field->value;
        return 0;
    case BATCH_NEXT:
        return session_uint64_read(&out->head.next, field);
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
    if (w.bad || out->event_count == 0 || out->head.stream >= VD_SESSION_STREAMS_MAX)
        return VD_EMALFORMED;
    /* What is lost lies before the GAP that says so, and that comes alone. */
    if (out->head.lost > 0 && (out->event_count > 1 || out->head.lost >= out->head.first_seq))
        return VD_EMALFORMED;
    /* Sequence numbers, that of the next event included, fit Metadata.sequence, which is signed. */
    if (out->head.first_seq == 0 || out->head.first_seq > (uint64_t)INT64_MAX - out->event_count)
        return VD_EMALFORMED;
    bool possible = out->head.next >= out->head.first_seq + out->event_count && out->head.next <= INT64_MAX;
    return out->head.next == 0 || possible ? 0 : VD_EMALFORMED;
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

int vd_batch_write_head(struct vd_buffer *payload, const struct vd_batch_head *head)
{
    uint8_t bytes[VD_BATCH_HEAD_BYTES];
    uint8_t *end = vd_wire_put_uint(bytes, BATCH_STREAM, head->stream);
    end = vd_wire_put_uint(end, BATCH_FIRST_SEQ, head->first_seq);
    end = vd_wire_put_uint(end, BATCH_LOST, head->lost);
    end = vd_wire_put_fixed64(end, BATCH_CHAIN, head->chain);
    end = vd_wire_put_uint(end, BATCH_NEXT, head->next);
    return vd_buffer_append(payload, bytes, (size_t)(end - bytes));
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

uint64_t vd_chain_next(uint64_t before, struct vd_bytes event)
{
    uint64_t chain = vd_hash64(event, before);
    return chain != 0 ? chain : 1;
}
