/* A shard's owner reduced to counting: a log in a real loop, what it was given back, what it was told. */
#ifndef VEDETTE_TEST_KAFKA_SHARD_RIG_H
#define VEDETTE_TEST_KAFKA_SHARD_RIG_H

#include <vedette/shard_log.h>

#include "embedded.h"

enum {
    SHARD_RIG_PARTITIONS = 2,
    SHARD_RIG_SHARD = 1,
    SHARD_RIG_VALUE_BYTES = 24,
    SHARD_RIG_PATIENCE_MS = 30000
};

struct shard_rig {
    uv_loop_t loop;
    uv_timer_t patience;
    struct vd_kafka_embedded *embedded; /* the rig's own, or another rig's */
    bool embedded_own;
    struct vd_shard_log *log;
    size_t next;     /* number of the next record to send */
    size_t replayed; /* how many came back; each is the one that follows the one before */
    size_t disorder;
    int64_t first_replayed;
    char restored[64]; /* all chunks, one after the other */
    int restore_result;
    size_t opened, committed, failed, closed;
    int64_t end_offset, state_offset; /* the latter -1: no snapshot yet */
    enum vd_shard_log_failure failure;
    char why[VD_KAFKA_ERROR_BYTES], waiting[VD_KAFKA_ERROR_BYTES];
    const char *expected; /* what shard_rig_is_waiting looks for in `waiting`; NULL: anything */
    bool close_in_callback;
    bool late;
};

/* beside: NULL, or the rig whose cluster to use. Opens the log. */
void shard_rig_init(struct shard_rig *rig, struct shard_rig *beside);
void shard_rig_open(struct shard_rig *rig);
void shard_rig_run_until(struct shard_rig *rig, bool (*done)(const struct shard_rig *));
/* Sends the next `count` records to the events topic; the other commits them, too. */
void shard_rig_send(struct shard_rig *rig, size_t count);
void shard_rig_commit(struct shard_rig *rig, size_t count);
/* Commits what was sent, and waits for it. */
void shard_rig_commit_all(struct shard_rig *rig);
/* Closes the log and waits for its end. */
void shard_rig_close(struct shard_rig *rig);
void shard_rig_deinit(struct shard_rig *rig);

bool shard_rig_is_open(const struct shard_rig *rig);
bool shard_rig_has_committed(const struct shard_rig *rig);
bool shard_rig_has_failed(const struct shard_rig *rig);
bool shard_rig_is_closed(const struct shard_rig *rig);
bool shard_rig_is_waiting(const struct shard_rig *rig);

#endif
