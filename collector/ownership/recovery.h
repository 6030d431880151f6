/* The state of a shard, read back from its log: the newest snapshot, then every event since, of which the
 * marks take what they say of streams, and the scorer scores again what was scored. Marks are never refused
 * because windows are: those then begin empty. For the log's own thread; nothing of it is shared. */
#ifndef COLLECTOR_RECOVERY_H
#define COLLECTOR_RECOVERY_H

#include "publish/outlet.h"
#include "score/state.h"
#include "streams.h"

#include <vedette/shard_log.h>

struct recovery {
    struct streams streams;
    struct score_options score_options;
    struct score *score; /* NULL: marks alone */
    struct score_restore windows;
    const char *windows_lost; /* why they begin empty; NULL: they do not */
    uint64_t ahead;           /* scored events that the windows have taken in already */
    uint64_t marks, events;   /* read back */
    uint64_t scored;          /* again, of the events */
    uint64_t ignored;         /* events of no stream */
    struct {                  /* where a broker forgot how a transaction ended */
        struct vd_undecided offsets;
        struct vd_buffer event; /* TAKEOVER */
        char text[OUTLET_TEXT_BYTES];
    } takeover;
};

/* score: NULL for marks alone. VD_ENOMEM. */
int recovery_init(struct recovery *r, size_t streams_max, const struct score_options *score);
void recovery_deinit(struct recovery *r); /* idempotent */
/* VD_EMALFORMED, VD_EUNSUPPORTED, VD_ENOMEM. */
int recovery_restore(struct recovery *r, struct vd_bytes chunk);
/* 0 or VD_ENOMEM. */
int recovery_replay(struct recovery *r, const struct vd_consumed *event);
/* The event that tells of what is undecided, as a record with views of r. VD_ENOMEM. */
int recovery_undecided(struct recovery *r, int32_t shard, const struct vd_undecided *undecided,
                       struct vd_record *record);
/* After the last of both, in any thread: likewise. */
int recovery_end(struct recovery *r);

#endif
