/* Following a small compacted topic of one partition, in a libuv loop.
 *
 * Happy path: a thread of the pool asks for the topic's metadata, which saves the reader a timer → the
 * partition is read from offset 0 on, without a group → librdkafka writes to wake_fd → on_wake hands the
 * records on, a slice at a time → at the partition's first end `caught_up` is told.
 *
 * How it fails: while no broker answers, or the topic is not there, the metadata is asked for again and
 * again; why is logged, once a reason. Later outages pass in silence: librdkafka goes on where it was. The
 * handle is destroyed on a thread of the pool. */
#include <vedette/membership.h>

#include <assert.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "conf.h"
#include "metadata.h"
#include "wake.h"

enum { SLICE = 1024, PROBE_TIMEOUT_MS = 500, PROBE_AGAIN_MS = 200 };

static const struct vd_kafka_property FOLLOWER[] = {
    {"auto.offset.reset", "earliest"}, {"isolation.level", "read_committed"}, {"enable.auto.commit", "false"},
    {"enable.partition.eof", "true"},  {"fetch.error.backoff.ms", "50"},
};

struct vd_follower {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    struct vd_follower_options options;
    int wake_fd; /* librdkafka writes to it when its queue is no longer empty */
    uv_poll_t wake;
    uv_timer_t again; /* the next probe */
    uv_work_t work;   /* a probe, or the destruction */
    bool working, following, caught_up, closing;
    bool answer; /* the probe's: the topic may be read */
    char why[VD_KAFKA_ERROR_BYTES], told[VD_KAFKA_ERROR_BYTES];
    void (*close_cb)(void *arg);
};

static void finish(struct vd_follower *f);
static void probe(struct vd_follower *f);

/* ---- Records */

static void hand_on(struct vd_follower *f, const rd_kafka_message_t *message)
{
    const struct vd_follower_options *to = &f->options;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        to->record(to->arg, vd_bytes_of(message->key, message->key_len),
                   vd_bytes_of(message->payload, message->len));
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !f->caught_up) {
        f->caught_up = true;
        to->caught_up(to->arg);
    }
    /* Of the others librdkafka has logged each already, and goes on by itself. */
}

static void on_wake(uv_poll_t *handle, int status, int events)
{
    struct vd_follower *f = handle->data;
    (void)status;
    (void)events;
    vd_wake_seen(f->wake_fd);
    for (int left = SLICE; left > 0 && !f->closing; left--) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(f->queue, 0);
        if (message == NULL)
            return;
        hand_on(f, message);
        rd_kafka_message_destroy(message);
    }
    vd_wake(f->wake_fd);
}

/* ---- Finding the topic */

static void probe_work(uv_work_t *work)
{
    struct vd_follower *f = work->data;
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(f->rk, 0, f->topic, &metadata, PROBE_TIMEOUT_MS);
    f->answer = false;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(f->why, sizeof f->why, "%s", vd_kafka_silence(err));
        return;
    }
    f->answer = vd_kafka_topic_partitions(metadata, rd_kafka_topic_name(f->topic), f->why) > 0;
    rd_kafka_metadata_destroy(metadata);
}

static void on_again(uv_timer_t *timer)
{
    probe(timer->data);
}

static void complain(struct vd_follower *f)
{
    if (strcmp(f->told, f->why) == 0)
        return;
    memcpy(f->told, f->why, sizeof f->told);
    vd_log_warn("topic cannot be followed yet", VD_F_STR("topic", rd_kafka_topic_name(f->topic)),
                VD_F_STR("why", f->why));
}

static void on_probed(uv_work_t *work, int status)
{
    struct vd_follower *f = work->data;
    (void)status;
    f->working = false;
    if (f->closing) {
        finish(f);
    } else if (f->answer && rd_kafka_consume_start_queue(f->topic, 0, 0, f->queue) == 0) {
        f->following = true;
    } else {
        if (f->answer)
            snprintf(f->why, sizeof f->why, "%s", rd_kafka_err2str(rd_kafka_last_error()));
        complain(f);
        uv_timer_start(&f->again, on_again, PROBE_AGAIN_MS, 0);
    }
}

static void probe(struct vd_follower *f)
{
    assert(!f->working);
    f->working = true;
    f->work.data = f;
    uv_queue_work(f->options.loop, &f->work, probe_work, on_probed);
}

/* ---- Birth and death */

static void close_handle(struct vd_follower *f)
{
    if (f->rk == NULL)
        return;
    if (f->following)
        rd_kafka_consume_stop(f->topic, 0);
    if (f->topic != NULL)
        rd_kafka_topic_destroy(f->topic);
    vd_wake_on(f->queue, -1);
    rd_kafka_queue_destroy(f->queue);
    rd_kafka_destroy(f->rk);
}

static void follower_free(struct vd_follower *f)
{
    if (f->wake_fd >= 0)
        close(f->wake_fd);
    vd_free(f);
}

static int open_handle(struct vd_follower *f, char *error)
{
    char name[VD_TOPIC_NAME_BYTES];
    rd_kafka_conf_t *conf =
        vd_kafka_conf_new(&f->options.kafka, FOLLOWER, sizeof FOLLOWER / sizeof *FOLLOWER, error);
    if (conf == NULL)
        return VD_ECONFIG;
    int result = vd_kafka_handle_new(&f->rk, RD_KAFKA_CONSUMER, conf, error);
    if (result < 0)
        return result;
    f->queue = rd_kafka_queue_new(f->rk);
    vd_wake_on(f->queue, f->wake_fd);
    vd_topic_name(f->options.topic, f->options.prefix, name);
    f->topic = rd_kafka_topic_new(f->rk, name, NULL);
    return f->topic == NULL ? vd_kafka_error(error, name, rd_kafka_last_error()) : 0;
}

static int follower_open(struct vd_follower *f, char *error)
{
    f->wake_fd = vd_wake_fd_new();
    if (f->wake_fd < 0)
        return VD_EIO;
    int result = open_handle(f, error);
    if (result < 0)
        return result;
    return uv_poll_init(f->options.loop, &f->wake, f->wake_fd) < 0 ? VD_EIO : 0;
}

int vd_follower_new(struct vd_follower **out, const struct vd_follower_options *options, char *error)
{
    *error = '\0';
    struct vd_follower *f = vd_calloc(1, sizeof *f);
    if (f == NULL)
        return VD_ENOMEM;
    f->options = *options;
    f->wake_fd = -1;
    int result = follower_open(f, error);
    if (result < 0) {
        close_handle(f);
        follower_free(f);
        return result;
    }
    f->wake.data = f->again.data = f;
    uv_timer_init(f->options.loop, &f->again);
    uv_poll_start(&f->wake, UV_READABLE, on_wake);
    probe(f);
    *out = f;
    return 0;
}

static void on_again_closed(uv_handle_t *handle)
{
    struct vd_follower *f = handle->data;
    void (*cb)(void *) = f->close_cb;
    void *arg = f->options.arg;
    follower_free(f);
    cb(arg);
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct vd_follower *f = handle->data;
    uv_close((uv_handle_t *)&f->again, on_again_closed);
}

static void destroy_work(uv_work_t *work)
{
    close_handle(work->data);
}

static void on_destroyed(uv_work_t *work, int status)
{
    struct vd_follower *f = work->data;
    (void)status;
    uv_close((uv_handle_t *)&f->wake, on_wake_closed);
}

static void finish(struct vd_follower *f)
{
    f->working = true;
    f->work.data = f;
    uv_queue_work(f->options.loop, &f->work, destroy_work, on_destroyed);
}

void vd_follower_close(struct vd_follower *f, void (*cb)(void *arg))
{
    assert(!f->closing);
    f->closing = true;
    f->close_cb = cb;
    uv_timer_stop(&f->again);
    uv_poll_stop(&f->wake);
    /* A probe ends in half a second, and finishes it then. */
    if (!f->working)
        finish(f);
}
