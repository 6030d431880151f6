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

static int write_gap(struct vd_buffer *out, const struct vd_spool_hole *hole, uint64_t from, int64_t now_ms)
{
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_DAMAGED,
                               .source = vd_bytes_str("spool"),
                               .detail = vd_bytes_str(hole->why),
                               .count = hole->to - from + 1,
                               .from = from,
                               .to = hole->to,
                               .time_ms = now_ms,
                               .start_ms = now_ms,
                               .end_ms = now_ms};
    return vd_gap_write(out, &gap);
}

/* The GAP takes the hole's last number; all before it are `lost`. */
static int fill_hole(struct batch *b, const struct vd_spool_item *item, size_t room, uint64_t expected,
                     uint64_t next, int64_t now_ms)
{
    struct vd_buffer gap;
    uint64_t from = item->hole.from > expected ? item->hole.from : expected;
    vd_buffer_init(&gap, GAP_MAX_BYTES);
    b->head = (struct vd_batch_head){
        .first_seq = item->hole.to, .lost = item->hole.to - from, .chain = item->chain, .next = next};
    int rc = write_gap(&gap, &item->hole, from, now_ms);
    if (rc == 0)
        rc = vd_batch_write_head(&b->payload, &b->head);
    if (rc == 0)
        rc = vd_batch_write_event(&b->payload, vd_buffer_bytes(&gap));
    vd_buffer_deinit(&gap);
    if (rc != 0)
        return rc;
    return vd_buffer_len(&b->payload) <= room ? 1 : 0;
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
           fits(b, item, limits)) {
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
    const struct vd_spool_item *item = vd_spool_peek(reader);
    if (item == NULL)
        return 0;
    if (item->event.len > 0)
        return fill_events(b, reader, item, limits, next);
    int rc = fill_hole(b, item, limits->room, expected, next, now_ms);
    if (rc > 0)
        vd_spool_step(reader);
    b->event_count = rc > 0 ? 1 : 0;
    return rc;
}
