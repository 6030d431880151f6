/* The way of a batch's events through its shard, in order: checked, scored, extended by the collector's
 * fields, and handed to the outlet. A few wait between check and score, until the memory that their scores
 * are read from is near. With them go the shard's own: who has gone quiet by then, and the findings.
 *
 * How it fails: an event that may not pass goes to the dead letter topic, if there are not too many of its
 * stream, and a GAP takes its number. An error means that some were not handed over: the stream has taken
 * those before. One thread. */
#ifndef COLLECTOR_PASSAGE_H
#define COLLECTOR_PASSAGE_H

#include <vedette/event_splice.h>

#include "batch.h"
#include "notice.h"
#include "score.h"

/* Between check and score. */
struct passage_event {
    struct vd_bytes bytes;
    uint64_t seq, chain; /* the chain after it */
    struct vd_event_view view;
    struct score_prepared prepared;
};

enum { PASSAGE_WAITING_MAX = 8 };

struct passage {
    struct batch *batch;
    const struct shard_options *options; /* the shard's, as is what follows */
    struct score *score;
    struct vd_buffer *notice;     /* an event of our own, while it is made */
    struct outlet_record record;  /* what is the same in all of the batch's */
    struct score_origin origin;   /* likewise */
    struct vd_splice_frame frame; /* likewise */
    struct shard_time now;
    uint64_t lost; /* numbers before the batch's one event, a GAP that is to tell of them */
    uint32_t waiting_count;
    struct passage_event waiting[PASSAGE_WAITING_MAX]; /* as they came */
};

enum { PASSAGE_NOTICE_MAX_BYTES = 8192 };

/* What stands above record is set, and lost. */
void passage_begin(struct passage *p, struct shard_time now);
/* The stream has taken the event when it is handed over: by passage_end at the latest, until when its bytes
 * stay. */
int passage_event(struct passage *p, struct vd_bytes event, uint64_t seq, uint64_t chain);
int passage_end(struct passage *p);
/* Tells that the batch's stream is forked; nothing waits. */
int passage_fork(struct passage *p, const struct notice_fork *fork);

#endif
