/* Records into librdkafka without copying their values, and its events out of it in a libuv loop.
 *
 * Happy path: vd_sender_send → a broker acknowledges → librdkafka puts delivery reports into its event queue
 * and writes to wake_fd → on_wake hands them on, a slice at a time, so that the loop's other handles get
 * their turn. Failure: events of errors go to the owner, who alone knows what they mean to it. */
#include "sender.h"

#include <unistd.h>
#include <vedette/error.h>

#include "wake.h"

enum { SLICE = 4096 };

int vd_sender_init(struct vd_sender *s, const char *prefix)
{
    *s = (struct vd_sender){.prefix = prefix};
    s->wake_fd = vd_wake_fd_new();
    return s->wake_fd < 0 ? VD_EIO : 0;
}

void vd_sender_deinit(struct vd_sender *s)
{
    vd_sender_destroy(s);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    s->wake_fd = -1;
}

int vd_sender_open(struct vd_sender *s, rd_kafka_conf_t *conf, char *error)
{
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    int result = vd_kafka_handle_new(&s->rk, RD_KAFKA_PRODUCER, conf, error);
    if (result == 0)
        s->queue = rd_kafka_queue_get_main(s->rk);
    return result;
}

void vd_sender_destroy(struct vd_sender *s)
{
    if (s->rk == NULL)
        return;
    rd_kafka_event_destroy(s->event);
    for (size_t i = 0; i < VD_TOPIC_COUNT; i++)
        if (s->topics[i] != NULL)
            rd_kafka_topic_destroy(s->topics[i]);
    vd_wake_on(s->queue, -1);
    rd_kafka_queue_destroy(s->queue);
    rd_kafka_destroy(s->rk);
    s->rk = NULL;
    s->queue = NULL;
    s->event = NULL;
    memset(s->topics, 0, sizeof s->topics);
    s->queued = 0;
}

/* ---- Events */

/* Hands on up to `most` of the current event; returns how many, at least 1, so that empty events use up a
 * slice too. */
static size_t serve_event(struct vd_sender *s, size_t most)
{
    size_t served = 0;
    const rd_kafka_message_t *message = NULL;
    if (rd_kafka_event_type(s->event) == RD_KAFKA_EVENT_DR) {
        while (served < most && (message = rd_kafka_event_message_next(s->event)) != NULL) {
            s->queued--;
            s->callbacks.delivered(s, message);
            served++;
        }
    } else if (rd_kafka_event_type(s->event) == RD_KAFKA_EVENT_ERROR) {
        s->callbacks.error(s, s->event);
    }
    if (served < most || message == NULL) {
        rd_kafka_event_destroy(s->event);
        s->event = NULL;
    }
    return served > 0 ? served : 1;
}

bool vd_sender_serve(struct vd_sender *s, size_t most, int timeout_ms)
{
    while (most > 0) {
        if (s->event == NULL)
            s->event = rd_kafka_queue_poll(s->queue, timeout_ms);
        if (s->event == NULL)
            return false;
        size_t served = serve_event(s, most);
        most -= served < most ? served : most;
        timeout_ms = 0;
    }
    return true;
}

void vd_sender_wake(const struct vd_sender *s)
{
    vd_wake(s->wake_fd);
}

static void on_wake(uv_poll_t *handle, int status, int events)
{
    struct vd_sender *s = handle->data;
    (void)status;
    (void)events;
    vd_wake_seen(s->wake_fd);
    if (vd_sender_serve(s, SLICE, 0))
        vd_sender_wake(s);
    s->callbacks.served(s);
}

int vd_sender_attach(struct vd_sender *s, uv_loop_t *loop)
{
    if (uv_poll_init(loop, &s->wake, s->wake_fd) < 0)
        return VD_EIO;
    s->wake.data = s;
    vd_wake_on(s->queue, s->wake_fd);
    uv_poll_start(&s->wake, UV_READABLE, on_wake);
    /* What was queued before wake_fd was known woke nobody, nor would anything behind it. */
    vd_sender_wake(s);
    return 0;
}

void vd_sender_detach(struct vd_sender *s)
{
    uv_poll_stop(&s->wake);
}

/* ---- Records */

rd_kafka_topic_t *vd_sender_topic(struct vd_sender *s, enum vd_topic topic)
{
    if (s->topics[topic] == NULL) {
        char name[VD_TOPIC_NAME_BYTES];
        vd_topic_name(topic, s->prefix, name);
        s->topics[topic] = rd_kafka_topic_new(s->rk, name, NULL);
    }
    return s->topics[topic];
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

int vd_sender_send(struct vd_sender *s, const struct vd_record *record, void *opaque, int flags,
                   const char **why)
{
    rd_kafka_topic_t *topic = vd_sender_topic(s, record->topic);
    if (topic == NULL) {
        *why = "out of memory";
        return VD_EKAFKA;
    }
    rd_kafka_headers_t *headers = record->header_count > 0 ? headers_new(record) : NULL;
    rd_kafka_resp_err_t err =
        rd_kafka_producev(s->rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(record->partition),
                          RD_KAFKA_V_MSGFLAGS(flags), RD_KAFKA_V_KEY(record->key.data, record->key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.data, record->value.len),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(record->time_ms),
                          RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        s->queued++;
        return 0;
    }
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    *why = rd_kafka_err2str(err);
    return err == RD_KAFKA_RESP_ERR__QUEUE_FULL ? VD_EFULL : VD_EKAFKA;
}

void vd_sender_purge(struct vd_sender *s)
{
    rd_kafka_purge(s->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}
