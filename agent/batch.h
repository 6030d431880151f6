/* A BATCH, made of what the spool's reader has next: events in order, or one GAP for numbers that will never
 * come, or for an event that the collector would not take. Pure but for the reader; one thread. */
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H

#include <vedette/buffer.h>
#include <vedette/spool.h>

struct batch_limits {
    uint32_t max_events;
    size_t max_bytes; /* a single event may be larger, as far as room goes */
    size_t room;      /* what the credit allows */
    size_t event_max_bytes;
};

struct batch {
    struct vd_buffer payload;
    struct vd_batch_head head;
    uint32_t event_count;
    uint64_t event_bytes; /* as the spool counts them; 0 for a hole */
    bool too_large;       /* a GAP stands for the one event, which was over event_max_bytes */
};

void batch_init(struct batch *b);
void batch_deinit(struct batch *b);
/* From the reader on, which is stepped past what was taken. expected: the number that the collector waits
 * for; inside a hole only what is behind it is told. How many events; 0: there are none, or no room.
 * Negative: VD_ENOMEM. */
int batch_fill(struct batch *b, struct vd_spool_reader *reader, const struct batch_limits *limits,
               uint64_t expected, uint64_t next, int64_t now_ms);

#endif
