/* A simulated agent. Happy path: connect → WELCOME → batches as far as rate and credit allow ⇄ ACKs → close.
 * How it fails: a link that goes down is opened again a little later, and everything after the mark is sent
 * again. */
#include "load_agent.h"

#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>

enum { CONNECT_TIMEOUT_MS = 10000, RETRY_MS = 500 };

static void connect_now(struct load_agent *a);

static void on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}

static uint32_t fill(struct load_agent *a, const struct vd_batch_head *head, size_t room)
{
    const struct load_run *run = a->run;
    uint8_t event[LOAD_EVENT_MAX_BYTES + 16];
    int64_t now_ms = vd_clock_real_ms();
    uint32_t count = 0;
    vd_buffer_clear(&a->payload);
    vd_batch_write_head(&a->payload, head);
    while (count < run->batch_events && head->first_seq + count <= a->allowed) {
        size_t len = load_event(run->events, head->first_seq + count, now_ms, event);
        if (vd_buffer_len(&a->payload) + len + VD_BATCH_EVENT_OVERHEAD_BYTES > room)
            break;
        vd_batch_write_event(&a->payload, vd_bytes_of(event, len));
        count++;
    }
    return count;
}

void load_agent_send(struct load_agent *a)
{
    struct load_run *run = a->run;
    while (a->link_live && a->link.is_up && a->batch_count < LOAD_BATCHES_UNDER_WAY) {
        struct vd_batch_head head = {.first_seq = a->link.client.next[0]};
        size_t room = vd_link_room(&a->link);
        uint32_t count = room > 0 && head.first_seq <= a->allowed ? fill(a, &head, room) : 0;
        if (count == 0 || vd_link_send(&a->link, &head, vd_buffer_bytes(&a->payload), count) != 0)
            return;
        size_t at = (a->batch_first + a->batch_count++) % LOAD_BATCHES_UNDER_WAY;
        a->batches[at].last_seq = a->sent = head.first_seq + count - 1;
        a->batches[at].events = count;
        a->batches[at].sent_ns = vd_clock_monotonic_ns();
        run->sent += count;
        run->bytes_sent += vd_buffer_len(&a->payload);
    }
}

static void take_mark(struct load_agent *a, uint64_t mark)
{
    int64_t now = vd_clock_monotonic_ns();
    while (a->batch_count > 0 && a->batches[a->batch_first].last_seq <= mark) {
        latency_add(&a->run->latency, now - a->batches[a->batch_first].sent_ns,
                    a->batches[a->batch_first].events);
        a->batch_first = (a->batch_first + 1) % LOAD_BATCHES_UNDER_WAY;
        a->batch_count--;
    }
    if (mark > a->mark) {
        a->run->acknowledged += mark - a->mark;
        a->mark = mark;
    }
}

static void on_up(struct vd_link *l)
{
    struct load_agent *a = l->options.owner;
    a->run->connected++;
    a->batch_count = 0;
    take_mark(a, l->client.marks[0]);
    load_agent_send(a);
}

static void on_acked(struct vd_link *l, const struct vd_ack *ack)
{
    struct load_agent *a = l->options.owner;
    (void)ack;
    take_mark(a, l->client.marks[0]);
    load_agent_send(a);
}

static void on_drained(struct vd_link *l)
{
    load_agent_send(l->options.owner);
}

static void finish_close(struct load_agent *a)
{
    if (a->link_live || a->retry_live)
        return;
    vd_buffer_deinit(&a->payload);
    a->on_close(a);
}

static void on_link_closed(struct vd_link *l)
{
    struct load_agent *a = l->options.owner;
    a->link_live = false;
    if (a->closing)
        finish_close(a);
    else
        uv_timer_start(&a->retry, on_retry, RETRY_MS / 2 + vd_random_below(&a->random, RETRY_MS), 0);
}

static void on_down(struct vd_link *l, const struct vd_link_end *end)
{
    struct load_agent *a = l->options.owner;
    if (a->run->connected > 0 && l->client.state != VD_CLIENT_NEW && l->client.welcome.version != 0)
        a->run->connected--;
    a->run->disconnects++;
    snprintf(a->run->last_failure, sizeof a->run->last_failure, "%s", end->why);
    vd_link_close(l, 0, on_link_closed);
}

static const struct vd_link_callbacks LINK_CALLBACKS = {
    .up = on_up, .acked = on_acked, .drained = on_drained, .down = on_down};

static void connect_now(struct load_agent *a)
{
    struct vd_link_options options = {.net = a->run->net,
                                      .tls = a->tls,
                                      .callbacks = &LINK_CALLBACKS,
                                      .owner = a,
                                      .address = a->run->address,
                                      .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                      .heartbeat_ms = a->run->heartbeat_ms};
    struct vd_hello *hello = &options.hello;
    hello->version_min = hello->version_max = VD_SESSION_VERSION;
    snprintf(hello->agent_version, sizeof hello->agent_version, "vedette load " VEDETTE_VERSION);
    hello->stream_count = 1;
    memcpy(hello->streams[0].stream, a->stream, VD_STREAM_BYTES);
    hello->streams[0].first = a->mark + 1;
    hello->streams[0].next = (a->sent > a->mark ? a->sent : a->mark) + 1; /* others are made up when sent */
    a->link_live = vd_link_open(&a->link, &options) == 0;
    if (!a->link_live)
        uv_timer_start(&a->retry, on_retry, RETRY_MS, 0);
}

int load_agent_start(struct load_agent *a, struct load_run *run, struct vd_tls_context *tls, uint64_t seed)
{
    *a = (struct load_agent){.run = run, .tls = tls, .random = {.state = seed}};
    vd_buffer_init(&a->payload, VD_FRAME_BATCH_MAX_BYTES);
    int rc = vd_random_bytes(a->stream, sizeof a->stream);
    if (rc != 0)
        return rc;
    uv_timer_init(run->net->loop, &a->retry);
    a->retry.data = a;
    a->retry_live = true;
    connect_now(a);
    return 0;
}

static void on_retry_closed(uv_handle_t *handle)
{
    struct load_agent *a = handle->data;
    a->retry_live = false;
    finish_close(a);
}

void load_agent_close(struct load_agent *a, void (*cb)(struct load_agent *a))
{
    a->closing = true;
    a->on_close = cb;
    uv_close((uv_handle_t *)&a->retry, on_retry_closed);
    if (a->link_live && !a->link.closing)
        vd_link_close(&a->link, VD_GOODBYE_NORMAL, on_link_closed);
}
