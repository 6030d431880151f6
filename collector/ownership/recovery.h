/* The state of a shard, read back from its log: the newest snapshot, then every event since, of which the
 * marks take what they say of streams, and the scorer scores again what was scored. Marks are never refused
 * because windows are: those then begin empty. For the log's own thread; nothing of it is shared. */
#ifndef COLLECTOR_RECOVERY_H
#define COLLECTOR_RECOVERY_H

#include "score/state.h"
#include "streams.h"

#include <vedette/consumer.h>

struct recovery {
    struct streams streams;
    struct score_options score_options;
    struct score *score; /* NULL: marks alone */
    struct score_restore windows;
    const char *windows_lost; /* why they begin empty; NULL: they do not */
    uint64_t ahead;           /* scored events that the windows have taken in already */
    uint64_t marks, events;   /* read back */
    uint64_t scored;          /* again, of the events */
    uint64_t ignored;         /* events that carry no stream: not a collector's */
};

/* score: NULL for marks alone. VD_ENOMEM. */
int recovery_init(struct recovery *r, size_t streams_max, const struct score_options *score);
void recovery_deinit(struct recovery *r); /* idempotent */
/* VD_EMALFORMED, VD_EUNSUPPORTED, VD_ENOMEM. */
int recovery_restore(struct recovery *r, struct vd_bytes chunk);
/* 0 or VD_ENOMEM. */
int recovery_replay(struct recovery *r, const struct vd_consumed *event);
/* After the last of both, in any thread: likewise. */
int recovery_end(struct recovery *r);

#endif
