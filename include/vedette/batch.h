/* Batch, the one message of a session that carries events: read and written where it lies, without unpacking.
 * Pure; any thread. */
#ifndef VEDETTE_BATCH_H
#define VEDETTE_BATCH_H

#include <vedette/buffer.h>

enum { VD_BATCH_EVENTS_MAX = 8192, VD_EVENT_MAX_BYTES = 256 * 1024 };

/* What a Batch says before its events. */
struct vd_batch_head {
    uint32_t stream;
    uint64_t first_seq;
    uint64_t lost;  /* so many numbers before first_seq never come: events[0], the only one, is the GAP that
                       says so */
    uint64_t chain; /* vd_chain_next over all events of the stream before first_seq; 0: not known */
    uint64_t next;  /* the number that the agent's next event will get: how far behind it is; 0: not told */
};

/* A hash over an event's bytes and the chain before it, never 0: two hosts that continue the same stream have
 * different ones. before: 0 at a stream's beginning. */
uint64_t vd_chain_next(uint64_t before, struct vd_bytes event);

/* Reading a Batch without unpacking: begin checks the whole frame (every length, the number of events, the
 * size of each) and counts; next yields the events as views into payload, in order. */
struct vd_batch {
    struct vd_batch_head head;
    uint32_t event_count; /* 1 to max_events */
    struct vd_bytes rest;
};
struct vd_batch_limits {
    uint32_t max_events, event_max_bytes;
};
int vd_batch_read(struct vd_batch *out, struct vd_bytes payload, const struct vd_batch_limits *limits);
bool vd_batch_next(struct vd_batch *batch, struct vd_bytes *event);

/* Building a Batch payload: head once, then each event. Then vd_frame_write(VD_FRAME_BATCH). */
int vd_batch_write_head(struct vd_buffer *payload, const struct vd_batch_head *head);
int vd_batch_write_event(struct vd_buffer *payload, struct vd_bytes event);
/* What vd_batch_write_event adds at most beyond the event itself. */
enum { VD_BATCH_EVENT_OVERHEAD_BYTES = 6, VD_BATCH_HEAD_BYTES = 48 };

#endif
