/* From the spool's items to the payload of a BATCH. */
#include "batch.h"

#include <vedette/error.h>
#include <vedette/frame.h>
#include <vedette/gap.h>

enum { GAP_MAX_BYTES = 4096 };

void batch_init(struct batch *b)
{
    *b = (struct batch){0};
    vd_buffer_init(&b->payload, VD_FRAME_BATCH_MAX_BYTES);
}

void batch_deinit(struct batch *b)
{
    vd_buffer_deinit(&b->payload);
}

/* The GAP takes the last of its numbers; all before it are `lost`. */
static int fill_gap(struct batch *b, const struct vd_gap *gap, uint64_t chain, size_t room, uint64_t next)
{
    struct vd_buffer event;
    vd_buffer_init(&event, GAP_MAX_BYTES);
    b->head = (struct vd_batch_head){
        .first_seq = gap->to, .lost = gap->to - gap->from, .chain = chain, .next = next};
    int rc = vd_gap_write(&event, gap);
    if (rc == 0)
        rc = vd_batch_write_head(&b->payload, &b->head);
    if (rc == 0)
        rc = vd_batch_write_event(&b->payload, vd_buffer_bytes(&event));
    vd_buffer_deinit(&event);
    if (rc != 0)
        return rc;
    return vd_buffer_len(&b->payload) <= room ? 1 : 0;
}

static struct vd_gap gap_of_hole(const struct vd_spool_hole *hole, uint64_t expected, int64_t now_ms)
{
    uint64_t from = hole->from > expected ? hole->from : expected;
    return (struct vd_gap){.reason = VD_GAP_SPOOL_DAMAGED,
                           .source = vd_bytes_str("spool"),
                           .detail = vd_bytes_str(hole->why),
                           .count = hole->to - from + 1,
                           .from = from,
                           .to = hole->to,
                           .time_ms = now_ms,
                           .start_ms = now_ms,
                           .end_ms = now_ms};
}

/* Sent as it is it would end the session, each time again, and hold up all that is behind it. */
static struct vd_gap gap_of_large(uint64_t seq, int64_t now_ms)
{
    return (struct vd_gap){.reason = VD_GAP_TOO_LARGE,
                           .source = vd_bytes_str("spool"),
                           .detail = vd_bytes_str("larger than the collector takes (limits.event_max_bytes)"),
                           .count = 1,
                           .from = seq,
                           .to = seq,
                           .time_ms = now_ms,
                           .start_ms = now_ms,
                           .end_ms = now_ms};
}

static bool fits(const struct batch *b, const struct vd_spool_item *item, const struct batch_limits *limits)
{
    size_t bound = b->event_count == 0 || limits->room < limits->max_bytes ? limits->room : limits->max_bytes;
    return vd_buffer_len(&b->payload) + item->event.len + VD_BATCH_EVENT_OVERHEAD_BYTES <= bound;
}

static int fill_events(struct batch *b, struct vd_spool_reader *reader, const struct vd_spool_item *item,
                       const struct batch_limits *limits, uint64_t next)
{
    b->head = (struct vd_batch_head){.first_seq = item->seq, .chain = item->chain, .next = next};
    int rc = vd_batch_write_head(&b->payload, &b->head);
    while (rc == 0 && item != NULL && item->event.len > 0 && b->event_count < limits->max_events &&
           item->event.len <= limits->event_max_bytes && fits(b, item, limits)) {
        rc = vd_batch_write_event(&b->payload, item->event);
        if (rc != 0)
            break;
        b->event_bytes += item->event.len;
        b->event_count++;
        vd_spool_step(reader);
        item = vd_spool_peek(reader);
    }
    /* What is in the batch already can go. */
    return b->event_count > 0 || rc == 0 ? (int)b->event_count : rc;
}

int batch_fill(struct batch *b, struct vd_spool_reader *reader, const struct batch_limits *limits,
               uint64_t expected, uint64_t next, int64_t now_ms)
{
    vd_buffer_clear(&b->payload);
    b->event_bytes = b->event_count = 0;
    b->too_large = false;
    const struct vd_spool_item *item = vd_spool_peek(reader);
    if (item == NULL)
        return 0;
    if (item->event.len > 0 && item->event.len <= limits->event_max_bytes)
        return fill_events(b, reader, item, limits, next);
    b->too_large = item->event.len > 0;
    uint64_t chain = b->too_large ? 0 : item->chain; /* a chain is over what was sent */
    const struct vd_gap gap =
        b->too_large ? gap_of_large(item->seq, now_ms) : gap_of_hole(&item->hole, expected, now_ms);
    int rc = fill_gap(b, &gap, chain, limits->room, next);
    b->event_bytes = item->event.len;
    if (rc > 0)
        vd_spool_step(reader);
    b->event_count = rc > 0 ? 1 : 0;
    return rc;
}
