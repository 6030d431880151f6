/* At-least-once; publisher.h tells its happy path and how it fails. */
#include "publish/publisher.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

enum { RETRY_MS = 1000 };

struct publisher {
    struct publisher_options options;
    struct outlet outlet;
    struct vd_producer *producer;
    uv_timer_t retry;
    void (*on_close)(void *arg);
    bool ready, retry_live, producer_live, closing;
    int32_t partitions;
    char why[VD_KAFKA_ERROR_BYTES];
};

static void set_readiness(struct publisher *p, bool ready, const char *why)
{
    snprintf(p->why, sizeof p->why, "%s", why);
    if (ready == p->ready || p->closing)
        return;
    p->ready = ready;
    p->options.callbacks.readiness(p->options.arg, ready, p->why);
}

static void on_delivered(void *arg, void *opaque, int error, const char *why)
{
    const struct publisher *p = arg;
    if (opaque != NULL)
        p->options.callbacks.delivered(p->options.arg, opaque, 1, error, why);
}

static void finish_close(struct publisher *p)
{
    if (p->retry_live || p->producer_live)
        return;
    void (*cb)(void *) = p->on_close;
    void *arg = p->options.arg;
    vd_free(p);
    cb(arg);
}

static void on_producer_closed(void *arg)
{
    struct publisher *p = arg;
    p->producer_live = false;
    p->producer = NULL;
    if (p->closing)
        finish_close(p);
}

static void on_state(void *arg, enum vd_producer_state state, const char *why)
{
    struct publisher *p = arg;
    switch (state) {
    case VD_PRODUCER_UP:
        /* The number of shards is fixed when the topic is made: another number later would move tenants
         * about. */
        if (p->partitions == 0)
            p->partitions = vd_producer_partitions(p->producer);
        set_readiness(p, true, "Kafka takes events");
        break;
    case VD_PRODUCER_CONNECTING:
    case VD_PRODUCER_DOWN:
        set_readiness(p, false, why);
        break;
    case VD_PRODUCER_FAILED:
        vd_log_error("producer failed for good and is replaced", VD_F_STR("why", why));
        set_readiness(p, false, why);
        vd_producer_close(p->producer, on_producer_closed);
        break;
    }
}

static int make_producer(struct publisher *p, char *error)
{
    struct vd_producer_options options = {.kafka = p->options.kafka,
                                          .prefix = p->options.prefix,
                                          .loop = p->options.loop,
                                          .callbacks = {.delivered = on_delivered, .state = on_state},
                                          .arg = p};
    int rc = vd_producer_new(&p->producer, &options, error);
    p->producer_live = rc == 0;
    return rc;
}

/* Looks every second whether a failed producer has gone and a new one is due. */
static void on_retry(uv_timer_t *timer)
{
    struct publisher *p = timer->data;
    char error[VD_KAFKA_ERROR_BYTES];
    if (!p->producer_live && make_producer(p, error) != 0)
        set_readiness(p, false, error);
}

int publisher_send(struct publisher *p, const struct vd_record *record)
{
    const char *why = "";
    if (p->producer == NULL)
        return VD_EUNAVAILABLE;
    int rc = vd_producer_send(p->producer, record, &why);
    if (rc != 0)
        vd_log_warn("record not taken by the producer", VD_F_ERROR(rc), VD_F_STR("why", why));
    return rc;
}

static int send_record(void *self, const struct outlet_record *r)
{
    char text[OUTLET_TEXT_BYTES];
    struct vd_record record;
    outlet_record_write(&record, r, text);
    return publisher_send(self, &record);
}

static void batch_sent(void *self)
{
    (void)self; /* each record is acknowledged by itself */
}

int publisher_new(struct publisher **out, const struct publisher_options *options, char *error)
{
    struct publisher *p = vd_calloc(1, sizeof *p);
    if (p == NULL)
        return VD_ENOMEM;
    p->options = *options;
    p->outlet = (struct outlet){.send = send_record, .batch_sent = batch_sent, .self = p};
    snprintf(p->why, sizeof p->why, "no broker has answered yet");
    int rc = make_producer(p, error);
    if (rc != 0) {
        vd_free(p);
        return rc;
    }
    uv_timer_init(options->loop, &p->retry);
    p->retry.data = p;
    p->retry_live = true;
    uv_timer_start(&p->retry, on_retry, RETRY_MS, RETRY_MS);
    uv_unref((uv_handle_t *)&p->retry);
    *out = p;
    return 0;
}

int32_t publisher_partitions(const struct publisher *p)
{
    return p->partitions;
}

bool publisher_ready(const struct publisher *p, const char **why)
{
    *why = p->why;
    return p->ready;
}

struct outlet *publisher_outlet(struct publisher *p)
{
    return &p->outlet;
}

static void on_retry_closed(uv_handle_t *handle)
{
    struct publisher *p = handle->data;
    p->retry_live = false;
    finish_close(p);
}

void publisher_close(struct publisher *p, void (*cb)(void *arg))
{
    p->closing = true;
    p->on_close = cb;
    uv_close((uv_handle_t *)&p->retry, on_retry_closed);
    if (p->producer != NULL)
        vd_producer_close(p->producer, on_producer_closed);
}
