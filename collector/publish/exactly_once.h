/* Exactly-once: the outlet of one shard over the transactions of its log.
 *
 * Happy path: begin (a log that is open) → records → [old or full enough] commit → `delivered`, a run for
 * each batch, → `committed` → … → finish → `finished` → stop → end. While a commit is under way records wait
 * in a queue, and go into the next transaction; all of a batch goes into one. How it fails: nobody knows what
 * became of an open transaction, so whoever learns that the log has failed calls end, which gives everything
 * back with an error; a record that waited and that the log will never take is `broken`, with the same duty.
 * One loop. */
#ifndef COLLECTOR_EXACTLY_ONCE_H
#define COLLECTOR_EXACTLY_ONCE_H

#include "flow.h"
#include "publish/commit_when.h"
#include "publish/outlet.h"

#include <vedette/shard_log.h>

struct exactly_once_callbacks {
    outlet_delivered *delivered;
    /* All is delivered that lies before end_offset, and nothing is sent behind it yet. */
    void (*committed)(void *arg, int64_t end_offset, uint64_t took_ms);
    /* What had waited is in the next transaction, and nothing waits any more: the moment for a snapshot. May
     * be left out. scored: events of the transaction that the windows have taken in. */
    void (*settled)(void *arg, uint64_t scored);
    void (*finished)(void *arg); /* nothing is left to commit */
    void (*broken)(void *arg, const char *why);
};

struct exactly_once_options {
    uv_loop_t *loop;
    const struct commit_when *when; /* borrowed */
    const struct flow *flow;        /* while it is stopped a transaction waits for nothing */
    struct exactly_once_callbacks callbacks;
    void *arg;
};

struct exactly_once_run {
    void *opaque;
    uint32_t count;
};

struct exactly_once {
    struct outlet outlet;
    struct exactly_once_options options;
    struct vd_shard_log *log;      /* NULL: nothing is taken */
    struct exactly_once_run *runs; /* of this transaction, in order */
    size_t run_count, run_cap;
    struct outlet_record *waiting; /* for the next one */
    size_t waiting_count, waiting_cap;
    struct commit_load load;
    uint64_t scored;                    /* events of this transaction */
    uint64_t begun_ms, commit_begun_ms; /* loop time; begun_ms of the oldest record not being committed */
    uv_timer_t timer;
    bool finishing;
    bool own_records; /* the transaction holds some that are no agent's */
    bool telling;     /* inside `committed` or `settled` */
    void (*on_close)(void *arg);
};

void exactly_once_init(struct exactly_once *e, const struct exactly_once_options *options);
/* After end. cb once, never inside. */
void exactly_once_close(struct exactly_once *e, void (*cb)(void *arg));

void exactly_once_begin(struct exactly_once *e, struct vd_shard_log *log);
/* Takes and commits nothing more; the log is the caller's again. */
void exactly_once_stop(struct exactly_once *e);
/* Once the log is closed, and no longer borrows any record: gives back what was not committed. */
void exactly_once_end(struct exactly_once *e, const char *why);
/* Whether all that was taken is committed. */
bool exactly_once_idle(const struct exactly_once *e);
/* The log's `committed` belongs here. */
void exactly_once_committed(struct exactly_once *e, int64_t end_offset);
/* A record of the shard's own was sent into the log, past the outlet: it has to be committed. */
void exactly_once_sent_own(struct exactly_once *e);
/* Ends the transaction now, if it holds anything. */
void exactly_once_hurry(struct exactly_once *e);
/* Takes no more, commits what was taken; then `finished`, perhaps from inside. */
void exactly_once_finish(struct exactly_once *e);

#endif
