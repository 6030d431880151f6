/* A shard log's inside, shared by its files: shard_log.c and shard_log_snapshot.c (the loop's side),
 * shard_log_thread.c (its thread: commits), shard_log_fence.c, shard_log_barrier.c and shard_log_recover.c
 * (the thread while it opens).
 *
 * The sender belongs to the thread until `opened` is posted, then to the loop; only commits and its end are
 * the thread's throughout. What crosses goes through `lock`. */
#ifndef VEDETTE_KAFKA_SHARD_LOG_INSIDE_H
#define VEDETTE_KAFKA_SHARD_LOG_INSIDE_H

#include <stdatomic.h>
#include <vedette/shard_log.h>

#include "sender.h"
#include "shard_log_snapshot.h"

enum {
    VD_SHARD_LOG_SLICE_MS = 250,     /* how long the thread may be deaf to close */
    VD_SHARD_LOG_PATIENCE_MS = 2000, /* then `waiting` says why */
    VD_SHARD_LOG_HANGING_MS = 20000, /* then a commit has failed */
    VD_SHARD_LOG_AGAIN_MS = 200,     /* between two tries of what Kafka refused */
    VD_SHARD_LOG_NONCE_BYTES = 33,   /* hex, terminated */
    VD_SHARD_LOG_ID_BYTES = 160,     /* a transactional id */
    VD_SHARD_LOG_SERVE_MOST = 1024,  /* events of the handle in a turn */
};

/* Why something did not work. */
struct vd_shard_log_trouble {
    enum vd_shard_log_failure failure;
    char why[VD_KAFKA_ERROR_BYTES];
};

/* What the thread has to tell the loop. */
struct vd_shard_log_news {
    bool waiting, opened, committed, failed, ended; /* what is new */
    char waiting_why[VD_KAFKA_ERROR_BYTES];         /* empty: no longer */
    struct vd_shard_log_trouble trouble;
};

enum vd_shard_log_state {
    VD_SHARD_LOG_OPENING,
    VD_SHARD_LOG_READY,
    VD_SHARD_LOG_COMMITTING,
    VD_SHARD_LOG_OVER
};

struct vd_shard_log {
    struct vd_shard_log_options options; /* prefix and group are the log's own copies */
    struct vd_sender sender;
    atomic_uint closes; /* sockets that librdkafka closed */
    atomic_bool stop;
    int64_t end_offset; /* of the events partition; crosses as the sender does */

    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t changed;
    bool commit_wanted;     /* under lock, as the next two */
    unsigned closes_before; /* of the transaction to commit */
    struct vd_shard_log_news news;
    uv_async_t tell;

    struct { /* the thread's, while it opens */
        char nonce[VD_SHARD_LOG_NONCE_BYTES];
        size_t awaited;            /* records sent, and not yet told to be delivered */
        rd_kafka_resp_err_t error; /* of the first of them that was not */
        bool deciding;             /* deaf to close: what is given up now, the next owner aborts */
    } opening;
    char said[VD_KAFKA_ERROR_BYTES]; /* the thread's: what `waiting` was told last; empty: nothing */

    struct { /* the loop's */
        enum vd_shard_log_state state;
        bool attached, closing;
        size_t sent;
        unsigned closes_before; /* `closes` before the transaction's first record */
        bool doubt;             /* a delivery or the handle failed: whatever the commit says */
        bool refused;           /* a delivery failed */
        struct vd_shard_log_trouble trouble;
        struct vd_shard_log_snapshot snapshot;
        void (*close_cb)(void *arg);
    } loop;
};

/* shard_log.c: as vd_shard_log_send, with the sender's flags. */
int vd_shard_log_put(struct vd_shard_log *log, const struct vd_record *record, void *opaque, int flags,
                     const char **why);

/* shard_log_thread.c */
void vd_shard_log_thread(void *log);
/* `waiting`, if that is news; empty: no longer. */
void vd_shard_log_say(struct vd_shard_log *log, const char *why);
/* Waits so long, or until close; returns whether it was the latter. */
bool vd_shard_log_pause(struct vd_shard_log *log, int ms);
bool vd_shard_log_stopped(const struct vd_shard_log *log);
/* 0; VD_ECLOSED: the log is being closed; VD_EKAFKA with *trouble. */
int vd_shard_log_commit_open(struct vd_shard_log *log, unsigned closes_before,
                             struct vd_shard_log_trouble *trouble);
/* "<what>: <text>", and whether that is fencing. VD_EKAFKA. Destroys error. */
int vd_shard_log_trouble(struct vd_shard_log *log, const char *what, rd_kafka_error_t *error,
                         struct vd_shard_log_trouble *trouble);
/* The same of a code alone: a delivery's, or a failed handle's. */
bool vd_shard_log_fenced(const struct vd_shard_log *log, rd_kafka_resp_err_t err);

/* shard_log_fence.c: a new handle in the sender. VD_ECONFIG and others with a sentence in error. */
int vd_shard_log_handle(struct vd_shard_log *log, char *error);
/* Makes this log the only writer, and commits the barrier. Goes on until it has, or is closed, or somebody
 * fences it in turn. Returns as commit_open. */
int vd_shard_log_fence(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble);

/* shard_log_barrier.c: once; VD_EKAFKA where the handle is of no more use. Returns as commit_open. */
int vd_shard_log_barrier(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble);
/* Commits what a broker left undecided in the events partition, and the owner's record of it. As above. */
int vd_shard_log_decide(struct vd_shard_log *log, const struct vd_undecided *undecided,
                        struct vd_shard_log_trouble *trouble);

/* shard_log_recover.c: newest snapshot → restore, events since → replay. Returns as commit_open. */
int vd_shard_log_recover(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble);

#endif
