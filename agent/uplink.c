/* From the spool to a collector; uplink.h tells its happy path and how it fails. */
#include "uplink.h"

#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "batch.h"

struct uplink {
    struct uplink_options options;
    struct vd_link link;
    uv_timer_t retry; /* the next try to connect */
    uv_timer_t age;   /* the oldest unsent event has waited long enough */
    struct vd_random random;
    struct batch batch;
    struct vd_spool_reader *reader; /* what is sent next, while connected */
    uint64_t backlog_end; /* what lies below waited for this connection, and goes without waiting more */
    uint64_t sent_bytes;  /* of the spool's durable bytes: how far has been sent, from backlog_end on */
    uint64_t backoff_ms;
    size_t trying;               /* index of the collector */
    struct vd_address elsewhere; /* where a GO_TO sent us */
    bool link_live, go_elsewhere, closing;
    bool at_once;    /* connect as soon as the old link is closed */
    bool fork_tried; /* a new stream was made, and no collector has taken it yet */
    unsigned timers_open;
    struct uplink_counters counters;
    void (*on_close)(void *owner);
};

static void send_due(struct uplink *u);
static void connect_now(struct uplink *u);

static void uplink_free(struct uplink *u)
{
    if (u->reader != NULL)
        vd_spool_reader_free(u->reader);
    batch_deinit(&u->batch);
    vd_free(u);
}

static void finish_close(struct uplink *u)
{
    if (u->link_live || u->timers_open > 0)
        return;
    void (*cb)(void *) = u->on_close;
    void *owner = u->options.owner;
    uplink_free(u);
    cb(owner);
}

/* ---- Sending */

static uint64_t next_to_send(const struct uplink *u)
{
    return u->link.client.next[0];
}

static bool send_one(struct uplink *u)
{
    const struct vd_client *client = &u->link.client;
    struct batch_limits limits = {.max_events = u->options.batch_max_events,
                                  .max_bytes = u->options.batch_max_bytes,
                                  .room = vd_link_room(&u->link),
                                  .event_max_bytes = client->welcome.event_max_bytes};
    if (limits.max_events > client->welcome.batch_max_events)
        limits.max_events = client->welcome.batch_max_events;
    if (limits.room == 0 || batch_fill(&u->batch, u->reader, &limits, next_to_send(u),
                                       vd_spool_next(u->options.spool), u->options.now_ms()) <= 0)
        return false;
    if (u->batch.too_large)
        vd_log_warn("event is larger than the collector takes, and is told as a GAP",
                    VD_F_UINT("bytes", u->batch.event_bytes), VD_F_UINT("most", limits.event_max_bytes));
    bool live = u->batch.head.first_seq >= u->backlog_end;
    if (vd_link_send(&u->link, &u->batch.head, vd_buffer_bytes(&u->batch.payload), u->batch.event_count) != 0)
        return false; /* the link has ended: a new one begins again from the mark */
    u->counters.events_sent += u->batch.event_count;
    if (live)
        u->sent_bytes += u->batch.event_bytes;
    if (next_to_send(u) == vd_spool_durable(u->options.spool))
        u->sent_bytes = vd_spool_durable_bytes(u->options.spool);
    return true;
}

static void on_age(uv_timer_t *timer)
{
    struct uplink *u = timer->data;
    while (send_one(u))
        ;
}

/* Whether what is unsent makes a full batch, or has waited long enough for a connection. */
static bool is_due(const struct uplink *u, uint64_t unsent)
{
    return next_to_send(u) < u->backlog_end || unsent >= u->options.batch_max_events ||
           vd_spool_durable_bytes(u->options.spool) - u->sent_bytes >= u->options.batch_max_bytes;
}

/* Sends full batches at once; less waits for company until it is old enough. */
static void send_due(struct uplink *u)
{
    if (u->closing || !u->link_live || !u->link.is_up)
        return;
    for (;;) {
        uint64_t unsent = vd_spool_durable(u->options.spool) - next_to_send(u);
        if (unsent == 0)
            return;
        if (!is_due(u, unsent))
            break;
        if (!send_one(u))
            return; /* no credit, or the kernel's buffer is full: ACK or `drained` wakes us */
    }
    if (!uv_is_active((uv_handle_t *)&u->age))
        uv_timer_start(&u->age, on_age, u->options.batch_max_age_ms, 0);
}

void uplink_wake(struct uplink *u)
{
    send_due(u);
}

/* ---- The link */

static void take_mark(struct uplink *u, uint64_t mark)
{
    uint64_t first = vd_spool_first(u->options.spool);
    if (mark < first)
        return;
    u->counters.events_acknowledged += mark - first + 1;
    u->fork_tried = false;
    vd_spool_trim(u->options.spool, mark);
    u->options.trimmed(u->options.owner);
}

/* Two hosts with one spool: up to the mark the collector has what the other one sent. Where either side does
 * not know its chain, the mark is believed: no BATCH could tell more, for the collector then takes over what
 * chain the agent tells, and a spool whose last events are never acknowledged would keep the agent from
 * ending. */
static bool is_other_history(struct uplink *u, const struct vd_stream_mark *told)
{
    if (told->chain == 0 || told->mark + 1 < vd_spool_first(u->options.spool))
        return false;
    uint64_t ours = vd_spool_chain_at(u->reader, told->mark + 1);
    return ours != 0 && ours != told->chain;
}

static void on_up(struct vd_link *l)
{
    struct uplink *u = l->options.owner;
    u->counters.connects++;
    u->backoff_ms = u->options.reconnect_min_ms;
    vd_log_info("connected", VD_F_STR("collector", l->client.welcome.collector),
                VD_F_STR("address", l->stream.address), VD_F_UINT("mark", l->client.marks[0]));
    if (is_other_history(u, &l->client.welcome.marks[0])) {
        vd_link_fork(l, 0);
        return;
    }
    u->backlog_end = vd_spool_durable(u->options.spool);
    u->sent_bytes = vd_spool_durable_bytes(u->options.spool);
    take_mark(u, l->client.marks[0]);
    vd_spool_seek(u->reader, next_to_send(u));
    send_due(u);
}

static void on_acked(struct vd_link *l, const struct vd_ack *ack)
{
    struct uplink *u = l->options.owner;
    if (ack->mark_count > 0)
        take_mark(u, l->client.marks[0]);
    send_due(u);
}

static void on_drained(struct vd_link *l)
{
    send_due(l->options.owner);
}

static void on_retry(uv_timer_t *timer)
{
    connect_now(timer->data);
}

static void on_link_closed(struct vd_link *l)
{
    struct uplink *u = l->options.owner;
    u->link_live = false;
    if (u->closing)
        finish_close(u);
    else if (u->at_once)
        connect_now(u);
}

static uint64_t next_delay_ms(struct uplink *u, const struct vd_link_end *end)
{
    if (!end->retry)
        u->backoff_ms = u->options.reconnect_max_ms;
    uint64_t delay = u->backoff_ms / 2 + vd_random_below(&u->random, u->backoff_ms / 2 + 1);
    u->backoff_ms *= 2;
    if (u->backoff_ms > u->options.reconnect_max_ms)
        u->backoff_ms = u->options.reconnect_max_ms;
    if (end->retry_after_ms > delay)
        delay = end->retry_after_ms;
    /* A collector's wish is bounded by our own longest wait. */
    return delay < u->options.reconnect_max_ms ? delay : u->options.reconnect_max_ms;
}

/* Once at once: should the new stream be refused as well, the back-off keeps this from becoming a busy loop.
 */
static bool take_fork(struct uplink *u, const struct vd_link_end *end)
{
    if (end->forked == NULL || u->options.forked(u->options.owner, end->forked->mark) != 0)
        return false;
    bool first = !u->fork_tried;
    u->fork_tried = true;
    return first;
}

static void on_down(struct vd_link *l, const struct vd_link_end *end)
{
    struct uplink *u = l->options.owner;
    u->go_elsewhere = end->go_to != NULL && end->go_to->address_count > 0 &&
                      vd_address_parse(&u->elsewhere, end->go_to->addresses[0]) == 0;
    if (!u->go_elsewhere)
        u->trying = (u->trying + 1) % u->options.collector_count;
    u->at_once = take_fork(u, end);
    uint64_t delay = u->at_once ? 0 : next_delay_ms(u, end);
    vd_log_warn("not connected", VD_F_STR("collector", l->options.address.host),
                VD_F_STR("port", l->options.address.port), VD_F_STR("why", end->why),
                VD_F_UINT("retry_ms", delay));
    uv_timer_stop(&u->age);
    if (!u->at_once)
        uv_timer_start(&u->retry, on_retry, delay, 0);
    vd_link_close(l, 0, on_link_closed);
}

static const struct vd_link_callbacks LINK_CALLBACKS = {
    .up = on_up, .acked = on_acked, .drained = on_drained, .down = on_down};

static void connect_now(struct uplink *u)
{
    if (u->closing)
        return;
    if (u->link_live) { /* the old one is still closing */
        uv_timer_start(&u->retry, on_retry, u->options.reconnect_min_ms, 0);
        return;
    }
    struct vd_link_options options = {.net = u->options.net,
                                      .tls = u->options.tls,
                                      .callbacks = &LINK_CALLBACKS,
                                      .owner = u,
                                      .address =
                                          u->go_elsewhere ? u->elsewhere : u->options.collectors[u->trying],
                                      .connect_timeout_ms = u->options.connect_timeout_ms,
                                      .heartbeat_ms = u->options.heartbeat_ms};
    struct vd_hello *hello = &options.hello;
    hello->version_min = hello->version_max = VD_SESSION_VERSION;
    memcpy(hello->agent_version, "vedette-agent " VEDETTE_VERSION, sizeof "vedette-agent " VEDETTE_VERSION);
    hello->stream_count = 1;
    memcpy(hello->streams[0].stream, vd_spool_stream(u->options.spool), VD_STREAM_BYTES);
    hello->streams[0].first = vd_spool_first(u->options.spool);
    /* A number that is not on disk yet could name another event after a crash. */
    hello->streams[0].next = vd_spool_durable(u->options.spool);
    u->go_elsewhere = u->at_once = false;
    int rc = vd_link_open(&u->link, &options);
    u->link_live = rc == 0;
    if (rc != 0) {
        vd_log_warn("no connection could be begun", VD_F_ERROR(rc));
        uv_timer_start(&u->retry, on_retry, u->backoff_ms, 0);
    }
}

/* ---- The owner's calls */

int uplink_start(struct uplink **out, const struct uplink_options *options)
{
    struct uplink *u = vd_calloc(1, sizeof *u);
    if (u == NULL)
        return VD_ENOMEM;
    u->options = *options;
    u->random.state = options->random_seed;
    u->backoff_ms = options->reconnect_min_ms;
    batch_init(&u->batch);
    int rc = vd_spool_reader_new(&u->reader, options->spool);
    if (rc != 0) {
        uplink_free(u);
        return rc;
    }
    uv_timer_init(options->net->loop, &u->retry);
    uv_timer_init(options->net->loop, &u->age);
    u->retry.data = u->age.data = u;
    u->timers_open = 2;
    uv_timer_start(&u->retry, on_retry, 0, 0);
    *out = u;
    return 0;
}

void uplink_set_tls(struct uplink *u, struct vd_tls_context *tls)
{
    u->options.tls = tls;
}

bool uplink_connected(const struct uplink *u)
{
    return u->link_live && u->link.is_up;
}

const struct uplink_counters *uplink_counters(const struct uplink *u)
{
    return &u->counters;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct uplink *u = handle->data;
    u->timers_open--;
    finish_close(u);
}

void uplink_close(struct uplink *u, void (*cb)(void *owner))
{
    u->closing = true;
    u->on_close = cb;
    uv_close((uv_handle_t *)&u->retry, on_timer_closed);
    uv_close((uv_handle_t *)&u->age, on_timer_closed);
    if (u->link_live && !u->link.closing)
        vd_link_close(&u->link, VD_GOODBYE_NORMAL, on_link_closed);
}
