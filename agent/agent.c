/* The wiring of the agent; agent.h tells its life. */
#include "agent.h"

#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>
#include <vedette/service.h>

#include "sources/source.h"
#include "uplink.h"

enum { PULL_AT_ONCE = 512, TICK_MS = 250, STATUS_EVERY_TICKS = 40 };

enum phase { PHASE_RUNNING, PHASE_DRAINING, PHASE_CLOSING };

/* A source and its place in the outbox's numbering. */
struct inlet {
    struct agent *agent;
    struct source *source; /* NULL: not open */
    uint32_t number;
    bool waits; /* the outbox was full */
    bool more;  /* there is more: pull at the next turn */
    bool ended; /* read to its end, or failed */
};

struct agent {
    const struct agent_config *config;
    uv_loop_t *loop;
    struct vd_net net;
    struct vd_tls_context *tls;
    struct outbox *outbox;
    struct uplink *uplink;
    struct inlet inlets[AGENT_SOURCES_MAX];
    uint32_t inlet_count, inlets_open;
    char hostname[256];
    uv_timer_t tick;
    uv_idle_t turn; /* runs while some source has more */
    enum phase phase;
    uint64_t drain_until_ms;
    uint32_t ticks;
    bool once, failed, said_connected, uplink_open, timers_open;
};

static void on_tick(uv_timer_t *tick);

/* ---- From the sources to the outbox */

static int take(void *arg, struct vd_bytes event, struct vd_bytes cursor)
{
    struct inlet *inlet = arg;
    int rc = outbox_append(inlet->agent->outbox, inlet->number, event, cursor);
    if (rc == VD_ELIMIT) {
        /* It could never be taken: one event is less than a source that stands still. */
        vd_log_error("event too large for the outbox", VD_F_STR("source", inlet->source->name),
                     VD_F_UINT("bytes", event.len));
        inlet->source->counters.lost++;
        return 0;
    }
    return rc == OUTBOX_FULL ? SOURCE_FULL : rc;
}

static void end_inlet(struct inlet *inlet)
{
    inlet->ended = true;
    inlet->agent->inlets_open--;
}

static void pull(struct inlet *inlet)
{
    struct agent *a = inlet->agent;
    if (inlet->source == NULL || inlet->ended || a->phase != PHASE_RUNNING)
        return;
    const struct source_sink sink = {.take = take, .arg = inlet};
    int rc = source_pull(inlet->source, &sink, PULL_AT_ONCE);
    inlet->more = rc == SOURCE_MORE;
    inlet->waits = rc == SOURCE_FULL;
    if (rc < 0) {
        vd_log_error("source failed", VD_F_STR("source", inlet->source->name), VD_F_ERROR(rc));
        a->failed = true;
        end_inlet(inlet);
    } else if (rc == SOURCE_END) {
        end_inlet(inlet);
    }
    uplink_wake(a->uplink);
}

static void on_turn(uv_idle_t *turn)
{
    struct agent *a = turn->data;
    bool more = false;
    for (uint32_t i = 0; i < a->inlet_count; i++) {
        if (a->inlets[i].more)
            pull(&a->inlets[i]);
        more = more || a->inlets[i].more;
    }
    if (!more)
        uv_idle_stop(turn);
}

static void on_ready(struct source *s)
{
    struct inlet *inlet = s->owner;
    /* Not from inside its own callback, and no source before another: at the next turn of the loop. */
    inlet->more = true;
    if (inlet->agent->timers_open)
        uv_idle_start(&inlet->agent->turn, on_turn);
}

static void on_trimmed(void *owner)
{
    struct agent *a = owner;
    for (uint32_t i = 0; i < a->inlet_count; i++)
        if (a->inlets[i].waits)
            on_ready(a->inlets[i].source);
}

/* ---- The end */

static void on_source_closed(struct source *s)
{
    struct inlet *inlet = s->owner;
    inlet->source = NULL;
}

static void on_uplink_closed(void *owner)
{
    struct agent *a = owner;
    a->uplink_open = false;
}

static void close_step(struct agent *a)
{
    if (a->uplink_open || !a->timers_open)
        return;
    for (uint32_t i = 0; i < a->inlet_count; i++)
        if (a->inlets[i].source != NULL)
            return;
    uv_close((uv_handle_t *)&a->tick, NULL);
    uv_close((uv_handle_t *)&a->turn, NULL);
    a->timers_open = false;
}

static void begin_closing(struct agent *a)
{
    uint64_t left = a->outbox != NULL ? outbox_next(a->outbox) - outbox_first(a->outbox) : 0;
    if (left > 0) {
        vd_log_warn("ending with events that no collector has acknowledged", VD_F_UINT("events", left));
        a->failed = true;
    }
    a->phase = PHASE_CLOSING;
    uv_idle_stop(&a->turn);
    for (uint32_t i = 0; i < a->inlet_count; i++)
        if (a->inlets[i].source != NULL)
            source_close(a->inlets[i].source, on_source_closed);
    if (a->uplink != NULL) {
        const struct uplink_counters *sent = uplink_counters(a->uplink);
        vd_log_info("ending", VD_F_UINT("events_sent", sent->events_sent),
                    VD_F_UINT("events_acknowledged", sent->events_acknowledged),
                    VD_F_UINT("connects", sent->connects));
        uplink_close(a->uplink, on_uplink_closed);
    }
    a->uplink = NULL;
    uv_timer_start(&a->tick, on_tick, 0, 10);
}

static void say_status(struct agent *a)
{
    bool connected = uplink_connected(a->uplink);
    if (connected == a->said_connected && a->ticks++ % STATUS_EVERY_TICKS != 0)
        return;
    a->said_connected = connected;
    uint64_t waiting = outbox_next(a->outbox) - outbox_first(a->outbox);
    vd_service_status("%s, %llu events waiting", connected ? "connected" : "not connected",
                      (unsigned long long)waiting);
}

static void on_tick(uv_timer_t *tick)
{
    struct agent *a = tick->data;
    vd_service_alive();
    if (a->phase == PHASE_CLOSING) {
        close_step(a);
        return;
    }
    say_status(a);
    bool empty = outbox_first(a->outbox) == outbox_next(a->outbox);
    if (a->phase == PHASE_RUNNING && a->once && a->inlets_open == 0 && empty)
        begin_closing(a);
    else if (a->phase == PHASE_DRAINING && (empty || uv_now(a->loop) >= a->drain_until_ms))
        begin_closing(a);
}

void agent_stop(struct agent *a)
{
    if (a->phase != PHASE_RUNNING)
        return;
    a->phase = PHASE_DRAINING;
    a->drain_until_ms = uv_now(a->loop) + a->config->shutdown.drain_timeout_ms;
    uv_idle_stop(&a->turn);
    vd_service_stopping();
    uv_timer_start(&a->tick, on_tick, 0, 10);
}

void agent_force(struct agent *a)
{
    agent_stop(a);
    a->drain_until_ms = 0;
}

int agent_outcome(const struct agent *a)
{
    return a->once && a->failed ? VD_EUNAVAILABLE : 0;
}

/* ---- The start */

static int64_t now_ms(void)
{
    return vd_clock_real_ms();
}

static int open_one(struct agent *a, const struct agent_source_config *config, struct source **out, char *why)
{
    const struct source_host host = {.loop = a->loop,
                                     .hostname = a->hostname,
                                     .product_name = "vedette-agent",
                                     .product_version = VEDETTE_VERSION,
                                     .now_ms = now_ms};
    const struct vd_bytes no_cursor = {0};
    bool from_end = config->from == AGENT_FROM_END && !a->once;
    switch (config->type) {
    case AGENT_SOURCE_TAIL: {
        const struct tail_config tail = {.paths = (const char *const *)config->paths,
                                         .path_count = config->paths_count,
                                         .from_end = from_end,
                                         .once = a->once};
        return tail_open(out, &host, &tail, no_cursor, why);
    }
    case AGENT_SOURCE_JOURNAL: {
        const struct journal_config journal = {.from_end = from_end, .once = a->once};
        return journal_open(out, &host, &journal, no_cursor, why);
    }
    case AGENT_SOURCE_PROCESS: {
        const struct process_config process = {0};
        return process_open(out, &host, &process, why);
    }
    }
    return VD_EINVAL;
}

static int open_sources(struct agent *a, char *error)
{
    char why[SOURCE_ERROR_BYTES];
    for (uint32_t i = 0; i < a->config->sources_count && i < AGENT_SOURCES_MAX; i++) {
        const struct agent_source_config *config = &a->config->sources[i];
        struct inlet *inlet = &a->inlets[a->inlet_count];
        if (a->once && config->type == AGENT_SOURCE_PROCESS)
            continue; /* it has no end */
        *inlet = (struct inlet){.agent = a, .number = i};
        if (open_one(a, config, &inlet->source, why) != 0) {
            vd_log_warn("source not available", VD_F_STR("why", why));
            a->failed = true;
            continue;
        }
        inlet->source->owner = inlet;
        inlet->source->ready = on_ready;
        a->inlet_count++;
        a->inlets_open++;
        vd_log_info("source open", VD_F_STR("source", inlet->source->name));
        on_ready(inlet->source);
    }
    if (a->inlet_count > 0)
        return 0;
    snprintf(error, AGENT_ERROR_BYTES, "no source could be opened");
    return VD_EUNAVAILABLE;
}

static int load_tls(const struct agent_config *config, struct vd_tls_context **out, char *error)
{
    struct vd_tls_options options = {.certificate = config->tls.certificate,
                                     .key = config->tls.key,
                                     .ca = config->tls.ca,
                                     .trust_domain = config->tls.trust_domain};
    return vd_tls_context_new(out, &options, error);
}

static int open_uplink(struct agent *a, char *error)
{
    const struct agent_config *config = a->config;
    struct uplink_options options = {.net = &a->net,
                                     .tls = a->tls,
                                     .outbox = a->outbox,
                                     .collector_count = config->collectors_count,
                                     .batch_max_events = config->batch.max_events,
                                     .batch_max_bytes = config->batch.max_bytes,
                                     .batch_max_age_ms = config->batch.max_age_ms,
                                     .reconnect_min_ms = config->reconnect.min_ms,
                                     .reconnect_max_ms = config->reconnect.max_ms,
                                     .connect_timeout_ms = config->reconnect.connect_timeout_ms,
                                     .heartbeat_ms = config->heartbeat_ms,
                                     .owner = a,
                                     .trimmed = on_trimmed};
    for (size_t i = 0; i < config->collectors_count && i < UPLINK_COLLECTORS_MAX; i++) {
        if (vd_address_parse(&options.collectors[i], config->collectors[i]) != 0) {
            snprintf(error, AGENT_ERROR_BYTES, "'%s' is no host:port of a collector", config->collectors[i]);
            return VD_ECONFIG;
        }
    }
    int rc = vd_random_bytes(&options.random_seed, sizeof options.random_seed);
    if (rc == 0)
        rc = uplink_start(&a->uplink, &options);
    a->uplink_open = rc == 0;
    return rc;
}

static int open_outbox(struct agent *a)
{
    uint8_t stream[VD_STREAM_BYTES];
    int rc = vd_random_bytes(stream, sizeof stream);
    return rc != 0 ? rc : outbox_new(&a->outbox, a->config->outbox.max_bytes, stream);
}

int agent_start(struct agent **out, uv_loop_t *loop, const struct agent_config *config, bool once,
                char *error)
{
    struct agent *a = vd_calloc(1, sizeof *a);
    snprintf(error, AGENT_ERROR_BYTES, "out of memory");
    if (a == NULL)
        return VD_ENOMEM;
    a->config = config;
    a->loop = loop;
    a->once = once;
    if (gethostname(a->hostname, sizeof a->hostname - 1) != 0)
        snprintf(a->hostname, sizeof a->hostname, "localhost");
    uv_timer_init(loop, &a->tick);
    uv_idle_init(loop, &a->turn);
    a->tick.data = a->turn.data = a;
    a->timers_open = true;
    uv_timer_start(&a->tick, on_tick, TICK_MS, TICK_MS);
    int rc = vd_net_init(&a->net, loop);
    if (rc == 0)
        rc = load_tls(config, &a->tls, error);
    if (rc == 0)
        rc = open_outbox(a);
    if (rc == 0)
        rc = open_uplink(a, error);
    if (rc == 0)
        rc = open_sources(a, error);
    *out = a;
    if (rc != 0)
        begin_closing(a);
    return rc;
}

int agent_reload(struct agent *a, const struct agent_config *fresh, char *error)
{
    struct vd_tls_context *tls;
    int rc = load_tls(fresh, &tls, error);
    if (rc != 0)
        return rc;
    uplink_set_tls(a->uplink, tls);
    vd_tls_context_unref(a->tls); /* an open connection keeps its own */
    a->tls = tls;
    return 0;
}

void agent_free(struct agent *a)
{
    outbox_free(a->outbox);
    if (a->tls != NULL)
        vd_tls_context_unref(a->tls);
    vd_net_deinit(&a->net);
    vd_free(a);
}
