/* The thread of a membership: it polls librdkafka's consumer, and what that calls runs here.
 *
 * What has happened becomes a notice for the loop. The ring of notices is small: a loop that stands still
 * holds up the group's changes, and nothing else. */
#include <vedette/clock.h>
#include <vedette/log.h>

#include <stdio.h>

#include "membership_inside.h"
#include "metadata.h"

enum { POLL_MS = 1000, RELEASE_MS = 5000, KEEP_MS = 1000 };

static bool stopping(struct vd_membership *m)
{
    uv_mutex_lock(&m->lock);
    bool stop = m->stop;
    uv_mutex_unlock(&m->lock);
    return stop;
}

static void post(struct vd_membership *m, enum vd_membership_news news, int32_t partition, const char *why)
{
    uv_mutex_lock(&m->lock);
    while (m->count == VD_MEMBERSHIP_NOTICES && !m->stop)
        uv_cond_wait(&m->changed, &m->lock);
    if (!m->stop) {
        struct vd_membership_notice *notice = &m->notices[(m->first + m->count++) % VD_MEMBERSHIP_NOTICES];
        notice->news = news;
        notice->partition = partition;
        snprintf(notice->why, sizeof notice->why, "%s", why);
    }
    uv_mutex_unlock(&m->lock);
    uv_async_send(&m->wake);
}

/* Tells a reason once, and only to who is waiting to be a member: a member's outage ends in a lost session,
 * or passes unnoticed. */
static void say(struct vd_membership *m, const char *why)
{
    if (m->member || strcmp(m->said, why) == 0)
        return;
    snprintf(m->said, sizeof m->said, "%s", why);
    post(m, VD_MEMBERSHIP_WAITING, -1, m->said);
}

static void set_member(struct vd_membership *m, bool member)
{
    m->member = false;
    if (member)
        say(m, "");
    m->member = member;
}

/* A static member inherits what was last assigned to its name, of whatever topic. */
static bool is_ours(const struct vd_membership *m, const rd_kafka_topic_partition_t *at)
{
    return strcmp(at->topic, m->topic) == 0;
}

static void post_each(struct vd_membership *m, enum vd_membership_news news,
                      const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (is_ours(m, &list->elems[i]))
            post(m, news, list->elems[i].partition, "");
}

static void check(rd_kafka_error_t *error, const char *what)
{
    if (error == NULL)
        return;
    vd_log_warn("group of collectors", VD_F_STR("what", what), VD_F_STR("why", rd_kafka_error_string(error)));
    rd_kafka_error_destroy(error);
}

static void take(struct vd_membership *m, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = RD_KAFKA_OFFSET_END;
    check(rd_kafka_incremental_assign(m->rk, list), "assign");
    rd_kafka_pause_partitions(m->rk, list);
    m->was_assigned = true;
    set_member(m, true);
    post_each(m, VD_MEMBERSHIP_ASSIGNED, list);
}

static void leaving_begin(struct vd_membership *m, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *leaving = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        if (is_ours(m, &list->elems[i]))
            rd_kafka_topic_partition_list_add(leaving, m->topic, list->elems[i].partition);
    uv_mutex_lock(&m->lock);
    m->leaving = leaving;
    uv_mutex_unlock(&m->lock);
}

static void leaving_wait(struct vd_membership *m)
{
    int64_t deadline_ms = vd_clock_monotonic_ms() + RELEASE_MS;
    uv_mutex_lock(&m->lock);
    for (int64_t left_ms = RELEASE_MS; m->leaving->cnt > 0 && !m->stop && left_ms > 0;
         left_ms = deadline_ms - vd_clock_monotonic_ms())
        uv_cond_timedwait(&m->changed, &m->lock, (uint64_t)left_ms * 1000000);
    int late = m->stop ? 0 : m->leaving->cnt;
    rd_kafka_topic_partition_list_destroy(m->leaving);
    m->leaving = NULL;
    uv_mutex_unlock(&m->lock);
    if (late > 0)
        vd_log_warn("partitions given back before their shards were done", VD_F_INT("count", late));
}

static void give_back(struct vd_membership *m, rd_kafka_topic_partition_list_t *list)
{
    if (rd_kafka_assignment_lost(m->rk)) {
        set_member(m, false);
        post_each(m, VD_MEMBERSHIP_LOST, list);
    } else {
        leaving_begin(m, list);
        post_each(m, VD_MEMBERSHIP_REVOKED, list);
        leaving_wait(m);
    }
    check(rd_kafka_incremental_unassign(m->rk, list), "unassign");
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    (void)rk;
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        take(opaque, list);
    else
        give_back(opaque, list);
}

static void on_trouble(struct vd_membership *m, rd_kafka_resp_err_t err, const char *why)
{
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        say(m, vd_kafka_silence(RD_KAFKA_RESP_ERR__TRANSPORT));
    else if (err != RD_KAFKA_RESP_ERR__TRANSPORT && err != RD_KAFKA_RESP_ERR__RESOLVE)
        say(m, why);
}

static void on_error(rd_kafka_t *rk, int err, const char *why, void *opaque)
{
    (void)rk;
    if (err != RD_KAFKA_RESP_ERR__FATAL)
        on_trouble(opaque, (rd_kafka_resp_err_t)err, why);
}

void vd_membership_kept(struct vd_membership *m, rd_kafka_resp_err_t err)
{
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        vd_log_warn("a snapshot's place was not kept: recovery will read more than it needs to",
                    VD_F_STR("why", rd_kafka_err2str(err)));
    uv_mutex_lock(&m->lock);
    m->keeps--;
    uv_mutex_unlock(&m->lock);
}

static void on_committed(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    (void)rk;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR && list != NULL && list->cnt > 0)
        err = list->elems[0].err;
    vd_membership_kept(opaque, err);
}

void vd_membership_set_callbacks(rd_kafka_conf_t *conf, struct vd_membership *m)
{
    rd_kafka_conf_set_opaque(conf, m);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_offset_commit_cb(conf, on_committed);
}

/* ---- The thread itself */

static void poll_once(struct vd_membership *m, int timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(m->rk, timeout_ms);
    if (message == NULL)
        return;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__FATAL)
        on_trouble(m, message->err, rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
}

static bool expelled(struct vd_membership *m)
{
    char why[VD_KAFKA_ERROR_BYTES];
    if (rd_kafka_fatal_error(m->rk, why, sizeof why) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    post(m, VD_MEMBERSHIP_EXPELLED, -1, why);
    return true;
}

static void wait_for_stop(struct vd_membership *m)
{
    uv_mutex_lock(&m->lock);
    while (!m->stop)
        uv_cond_wait(&m->changed, &m->lock);
    uv_mutex_unlock(&m->lock);
}

static bool keeping(struct vd_membership *m)
{
    uv_mutex_lock(&m->lock);
    bool some = m->keeps > 0;
    uv_mutex_unlock(&m->lock);
    return some;
}

/* Destroying a member that has joined, but was never told of an assignment, fails an assertion in librdkafka
 * before 2.3 (its issue 4312). */
static bool destroyable(rd_kafka_t *rk)
{
    enum { MENDED = 0x02030000 };
    if (rd_kafka_version() >= MENDED)
        return true;
    /* Once it has no subscription it drops an answer that comes late, so that this stays as it is. */
    rd_kafka_unsubscribe(rk);
    char *id = rd_kafka_memberid(rk);
    bool joined = id != NULL && id[0] != '\0';
    if (id != NULL)
        rd_kafka_mem_free(rk, id);
    return !joined;
}

/* Without the consumer's own close, which may wait for a broker that is away; a static member would not leave
 * by it either. Even so it takes seconds in the midst of joining, and more with a commit that finds no
 * coordinator. What cannot be destroyed idles to the end of the process. */
void vd_membership_destroy(rd_kafka_t *rk, rd_kafka_queue_t *queue, bool was_assigned)
{
    rd_kafka_queue_destroy(queue);
    if (was_assigned || destroyable(rk))
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void *vd_membership_run(void *arg)
{
    struct vd_membership *m = arg;
    while (!stopping(m)) {
        poll_once(m, POLL_MS);
        if (expelled(m))
            wait_for_stop(m);
    }
    int64_t deadline_ms = vd_clock_monotonic_ms() + KEEP_MS;
    while (keeping(m) && vd_clock_monotonic_ms() < deadline_ms)
        poll_once(m, KEEP_MS / 10);
    rd_kafka_t *rk = m->rk;
    rd_kafka_queue_t *queue = m->queue;
    bool was_assigned = m->was_assigned;
    uv_mutex_lock(&m->lock);
    m->ended = true;
    /* Within the lock: without it the loop may free m before the call returns. */
    uv_async_send(&m->wake);
    uv_mutex_unlock(&m->lock);
    vd_membership_destroy(rk, queue, was_assigned);
    return NULL;
}
