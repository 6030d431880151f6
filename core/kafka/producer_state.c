/* Whether Kafka is there: connecting, up, down, failed.
 *
 * A probe asks for the topics' metadata on a thread of libuv's pool, because librdkafka has no such request
 * that does not block. It runs at the start and whenever all brokers are lost, until it succeeds; in between
 * nothing runs. A lost connection alone is not yet an outage (a broker closes idle ones): DOWN is said when a
 * probe has failed too, and a probe that began before the latest loss does not count. A delivery says UP as
 * well as a probe does.
 *
 * A fatal error of the idempotent producer ends it: FAILED, and everything queued comes back. */
#include "producer.h"

#include <assert.h>
#include <stdio.h>

#include "metadata.h"

enum { PROBE_TIMEOUT_MS = 500, PROBE_AGAIN_MS = 200 };

/* What the producer is sure to need; the others are their readers' concern. */
static const enum vd_topic REQUIRED[] = {VD_TOPIC_EVENTS, VD_TOPIC_DLQ};

static void set_state(struct vd_producer *p, enum vd_producer_state state, const char *why)
{
    if (p->state == VD_PRODUCER_FAILED || (p->state == state && strcmp(p->why, why) == 0))
        return;
    /* Another reason for the same state is news only to somebody who waits for the first connection. */
    bool news = p->state != state || state == VD_PRODUCER_CONNECTING;
    p->state = state;
    snprintf(p->why, sizeof p->why, "%s", why);
    if (news && !p->closing)
        p->callbacks.state(p->arg, state, p->why);
}

/* ---- On the pool's thread */

static void judge(struct vd_producer_probe *probe, const char *prefix, const rd_kafka_metadata_t *metadata)
{
    char name[VD_TOPIC_NAME_BYTES];
    int32_t partitions = 0;
    for (size_t i = 0; i < sizeof REQUIRED / sizeof *REQUIRED; i++) {
        vd_topic_name(REQUIRED[i], prefix, name);
        int32_t found = vd_kafka_topic_partitions(metadata, name, probe->why);
        if (found == 0)
            return;
        if (REQUIRED[i] == VD_TOPIC_EVENTS)
            partitions = found;
    }
    probe->partitions = partitions;
}

static void probe_work(uv_work_t *work)
{
    struct vd_producer *p = work->data;
    struct vd_producer_probe *probe = &p->probe;
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(p->sender.rk, 0, NULL, &metadata, PROBE_TIMEOUT_MS);
    probe->answered = err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!probe->answered) {
        snprintf(probe->why, sizeof probe->why, "%s", vd_kafka_silence(err));
        return;
    }
    judge(probe, p->prefix, metadata);
    rd_kafka_metadata_destroy(metadata);
}

/* ---- On the loop */

static void on_probe_timer(uv_timer_t *timer)
{
    vd_producer_probe_start(timer->data);
}

static void conclude(struct vd_producer *p, const struct vd_producer_probe *probe)
{
    if (probe->partitions > 0) {
        p->partitions = probe->partitions;
        set_state(p, VD_PRODUCER_UP, "");
    } else if (probe->answered || p->state == VD_PRODUCER_CONNECTING) {
        set_state(p, VD_PRODUCER_CONNECTING, probe->why);
    } else {
        set_state(p, VD_PRODUCER_DOWN, probe->why);
    }
}

static void on_probed(uv_work_t *work, int status)
{
    struct vd_producer *p = work->data;
    struct vd_producer_probe *probe = &p->probe;
    (void)status;
    probe->running = false;
    if (!p->closing && p->state != VD_PRODUCER_FAILED) {
        bool stale = probe->outages != p->outages;
        if (!stale)
            conclude(p, probe);
        /* The owner may have closed it in that callback; the timer then serves the purge. */
        if (!p->closing && (stale || p->state != VD_PRODUCER_UP))
            uv_timer_start(&p->timer, on_probe_timer, stale ? 0 : PROBE_AGAIN_MS, 0);
    }
    vd_producer_finish(p);
}

int vd_producer_probe_start(struct vd_producer *p)
{
    struct vd_producer_probe *probe = &p->probe;
    assert(!probe->running);
    *probe = (struct vd_producer_probe){.running = true, .outages = p->outages};
    probe->work.data = p;
    /* Metadata is asked for the topics that the handle knows, which also saves the first records a wait. */
    for (size_t i = 0; i < sizeof REQUIRED / sizeof *REQUIRED; i++)
        vd_sender_topic(&p->sender, REQUIRED[i]);
    return uv_queue_work(p->loop, &probe->work, probe_work, on_probed);
}

static void fail(struct vd_producer *p)
{
    char why[VD_KAFKA_ERROR_BYTES];
    rd_kafka_fatal_error(p->sender.rk, why, sizeof why);
    set_state(p, VD_PRODUCER_FAILED, why);
    vd_producer_purge(p);
}

void vd_producer_event_error(struct vd_producer *p, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    if (p->closing || p->state == VD_PRODUCER_FAILED)
        return;
    if (err == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event)) {
        fail(p);
    } else if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        p->outages++;
        if (!p->probe.running)
            uv_timer_start(&p->timer, on_probe_timer, 0, 0);
    }
    /* Of the others librdkafka has logged each already, and goes on by itself. */
}

void vd_producer_alive(struct vd_producer *p)
{
    if (p->state == VD_PRODUCER_DOWN)
        set_state(p, VD_PRODUCER_UP, "");
}
