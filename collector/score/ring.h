/* A sliding window of counts: a ring of six buckets in event time, with the sum kept, and what it usually
 * holds.
 *
 * The ring covers the newest bucket, as far as it has come, and the five before: 5/6 to all of the window.
 * Learning goes by windows side by side, each from a bucket number divisible by six. Bucket numbers are
 * seconds since 1970 divided by the bucket's length. Pure; one thread at a time. */
#ifndef SCORE_RING_H
#define SCORE_RING_H

#include <stdbool.h>

#include "baseline.h"

enum { RING_BUCKETS = 6 };

struct ring {
    struct baseline usual;
    uint32_t head; /* number of the newest bucket */
    uint32_t sum;
    uint16_t counts[RING_BUCKETS]; /* saturating, at number % RING_BUCKETS */
    uint16_t windows;              /* learnt, saturating */
    uint16_t quiet_limit;          /* a sum up to this is not worth judging */
};

/* Where an event went. */
enum ring_place { RING_NEWEST, RING_LATE, RING_MISSED };

/* What closing a window takes besides the ring. */
struct ring_lesson {
    struct peers *peers; /* learn too */
    uint32_t birth; /* the entity's first bucket: the window it falls in is not whole, and teaches nothing */
    bool clip;      /* what is far over the expected is learnt in part */
};

void ring_begin(struct ring *r, uint32_t bucket, const struct peers *peers);
/* Goes on to `bucket`, learning each window that ends before it; a bucket before the newest changes nothing.
 */
void ring_advance(struct ring *r, uint32_t bucket, const struct ring_lesson *lesson);
/* Counts in `bucket`, which is not after the newest; one that the ring no longer has is missed, not counted.
 */
enum ring_place ring_add(struct ring *r, uint32_t bucket, uint16_t count);
struct rate ring_expect(const struct ring *r, const struct peers *peers);

#endif
