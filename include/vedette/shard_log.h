/* The log of one shard: partition s of the events topic and of the state topic, and the one transactional
 * producer that may write them (transactional.id "<prefix>-shard-<s>").
 *
 * Happy path: open → [on the log's thread: fence whoever wrote before, barrier, newest snapshot → `restore`
 * …, events since → `replay` …] → `opened` → send … → commit → `committed` → send … How it fails: whatever
 * goes wrong between begin and commit, a closed socket included even if the commit then says OK, is `failed`,
 * once: nothing sent since the last `committed` may be believed kept or lost, the log takes nothing more, and
 * the owner closes it and opens a new one, which reads back what came of it. Fenced: somebody else is the
 * owner; wait before opening again.
 *
 * Calls and callbacks on the loop's thread, save `restore`, `replay` and `undecided`, on the log's own,
 * between open and `opened`. */
#ifndef VEDETTE_SHARD_LOG_H
#define VEDETTE_SHARD_LOG_H

#include <vedette/consumer.h>

struct vd_shard_log;

enum vd_shard_log_failure {
    VD_SHARD_LOG_TROUBLE, /* open a new one at once */
    VD_SHARD_LOG_FENCED,  /* another owner: wait 2.5 heartbeats, and open only if still assigned */
};

/* Offsets [from, to) of the events partition, which hold records of the owner before and belong to no
 * transaction that Kafka still knows of: it ended, and its marker was never written. */
struct vd_undecided {
    int64_t from, to;
};

struct vd_shard_log_callbacks {
    /* A chunk of the newest snapshot, in order; none is called where there is no snapshot. Not 0: the
     * snapshot is not understood; `failed` follows. */
    int (*restore)(void *arg, struct vd_bytes chunk);
    int (*replay)(void *arg, const struct vd_consumed *event);
    /* Between events: what is undecided is about to be committed, and a record of the owner's own with it,
     * into the events partition: topic, key, value and headers, its views valid until `opened`. What was
     * undecided, and that record, come to `replay` then. Not 0: `failed` follows. */
    int (*undecided)(void *arg, const struct vd_undecided *undecided, struct vd_record *record);
    void (*opened)(void *arg);
    /* All that was sent is in Kafka, once. end_offset: of the events partition, behind its last event. */
    void (*committed)(void *arg, int64_t end_offset);
    /* A snapshot was committed to its last chunk: where its first chunk stands in the state partition. */
    void (*snapshotted)(void *arg, int64_t state_offset);
    /* why: a sentence, valid during the call. */
    void (*failed)(void *arg, enum vd_shard_log_failure failure, const char *why);
    /* While opening or committing: what it waits for ("no broker answers", "topic … does not exist"); NULL:
     * no longer. */
    void (*waiting)(void *arg, const char *why);
};

struct vd_shard_log_options {
    struct vd_kafka_options kafka; /* borrowed until closed */
    const char *prefix;
    const char *group; /* whose committed offset of the state partition says where the newest snapshot is */
    int32_t shard;
    uv_loop_t *loop;
    struct vd_shard_log_callbacks callbacks;
    void *arg;
};

/* error: VD_KAFKA_ERROR_BYTES. */
int vd_shard_log_open(struct vd_shard_log **out, const struct vd_shard_log_options *options, char *error);
/* As vd_producer_send, opaque unused: value is borrowed until `committed` or closed. The first send begins a
 * transaction. Not while a commit is under way (VD_EUNAVAILABLE). partition is the shard's own for events and
 * state; -1 elsewhere. */
int vd_shard_log_send(struct vd_shard_log *log, const struct vd_record *record, const char **why);
/* Commits what was sent, on the log's thread; at least one record was. */
void vd_shard_log_commit(struct vd_shard_log *log);
bool vd_shard_log_committing(const struct vd_shard_log *log);
/* A snapshot of the state as it stood behind all events before events_offset. Its chunks go into the current
 * transaction, each at most 512 KiB and copied, and into the ones that follow, as it suits the owner; it
 * counts once the last is committed, and until then the one before it does. One that had begun is given up.
 * VD_ELIMIT: it has 1 to 4096 chunks. */
enum { VD_SNAPSHOT_CHUNK_MAX_BYTES = 512 * 1024 };
int vd_shard_log_snapshot_begin(struct vd_shard_log *log, int64_t events_offset, uint32_t chunk_count);
/* The next one. 0, VD_ELIMIT, or as send: the chunk may be sent again. */
int vd_shard_log_snapshot_chunk(struct vd_shard_log *log, struct vd_bytes chunk, const char **why);
/* Without a commit: what is open is aborted or left to be fenced. No callback after it but cb, once, never
 * inside. Destroys off the loop. */
void vd_shard_log_close(struct vd_shard_log *log, void (*cb)(void *arg));

#endif
