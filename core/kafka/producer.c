/* The producer in a libuv loop: records in, deliveries out, all on the loop's thread.
 *
 * Happy path: vd_producer_send hands a record to the sender → its delivery comes back in the loop, in order
 * within a partition.
 *
 * Failure: nothing times out, so that a broker's absence fails no record; it waits in librdkafka's queue, and
 * send says VD_EFULL where the caller has not stopped before. A fatal error, or close, purges: each record
 * still comes back, with an error. Records that pass between librdkafka's threads can slip through a purge,
 * hence purging repeats until all are back. Only then is the handle destroyed, on a thread of the pool, since
 * that can take a while; the callback of close comes when both uv handles are closed. */
#include "producer.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { PURGE_AGAIN_MS = 100 };

/* The queue's limits are a backstop; the collector stops reading long before. */
static const struct vd_kafka_property PRODUCER[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"compression.type", "lz4"},
    {"linger.ms", "20"},
    {"message.timeout.ms", "0"},
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "500000"},
    {"queue.buffering.max.kbytes", "524288"},
};

static void on_delivered(struct vd_sender *sender, const rd_kafka_message_t *message)
{
    struct vd_producer *p = sender->arg;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        vd_producer_alive(p);
        p->callbacks.delivered(p->arg, message->_private, 0, "");
    } else {
        p->callbacks.delivered(p->arg, message->_private, VD_EKAFKA, rd_kafka_err2str(message->err));
    }
}

static void on_error(struct vd_sender *sender, rd_kafka_event_t *event)
{
    vd_producer_event_error(sender->arg, event);
}

static void on_served(struct vd_sender *sender)
{
    vd_producer_finish(sender->arg);
}

static void on_purge_timer(uv_timer_t *timer)
{
    struct vd_producer *p = timer->data;
    if (p->sender.queued > 0)
        vd_producer_purge(p);
}

void vd_producer_purge(struct vd_producer *p)
{
    vd_sender_purge(&p->sender);
    uv_timer_start(&p->timer, on_purge_timer, PURGE_AGAIN_MS, 0);
}

int vd_producer_send(struct vd_producer *p, const struct vd_record *record, const char **why)
{
    assert(!p->closing && record->header_count <= VD_RECORD_HEADERS_MAX);
    return vd_sender_send(&p->sender, record, record->opaque, 0, why);
}

size_t vd_producer_queued(const struct vd_producer *p)
{
    return p->sender.queued;
}

int32_t vd_producer_partitions(const struct vd_producer *p)
{
    return p->partitions;
}

/* ---- Birth and death */

static void producer_free(struct vd_producer *p)
{
    vd_sender_deinit(&p->sender);
    vd_free(p->prefix);
    vd_free(p);
}

static int producer_open(struct vd_producer *p, const struct vd_producer_options *options, char *error)
{
    p->prefix = vd_strdup(options->prefix);
    int result = vd_sender_init(&p->sender, p->prefix);
    if (p->prefix == NULL)
        return VD_ENOMEM;
    if (result < 0)
        return result;
    p->sender.callbacks = (struct vd_sender_callbacks){on_delivered, on_error, on_served};
    p->sender.arg = p;
    rd_kafka_conf_t *conf =
        vd_kafka_conf_new(&options->kafka, PRODUCER, sizeof PRODUCER / sizeof *PRODUCER, error);
    if (conf == NULL)
        return VD_ECONFIG;
    result = vd_sender_open(&p->sender, conf, error);
    return result < 0 ? result : vd_sender_attach(&p->sender, p->loop);
}

int vd_producer_new(struct vd_producer **out, const struct vd_producer_options *options, char *error)
{
    *error = '\0';
    struct vd_producer *p = vd_calloc(1, sizeof *p);
    if (p == NULL)
        return VD_ENOMEM;
    p->loop = options->loop;
    p->callbacks = options->callbacks;
    p->arg = options->arg;
    int result = producer_open(p, options, error);
    if (result < 0) {
        producer_free(p);
        return result;
    }
    p->timer.data = p;
    uv_timer_init(p->loop, &p->timer);
    vd_producer_probe_start(p);
    *out = p;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct vd_producer *p = handle->data;
    void (*cb)(void *) = p->close_cb;
    void *arg = p->arg;
    producer_free(p);
    cb(arg);
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct vd_sender *sender = handle->data;
    struct vd_producer *p = sender->arg;
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

static void destroy_work(uv_work_t *work)
{
    struct vd_producer *p = work->data;
    vd_sender_destroy(&p->sender);
}

static void on_destroyed(uv_work_t *work, int status)
{
    struct vd_producer *p = work->data;
    (void)status;
    uv_close((uv_handle_t *)&p->sender.wake, on_wake_closed);
}

void vd_producer_finish(struct vd_producer *p)
{
    if (!p->closing || p->sender.queued > 0 || p->probe.running ||
        uv_is_closing((uv_handle_t *)&p->sender.wake))
        return;
    uv_timer_stop(&p->timer);
    vd_sender_detach(&p->sender);
    /* The probe's request is free for use: none runs, and none will. */
    p->probe.running = true;
    p->probe.work.data = p;
    uv_queue_work(p->loop, &p->probe.work, destroy_work, on_destroyed);
}

void vd_producer_close(struct vd_producer *p, void (*cb)(void *arg))
{
    assert(!p->closing);
    p->closing = true;
    p->close_cb = cb;
    vd_producer_purge(p);
    vd_sender_wake(&p->sender);
}
