/* The way of a batch's events through its shard, one by one: checked, scored, extended by the collector's
 * fields, and handed to the outlet.
 *
 * How it fails: an event that may not pass goes to the dead letter topic, if there are not too many of its
 * stream, and a GAP takes its number. An error means that the event was not handed over. One thread. */
#ifndef COLLECTOR_PASSAGE_H
#define COLLECTOR_PASSAGE_H

#include "batch.h"
#include "notice.h"
#include "score.h"

struct passage {
    struct batch *batch;
    const struct shard_options *options; /* the shard's, as is what follows */
    struct score *score;
    struct vd_buffer *notice;    /* an event of our own, while it is made */
    struct outlet_record record; /* what is the same in all of the batch's */
    struct score_origin origin;  /* likewise */
    struct shard_time now;
    uint64_t lost; /* numbers before the batch's one event, a GAP that is to tell of them */
};

enum { PASSAGE_NOTICE_MAX_BYTES = 8192 };

/* All but record is set. */
void passage_begin(struct passage *p);
int passage_event(struct passage *p, struct vd_bytes event, uint64_t seq);
/* Tells that the batch's stream is forked. */
int passage_fork(struct passage *p, const struct notice_fork *fork);

#endif
