/* A sliding window of counts: a ring of six buckets in event time, and what it usually holds.
 *
 * The ring covers the newest bucket, as far as it has come, and the five before: 5/6 to all of the window.
 * Learning goes by windows side by side, each from a bucket number divisible by six. Bucket numbers are
 * seconds since 1970 divided by the bucket's length; the newest one is its owner's to know. Pure; one thread
 * at a time. */
#ifndef SCORE_RING_H
#define SCORE_RING_H

#include <stdbool.h>

#include "baseline.h"

enum { RING_BUCKETS = 6 };

struct ring {
    struct baseline usual;
    uint16_t counts[RING_BUCKETS]; /* saturating, at number % RING_BUCKETS */
    uint16_t windows;              /* learnt, saturating */
    uint16_t quiet_limit;          /* a sum up to this is not worth judging */
};

/* Where an event went. */
enum ring_place { RING_NEWEST, RING_LATE, RING_MISSED };

/* From one newest bucket to another. */
struct ring_step {
    uint32_t from, to;
    bool clip; /* what is far over the expected is learnt in part */
};

void ring_begin(struct ring *r, const struct peers *peers);
/* Learns each window that ends in between, and lets go of what falls out. Nothing where to is not after from.
 */
void ring_advance(struct ring *r, struct ring_step step, struct peers *peers);
/* Counts in `bucket`, which is not after the newest; one that the ring no longer has is missed, not counted.
 * sum: what the ring holds then.
 */
enum ring_place ring_add(struct ring *r, uint32_t newest, uint32_t bucket, uint16_t count, uint32_t *sum);
uint32_t ring_sum(const struct ring *r);
struct rate ring_expect(const struct ring *r, const struct peers *peers);

#endif
