/* The producer in a libuv loop: records in, deliveries out, all on the loop's thread.
 *
 * Happy path: vd_producer_send hands a record to librdkafka without copying its value → a broker acknowledges
 * → librdkafka puts delivery reports into its event queue and writes to wake_fd → on_wake hands them on, a
 * slice at a time, so that the loop's other handles get their turn.
 *
 * Failure: nothing times out, so that a broker's absence fails no record; it waits in librdkafka's queue, and
 * send says VD_EFULL where the caller has not stopped before. A fatal error, or close, purges: each record
 * still comes back, with an error. Records that pass between librdkafka's threads can slip through a purge,
 * hence purging repeats until all are back. Only then is the handle destroyed, on a thread of the pool, since
 * that can take a while; the callback of close comes when both uv handles are closed. */
#include "producer.h"

#include <assert.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { SLICE = 4096, PURGE_AGAIN_MS = 100 };

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

static void wake_up(const struct vd_producer *p)
{
    uint64_t one = 1;
    /* It fails only when the counter is full, and then the loop wakes up as well. */
    (void)!write(p->wake_fd, &one, sizeof one);
}

static void deliver(struct vd_producer *p, const rd_kafka_message_t *message)
{
    assert(p->queued > 0);
    p->queued--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        vd_producer_alive(p);
        p->callbacks.delivered(p->arg, message->_private, 0, "");
    } else {
        p->callbacks.delivered(p->arg, message->_private, VD_EKAFKA, rd_kafka_err2str(message->err));
    }
}

/* Hands on up to `most` of the current event; returns how many, at least 1, so that empty events use up a
 * slice too. */
static size_t serve_event(struct vd_producer *p, size_t most)
{
    size_t served = 0;
    const rd_kafka_message_t *message = NULL;
    if (rd_kafka_event_type(p->event) == RD_KAFKA_EVENT_DR) {
        while (served < most && (message = rd_kafka_event_message_next(p->event)) != NULL) {
            deliver(p, message);
            served++;
        }
    } else if (rd_kafka_event_type(p->event) == RD_KAFKA_EVENT_ERROR) {
        vd_producer_event_error(p, p->event);
    }
    if (served < most || message == NULL) {
        rd_kafka_event_destroy(p->event);
        p->event = NULL;
    }
    return served > 0 ? served : 1;
}

static bool next_event(struct vd_producer *p)
{
    if (p->event == NULL)
        p->event = rd_kafka_queue_poll(p->queue, 0);
    return p->event != NULL;
}

static void on_wake(uv_poll_t *handle, int status, int events)
{
    struct vd_producer *p = handle->data;
    uint64_t count;
    (void)status;
    (void)events;
    (void)!read(p->wake_fd, &count, sizeof count);
    size_t left = SLICE;
    while (left > 0 && next_event(p)) {
        size_t served = serve_event(p, left);
        left -= served < left ? served : left;
    }
    if (left == 0)
        wake_up(p);
    vd_producer_finish(p);
}

static void on_purge_timer(uv_timer_t *timer)
{
    struct vd_producer *p = timer->data;
    if (p->queued > 0)
        vd_producer_purge(p);
}

void vd_producer_purge(struct vd_producer *p)
{
    rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    uv_timer_start(&p->timer, on_purge_timer, PURGE_AGAIN_MS, 0);
}

rd_kafka_topic_t *vd_producer_topic(struct vd_producer *p, enum vd_topic topic)
{
    if (p->topics[topic] == NULL) {
        char name[VD_TOPIC_NAME_BYTES];
        vd_topic_name(topic, p->prefix, name);
        p->topics[topic] = rd_kafka_topic_new(p->rk, name, NULL);
    }
    return p->topics[topic];
}

static rd_kafka_headers_t *headers_new(const struct vd_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct vd_record_header *header = &record->headers[i];
        rd_kafka_header_add(headers, header->name, -1, header->value.data, (ssize_t)header->value.len);
    }
    return headers;
}

int vd_producer_send(struct vd_producer *p, const struct vd_record *record, const char **why)
{
    assert(!p->closing && record->header_count <= VD_RECORD_HEADERS_MAX);
    rd_kafka_topic_t *topic = vd_producer_topic(p, record->topic);
    if (topic == NULL) {
        *why = "out of memory";
        return VD_EKAFKA;
    }
    rd_kafka_headers_t *headers = record->header_count > 0 ? headers_new(record) : NULL;
    rd_kafka_resp_err_t err =
        rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(record->partition),
                          RD_KAFKA_V_KEY(record->key.data, record->key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.data, record->value.len),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(record->opaque), RD_KAFKA_V_END);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        p->queued++;
        return 0;
    }
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    *why = rd_kafka_err2str(err);
    return err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? VD_EFULL : VD_EKAFKA;
}

size_t vd_producer_queued(const struct vd_producer *p)
{
    return p->queued;
}

int32_t vd_producer_partitions(const struct vd_producer *p)
{
    return p->partitions;
}

/* ---- Birth and death */

static int open_handle(struct vd_producer *p, const struct vd_kafka_options *options, char *error)
{
    rd_kafka_conf_t *conf = vd_kafka_conf_new(options, PRODUCER, sizeof PRODUCER / sizeof *PRODUCER, error);
    if (conf == NULL)
        return VD_ECONFIG;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    int result = vd_kafka_handle_new(&p->rk, RD_KAFKA_PRODUCER, conf, error);
    if (result < 0)
        return result;
    p->queue = rd_kafka_queue_get_main(p->rk);
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(p->queue, p->wake_fd, &one, sizeof one);
    return 0;
}

static void close_handle(struct vd_producer *p)
{
    if (p->rk == NULL)
        return;
    rd_kafka_event_destroy(p->event);
    for (size_t i = 0; i < VD_TOPIC_COUNT; i++)
        if (p->topics[i] != NULL)
            rd_kafka_topic_destroy(p->topics[i]);
    rd_kafka_queue_io_event_enable(p->queue, -1, NULL, 0);
    rd_kafka_queue_destroy(p->queue);
    rd_kafka_destroy(p->rk);
}

static void producer_free(struct vd_producer *p)
{
    if (p->wake_fd >= 0)
        close(p->wake_fd);
    vd_free(p->prefix);
    vd_free(p);
}

static int producer_open(struct vd_producer *p, const struct vd_producer_options *options, char *error)
{
    p->prefix = vd_strdup(options->prefix);
    if (p->prefix == NULL)
        return VD_ENOMEM;
    p->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->wake_fd < 0)
        return VD_EIO;
    int result = open_handle(p, &options->kafka, error);
    if (result < 0)
        return result;
    return uv_poll_init(p->loop, &p->wake, p->wake_fd) < 0 ? VD_EIO : 0;
}

int vd_producer_new(struct vd_producer **out, const struct vd_producer_options *options, char *error)
{
    *error = '\0';
    struct vd_producer *p = vd_calloc(1, sizeof *p);
    if (p == NULL)
        return VD_ENOMEM;
    p->wake_fd = -1;
    p->loop = options->loop;
    p->callbacks = options->callbacks;
    p->arg = options->arg;
    int result = producer_open(p, options, error);
    if (result < 0) {
        close_handle(p);
        producer_free(p);
        return result;
    }
    p->wake.data = p->timer.data = p;
    uv_timer_init(p->loop, &p->timer);
    uv_poll_start(&p->wake, UV_READABLE, on_wake);
    /* What was queued before wake_fd was known woke nobody, nor would anything behind it. */
    wake_up(p);
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
    struct vd_producer *p = handle->data;
    uv_close((uv_handle_t *)&p->timer, on_timer_closed);
}

static void destroy_work(uv_work_t *work)
{
    close_handle(work->data);
}

static void on_destroyed(uv_work_t *work, int status)
{
    struct vd_producer *p = work->data;
    (void)status;
    uv_close((uv_handle_t *)&p->wake, on_wake_closed);
}

void vd_producer_finish(struct vd_producer *p)
{
    if (!p->closing || p->queued > 0 || p->probe.running || uv_is_closing((uv_handle_t *)&p->wake))
        return;
    uv_timer_stop(&p->timer);
    uv_poll_stop(&p->wake);
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
    wake_up(p);
}
