/* Membership in the group of collectors: a consumer that never fetches, polled by a thread of its own.
 *
 * Happy path: the thread polls → librdkafka calls on_rebalance there → what is assigned is paused, and told
 * as a notice → on_wake, on the loop, hands the notices on. A revocation blocks the thread (heartbeats go on)
 * until the owner has released each partition, and only then are they given back to the group.
 *
 * How it fails: with no broker, no topic or no rights librdkafka goes on trying, and `waiting` says why. A
 * session that ended has lost its partitions already, so nobody is waited for. Another process under this
 * name makes librdkafka's handle fatally dead: `expelled`, and the thread only waits to be closed. The owner
 * may close at any moment: the thread ends whatever it waits for, says so, and destroys the handle. */
#include <vedette/membership.h>

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "membership_inside.h"

enum { POLL_INTERVAL_MIN_MS = 30000 };

static void membership_free(struct vd_membership *m)
{
    uv_cond_destroy(&m->changed);
    uv_mutex_destroy(&m->lock);
    vd_free(m);
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct vd_membership *m = handle->data;
    void (*cb)(void *) = m->close_cb;
    void *arg = m->arg;
    membership_free(m);
    if (cb != NULL)
        cb(arg);
}

static void hand_on(struct vd_membership *m, const struct vd_membership_notice *notice)
{
    const struct vd_membership_callbacks *to = &m->callbacks;
    switch (notice->news) {
    case VD_MEMBERSHIP_ASSIGNED:
        to->assigned(m->arg, notice->partition);
        break;
    case VD_MEMBERSHIP_REVOKED:
    case VD_MEMBERSHIP_LOST:
        to->revoked(m->arg, notice->partition, notice->news == VD_MEMBERSHIP_LOST);
        break;
    case VD_MEMBERSHIP_EXPELLED:
        to->expelled(m->arg, notice->why);
        break;
    case VD_MEMBERSHIP_WAITING:
        if (to->waiting != NULL)
            to->waiting(m->arg, notice->why[0] == '\0' ? NULL : notice->why);
        break;
    }
}

static bool next_notice(struct vd_membership *m, struct vd_membership_notice *out)
{
    uv_mutex_lock(&m->lock);
    bool some = m->count > 0;
    if (some) {
        *out = m->notices[m->first];
        m->first = (m->first + 1) % VD_MEMBERSHIP_NOTICES;
        m->count--;
        uv_cond_signal(&m->changed);
    }
    uv_mutex_unlock(&m->lock);
    return some;
}

static void on_wake(uv_async_t *handle)
{
    struct vd_membership *m = handle->data;
    struct vd_membership_notice notice;
    while (!m->closing && next_notice(m, &notice))
        hand_on(m, &notice);
    uv_mutex_lock(&m->lock);
    bool ended = m->ended;
    uv_mutex_unlock(&m->lock);
    if (ended && !uv_is_closing((uv_handle_t *)handle))
        uv_close((uv_handle_t *)handle, on_wake_closed);
}

void vd_membership_released(struct vd_membership *m, int32_t partition)
{
    uv_mutex_lock(&m->lock);
    if (m->leaving != NULL)
        rd_kafka_topic_partition_list_del(m->leaving, m->topic, partition);
    uv_cond_signal(&m->changed);
    uv_mutex_unlock(&m->lock);
}

void vd_membership_keep(struct vd_membership *m, int32_t partition, int64_t offset)
{
    assert(!m->closing);
    /* librdkafka would hold on to the commit of a stranger until it is told of a coordinator. */
    if (!atomic_load(&m->member))
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, m->topic, partition)->offset = offset;
    uv_mutex_lock(&m->lock);
    m->keeps++;
    uv_mutex_unlock(&m->lock);
    rd_kafka_resp_err_t err = rd_kafka_commit(m->rk, list, true);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        vd_membership_kept(m, err);
    rd_kafka_topic_partition_list_destroy(list);
}

void vd_membership_close(struct vd_membership *m, void (*cb)(void *arg))
{
    assert(!m->closing);
    m->closing = true;
    m->close_cb = cb;
    uv_mutex_lock(&m->lock);
    m->stop = true;
    uv_cond_signal(&m->changed);
    rd_kafka_queue_yield(m->queue);
    uv_mutex_unlock(&m->lock);
}

/* ---- Birth */

/* What a shard's place in the log is committed as, and by whom, is not left to librdkafka. */
static const struct vd_kafka_property MEMBER[] = {
    {"partition.assignment.strategy", "cooperative-sticky"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "latest"},
};
enum { MEMBER_COUNT = sizeof MEMBER / sizeof *MEMBER, ALL_COUNT = MEMBER_COUNT + 5 };

static rd_kafka_conf_t *conf_new(struct vd_membership *m, const struct vd_membership_options *options,
                                 char *error)
{
    char session[16], heartbeat[16], interval[16];
    uint32_t interval_ms = options->session_timeout_ms;
    if (interval_ms < POLL_INTERVAL_MIN_MS)
        interval_ms = POLL_INTERVAL_MIN_MS;
    snprintf(session, sizeof session, "%" PRIu32, options->session_timeout_ms);
    snprintf(heartbeat, sizeof heartbeat, "%" PRIu32, options->heartbeat_ms);
    snprintf(interval, sizeof interval, "%" PRIu32, interval_ms);
    struct vd_kafka_property all[ALL_COUNT] = {
        {"group.id", options->group},       {"group.instance.id", options->name},
        {"session.timeout.ms", session},    {"heartbeat.interval.ms", heartbeat},
        {"max.poll.interval.ms", interval},
    };
    memcpy(&all[ALL_COUNT - MEMBER_COUNT], MEMBER, sizeof MEMBER);
    rd_kafka_conf_t *conf = vd_kafka_conf_new(&options->kafka, all, ALL_COUNT, error);
    if (conf == NULL)
        return NULL;
    vd_membership_set_callbacks(conf, m);
    return conf;
}

static int join(struct vd_membership *m, const struct vd_membership_options *options, char *error)
{
    rd_kafka_conf_t *conf = conf_new(m, options, error);
    if (conf == NULL)
        return VD_ECONFIG;
    int result = vd_kafka_handle_new(&m->rk, RD_KAFKA_CONSUMER, conf, error);
    if (result < 0)
        return result;
    rd_kafka_poll_set_consumer(m->rk);
    m->queue = rd_kafka_queue_get_consumer(m->rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, m->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(m->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    vd_membership_destroy(m->rk, m->queue, false);
    return vd_kafka_error(error, m->topic, err);
}

/* The thread is detached: it has told its end before it destroys the handle. */
static int thread_start(struct vd_membership *m)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&thread, &attributes, vd_membership_run, m);
    pthread_attr_destroy(&attributes);
    return error == 0 ? 0 : VD_ENOMEM;
}

/* Once `wake` is in the loop only the loop can give the memory back. */
static int start(struct vd_membership *m)
{
    uv_async_init(m->loop, &m->wake, on_wake);
    m->wake.data = m;
    int result = thread_start(m);
    if (result < 0) {
        vd_membership_destroy(m->rk, m->queue, false);
        uv_close((uv_handle_t *)&m->wake, on_wake_closed);
    }
    return result;
}

int vd_membership_new(struct vd_membership **out, const struct vd_membership_options *options, char *error)
{
    *error = '\0';
    struct vd_membership *m = vd_calloc(1, sizeof *m);
    if (m == NULL)
        return VD_ENOMEM;
    m->loop = options->loop;
    m->callbacks = options->callbacks;
    m->arg = options->arg;
    vd_topic_name(VD_TOPIC_STATE, options->prefix, m->topic);
    uv_mutex_init(&m->lock);
    uv_cond_init(&m->changed);
    int result = join(m, options, error);
    if (result < 0) {
        membership_free(m);
        return result;
    }
    result = start(m);
    if (result == 0)
        *out = m;
    return result;
}
