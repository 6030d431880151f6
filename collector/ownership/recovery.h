/* The state of a shard, read back from its log: the newest snapshot, then every event since. For the log's
 * own thread; nothing of it is shared. */
#ifndef COLLECTOR_RECOVERY_H
#define COLLECTOR_RECOVERY_H

#include "streams.h"

#include <vedette/consumer.h>

struct recovery {
    struct streams streams;
    uint64_t marks, events; /* read back */
    uint64_t ignored;       /* events that carry no stream: not a collector's */
};

int recovery_init(struct recovery *r, size_t streams_max);
void recovery_deinit(struct recovery *r); /* idempotent */
/* VD_EMALFORMED, VD_EUNSUPPORTED, VD_ENOMEM. */
int recovery_restore(struct recovery *r, struct vd_bytes chunk);
/* 0 or VD_ENOMEM. */
int recovery_replay(struct recovery *r, const struct vd_consumed *event);

#endif
