/* A membership's inside, shared by its two files: membership.c (the loop's side, birth and death) and
 * membership_thread.c (the thread that polls). */
#ifndef VEDETTE_KAFKA_MEMBERSHIP_INSIDE_H
#define VEDETTE_KAFKA_MEMBERSHIP_INSIDE_H

#include <stdatomic.h>
#include <vedette/membership.h>

#include "conf.h"

enum { VD_MEMBERSHIP_NOTICES = 16 };

enum vd_membership_news {
    VD_MEMBERSHIP_ASSIGNED,
    VD_MEMBERSHIP_REVOKED,
    VD_MEMBERSHIP_LOST,
    VD_MEMBERSHIP_EXPELLED,
    VD_MEMBERSHIP_WAITING,
};
struct vd_membership_notice {
    enum vd_membership_news news;
    int32_t partition;
    char why[VD_KAFKA_ERROR_BYTES];
};

struct vd_membership {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* what the thread polls, to wake it up by */
    char topic[VD_TOPIC_NAME_BYTES];
    uv_loop_t *loop;
    struct vd_membership_callbacks callbacks;
    void *arg;
    uv_async_t wake; /* the loop */
    uv_mutex_t lock;
    uv_cond_t changed; /* only the thread waits for it */
    /* Under the lock; a ring, which the thread waits to have room. */
    struct vd_membership_notice notices[VD_MEMBERSHIP_NOTICES];
    size_t first, count;
    rd_kafka_topic_partition_list_t *leaving; /* not released yet; NULL: no revocation under way */
    unsigned keeps;                           /* commits without an answer */
    bool stop, ended;
    /* The thread's own; others read `member`. */
    atomic_bool member;
    bool was_assigned; /* at least once, be it nothing */
    char said[VD_KAFKA_ERROR_BYTES];
    /* The loop's own. */
    bool closing;
    void (*close_cb)(void *arg);
};

/* membership_thread.c: what librdkafka calls, on the thread, and the thread itself. */
void vd_membership_set_callbacks(rd_kafka_conf_t *conf, struct vd_membership *m);
void *vd_membership_run(void *m);
/* membership_thread.c: a commit has failed at once, or was answered. Any thread. */
void vd_membership_kept(struct vd_membership *m, rd_kafka_resp_err_t err);
/* membership_thread.c: frees the handle, of which nobody makes use any more; may take its time. */
void vd_membership_destroy(rd_kafka_t *rk, rd_kafka_queue_t *queue, bool was_assigned);

#endif
