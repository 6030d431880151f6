/* The snapshot that a shard log is writing, over several transactions. Private to shard_log*.c. */
#ifndef VEDETTE_KAFKA_SHARD_LOG_SNAPSHOT_H
#define VEDETTE_KAFKA_SHARD_LOG_SNAPSHOT_H

#include "snapshot_chunk.h"

struct vd_shard_log_snapshot {
    struct vd_snapshot_chunk next; /* .index .count: all are sent */
    bool begun;
    int64_t state_offset; /* of its first chunk; -1: not delivered yet */
};

/* A transaction was committed. The offset of a snapshot's first chunk if that made it whole, else -1. */
int64_t vd_shard_log_snapshot_committed(struct vd_shard_log *log);

#endif
