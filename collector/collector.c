/* The wiring of the collector; collector.h tells its life. */
#include "collector.h"

#include <inttypes.h>
#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/listener.h>
#include <vedette/log.h>
#include <vedette/memory.h>
#include <vedette/service.h>

#include "advertise.h"
#include "custody.h"
#include "http.h"
#include "sessions.h"
#include "shard.h"

enum { TICK_MS = 250, BLOCKS_KEPT = 1024, HURRIED_FRAME_MS = 2000, HANDOVER_MS = 1000 };

/* HANDOVER: all is committed, and the sessions are shown the next owner as soon as there is one. */
enum phase { PHASE_RUNNING, PHASE_DRAINING, PHASE_HANDOVER, PHASE_CLOSING };

struct collector {
    const struct collector_config *config;
    uv_loop_t *loop;
    struct vd_net net;
    struct vd_tls_context *tls;
    struct custody *custody;
    struct blocks blocks;
    struct flow flow;
    struct metrics metrics;
    struct conversation_limits limits;
    struct session_host host;
    struct sessions sessions;
    struct vd_listener listener;
    struct http *http;
    uv_timer_t tick;
    uv_check_t turn;    /* once a turn of the loop: write ACKs */
    uv_idle_t going_on; /* while sessions go on after a stop: turns follow each other at once */
    enum phase phase;
    uint64_t drain_until_ms;
    int64_t delivered_ns; /* when this turn's deliveries came; 0: none yet */
    int outcome;          /* 0, or why it ended by itself */
    bool listening, custody_open, custody_closing, timers_open;
    char address[VD_SESSION_TEXT_BYTES]; /* where agents reach it, as other collectors are told */
    char name[VD_NAME_BYTES];            /* configured, or the certificate's: a copy, since a reload lets that
                                            certificate go */
};

/* ---- Sessions */

static void find(void *arg, const struct vd_identity *agent, struct whereabouts *out)
{
    const struct collector *c = arg;
    custody_find(c->custody, agent, out);
}

static void on_session_closed(void *arg, struct session *s)
{
    struct collector *c = arg;
    sessions_remove(&c->sessions, s);
    c->metrics.sessions--;
}

static void on_session_served(void *arg, struct session *s)
{
    struct collector *c = arg;
    sessions_served(&c->sessions, s);
}

static void on_session_dirty(void *arg, struct session *s)
{
    struct collector *c = arg;
    sessions_dirty(&c->sessions, s);
}

static void on_turn(uv_check_t *turn)
{
    struct collector *c = turn->data;
    sessions_flush(&c->sessions);
    c->delivered_ns = 0;
}

static void on_going_on(uv_idle_t *idle)
{
    const struct collector *c = idle->data;
    if (c->phase != PHASE_RUNNING || !sessions_resume(&c->sessions, &c->flow))
        uv_idle_stop(idle);
}

static void on_flow_stop(void *arg)
{
    struct collector *c = arg;
    c->metrics.flow_stops++;
    sessions_pause(&c->sessions);
    custody_hurry(c->custody);
}

static void on_flow_resume(void *arg)
{
    struct collector *c = arg;
    /* Not from inside: sessions may have batches read already, for the shard that is told right now. */
    if (c->phase == PHASE_RUNNING)
        uv_idle_start(&c->going_on, on_going_on);
}

/* A connection over the caps is taken and closed at once: left in the backlog it would keep the good ones
 * waiting. */
static void turn_away(struct collector *c, struct vd_listener *l)
{
    uv_tcp_t *tcp = vd_malloc(sizeof *tcp);
    c->metrics.connections_turned_away++;
    if (tcp == NULL)
        return;
    uv_tcp_init(c->loop, tcp);
    uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, (uv_close_cb)vd_free);
}

static void on_connection(struct vd_listener *l)
{
    struct collector *c = l->owner;
    struct session *s;
    if (c->phase != PHASE_RUNNING || c->metrics.sessions >= c->config->listen.max_sessions ||
        c->metrics.unauthenticated >= c->config->listen.max_unauthenticated) {
        turn_away(c, l);
        return;
    }
    s = session_accept(&c->host, (uv_stream_t *)&l->tcp);
    if (s == NULL) {
        turn_away(c, l);
        return;
    }
    c->metrics.connections_accepted++;
    c->metrics.sessions++;
    c->metrics.unauthenticated++; /* until the next tick counts anew */
    sessions_add(&c->sessions, s);
    /* One address must not hold the places of all newcomers: half of them are for those that hold few. */
    size_t places = c->config->listen.max_unauthenticated;
    if (c->metrics.unauthenticated > places / 2 && sessions_crowded(&c->sessions, s, places / 8)) {
        c->metrics.connections_turned_away++;
        session_drop(s);
    }
}

/* ---- Kafka */

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    struct collector *c = arg;
    if (error != 0 && c->metrics.deliveries_failed % 1000 == 0)
        vd_log_warn("delivery failed", VD_F_STR("why", why),
                    VD_F_UINT("failed_before", c->metrics.deliveries_failed));
    /* One look at the clock for all of a turn: it would cost as much as the rest of a delivery. */
    if (c->delivered_ns == 0)
        c->delivered_ns = vd_clock_monotonic_ns();
    shard_delivered(opaque, count, error, c->delivered_ns);
}

static void on_readiness(void *arg, bool ready, const char *why)
{
    struct collector *c = arg;
    c->metrics.ready = ready;
    if (ready)
        vd_log_info("ready");
    else
        vd_log_warn("not ready", VD_F_STR("why", why));
    vd_service_status("%s", ready ? "taking events" : why);
}

static void begin_closing(struct collector *c);

/* At once, and without a word to the directory: all that is here belongs to the other process. */
static void on_expelled(void *arg, const char *why)
{
    struct collector *c = arg;
    vd_log_error("another collector has this one's name, or the group refuses it: ending",
                 VD_F_STR("name", c->name), VD_F_STR("why", why));
    c->outcome = VD_EEXISTS;
    if (c->phase != PHASE_CLOSING)
        begin_closing(c);
}

static int start_custody(struct collector *c, char *error)
{
    struct custody_options options = {.loop = c->loop,
                                      .config = c->config,
                                      .name = c->name,
                                      .address = c->address,
                                      .flow = &c->flow,
                                      .blocks = &c->blocks,
                                      .metrics = &c->metrics,
                                      .event_max_bytes = c->limits.event_max_bytes,
                                      .delivered = on_delivered,
                                      .readiness = on_readiness,
                                      .expelled = on_expelled,
                                      .arg = c};
    int rc = custody_new(&c->custody, &options, error);
    c->custody_open = rc == 0;
    return rc;
}

/* ---- HTTP */

static void refresh_gauges(struct collector *c)
{
    c->metrics.in_flight_events = c->flow.events;
    c->metrics.in_flight_bytes = c->flow.bytes;
    c->metrics.certificate_expiry_timestamp_seconds = (uint64_t)(vd_tls_context_expires_ms(c->tls) / 1000);
    c->metrics.log_lines_lost = vd_log_lost();
    sessions_measure(&c->sessions, &c->metrics);
    custody_measure(c->custody);
}

static bool page_metrics(void *arg, struct vd_buffer *out)
{
    struct collector *c = arg;
    refresh_gauges(c);
    return metrics_write(&c->metrics, out) == 0;
}

static bool page_live(void *arg, struct vd_buffer *out)
{
    (void)arg;
    return vd_buffer_append_str(out, "live\n") == 0;
}

static bool page_ready(void *arg, struct vd_buffer *out)
{
    struct collector *c = arg;
    if (c->phase == PHASE_RUNNING)
        return custody_ready(c->custody, out);
    vd_buffer_append_str(out, "not ready: shutting down\n");
    return false;
}

/* ---- The end */

static void on_custody_closed(void *arg)
{
    struct collector *c = arg;
    c->custody_open = false;
}

static void on_listener_closed(struct vd_listener *l)
{
    struct collector *c = l->owner;
    c->listening = false;
}

static void on_http_closed(void *arg)
{
    struct collector *c = arg;
    c->http = NULL;
}

static void close_listener(struct collector *c)
{
    if (c->listening && c->listener.on_close == NULL)
        vd_listener_close(&c->listener, on_listener_closed);
}

/* Sessions first, since shards and what they publish through are theirs to use until they are gone; then
 * custody, then the rest. */
static void close_step(struct collector *c)
{
    if (c->sessions.first != NULL)
        return;
    if (c->custody_open) {
        if (!c->custody_closing)
            custody_close(c->custody, on_custody_closed);
        c->custody_closing = true;
        return;
    }
    if (c->listening || !c->timers_open)
        return;
    if (c->http != NULL)
        http_close(c->http, on_http_closed);
    uv_close((uv_handle_t *)&c->tick, NULL);
    uv_close((uv_handle_t *)&c->turn, NULL);
    uv_close((uv_handle_t *)&c->going_on, NULL);
    c->timers_open = false;
}

static void on_tick(uv_timer_t *tick);

static void begin_closing(struct collector *c)
{
    if (c->flow.events > 0)
        vd_log_warn("closing with events under way: their agents will send them again",
                    VD_F_UINT("events", c->flow.events));
    c->phase = PHASE_CLOSING;
    close_listener(c);
    sessions_flush(&c->sessions);
    sessions_end(&c->sessions, VD_GOODBYE_SHUTDOWN, "the collector shuts down");
    uv_timer_start(&c->tick, on_tick, 0, 10);
}

/* One step of the way out; each is looked at a hundred times a second. */
static void stop_step(struct collector *c, uint64_t now)
{
    bool late = now >= c->drain_until_ms;
    if (c->phase == PHASE_DRAINING && (late || (c->flow.events == 0 && custody_released(c->custody)))) {
        c->phase = PHASE_HANDOVER;
        sessions_flush(&c->sessions);
        if (!late && custody_has_heirs(c->custody))
            c->drain_until_ms = now + HANDOVER_MS;
        else
            begin_closing(c);
    }
    if (c->phase == PHASE_HANDOVER) {
        sessions_move(&c->sessions);
        if (late || c->sessions.first == NULL)
            begin_closing(c);
    }
    if (c->phase == PHASE_CLOSING)
        close_step(c);
}

/* Half frames are memory that no credit bounds: where they are over what may be under way, agents have less
 * time to finish theirs. */
static void hurry_frames(struct collector *c, size_t unfinished_bytes)
{
    uint64_t timeout_ms = c->config->listen.frame_timeout_ms;
    if (unfinished_bytes > c->config->limits.in_flight_bytes && timeout_ms > HURRIED_FRAME_MS)
        timeout_ms = HURRIED_FRAME_MS;
    if (timeout_ms < c->host.frame_timeout_ms)
        vd_log_warn("too much memory in unfinished frames: slow ones are ended",
                    VD_F_UINT("bytes", unfinished_bytes));
    c->host.frame_timeout_ms = timeout_ms;
}

static void on_tick(uv_timer_t *tick)
{
    struct collector *c = tick->data;
    uint64_t now = uv_now(c->loop);
    struct sessions_sum sum = sessions_tick(&c->sessions, now);
    c->metrics.unauthenticated = sum.unknown;
    hurry_frames(c, sum.unfinished_bytes);
    vd_service_alive();
    stop_step(c, now);
}

void collector_stop(struct collector *c)
{
    if (c->phase != PHASE_RUNNING)
        return;
    vd_log_info("draining", VD_F_UINT("events", c->flow.events), VD_F_UINT("sessions", c->metrics.sessions));
    vd_service_stopping();
    c->phase = PHASE_DRAINING;
    c->drain_until_ms = uv_now(c->loop) + c->config->shutdown.drain_timeout_ms;
    close_listener(c);
    sessions_pause(&c->sessions);
    custody_release(c->custody);
    uv_timer_start(&c->tick, on_tick, 0, 10);
}

void collector_force(struct collector *c)
{
    if (c->phase == PHASE_CLOSING)
        return;
    if (c->phase == PHASE_RUNNING)
        collector_stop(c);
    c->drain_until_ms = 0;
}

/* ---- The start */

static void fill_limits(struct collector *c)
{
    const struct collector_config *config = c->config;
    c->limits =
        (struct conversation_limits){.credit_bytes = config->limits.session_credit_bytes,
                                     .backlog_credit_bytes = config->limits.session_backlog_credit_bytes,
                                     .batch_max_bytes = config->limits.batch_max_bytes,
                                     .batch_max_events = config->limits.batch_max_events,
                                     .event_max_bytes = config->limits.event_max_bytes,
                                     .idle_timeout_ms = config->listen.idle_timeout_ms};
    c->flow = (struct flow){.bytes_max = config->limits.in_flight_bytes,
                            .events_max = config->limits.in_flight_events,
                            .stop = on_flow_stop,
                            .resume = on_flow_resume,
                            .arg = c};
    c->host = (struct session_host){.net = &c->net,
                                    .tls = c->tls,
                                    .limits = &c->limits,
                                    .flow = &c->flow,
                                    .metrics = &c->metrics,
                                    .collector_name = c->name,
                                    .handshake_timeout_ms = config->listen.handshake_timeout_ms,
                                    .hello_timeout_ms = config->listen.hello_timeout_ms,
                                    .frame_timeout_ms = config->listen.frame_timeout_ms,
                                    .idle_timeout_ms = config->listen.idle_timeout_ms,
                                    .arg = c,
                                    .find = find,
                                    .closed = on_session_closed,
                                    .served = on_session_served,
                                    .dirty = on_session_dirty};
}

static int load_tls(struct collector *c, const struct vd_tls_config *config, char *error)
{
    struct vd_tls_context *tls;
    int rc = vd_tls_config_load(&tls, config, true, c->tls, error);
    if (rc != 0)
        return rc;
    vd_tls_context_unref(c->tls); /* open connections keep theirs */
    c->tls = c->host.tls = tls;
    return 0;
}

static void say_not_listening(char *error, const char *what, const char *address, int rc)
{
    const char *why = rc == VD_EEXISTS        ? "the port is taken"
                      : rc == VD_EUNAVAILABLE ? "this host has no such address"
                                              : vd_error_text(rc);
    snprintf(error, COLLECTOR_ERROR_BYTES, "cannot %s on %s: %s", what, address, why);
}

static int start_listening(struct collector *c, char *error)
{
    const struct collector_config *config = c->config;
    int rc = vd_listener_start(&c->listener, c->loop, config->listen.address, config->listen.backlog,
                               config->listen.accept_rate_per_s, on_connection, c);
    c->listening = rc == 0;
    if (rc != 0) {
        say_not_listening(error, "listen", config->listen.address, rc);
        return rc;
    }
    advertised_address(c->address, config->listen.advertise, c->listener.address);
    if (config->http.address[0] == '\0')
        return 0;
    static const struct http_callbacks pages = {
        .metrics = page_metrics, .live = page_live, .ready = page_ready};
    rc = http_start(&c->http, c->loop, config->http.address, &pages, c);
    if (rc != 0)
        say_not_listening(error, "serve http", config->http.address, rc);
    return rc;
}

int collector_start(struct collector **out, uv_loop_t *loop, const struct collector_config *config,
                    char *error)
{
    struct collector *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return VD_ENOMEM;
    c->config = config;
    c->loop = loop;
    uv_timer_init(loop, &c->tick);
    uv_check_init(loop, &c->turn);
    uv_idle_init(loop, &c->going_on);
    c->tick.data = c->turn.data = c->going_on.data = c;
    c->timers_open = true;
    uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
    uv_check_start(&c->turn, on_turn);
    blocks_init(&c->blocks, BLOCKS_KEPT);
    snprintf(error, COLLECTOR_ERROR_BYTES, "out of memory");
    int rc = vd_net_init(&c->net, loop);
    if (rc == 0)
        rc = load_tls(c, &config->tls, error);
    if (rc == 0)
        snprintf(c->name, sizeof c->name, "%s",
                 config->name[0] != '\0' ? config->name : vd_tls_context_identity(c->tls)->name);
    fill_limits(c);
    if (rc == 0)
        rc = start_listening(c, error);
    if (rc == 0)
        rc = start_custody(c, error);
    *out = c;
    if (rc != 0) {
        begin_closing(c);
        return rc;
    }
    vd_service_status("not ready: Kafka has not answered yet");
    vd_log_info("listening", VD_F_STR("name", c->name), VD_F_STR("address", c->listener.address),
                VD_F_STR("advertise", c->address),
                VD_F_STR("http", c->http != NULL ? http_address(c->http) : ""));
    return 0;
}

int collector_reload(struct collector *c, const struct collector_config *fresh, char *error)
{
    return load_tls(c, &fresh->tls, error);
}

int collector_outcome(const struct collector *c)
{
    return c->outcome;
}

void collector_free(struct collector *c)
{
    if (c->custody != NULL)
        custody_free(c->custody);
    blocks_deinit(&c->blocks);
    vd_tls_context_unref(c->tls);
    vd_net_deinit(&c->net);
    vd_free(c);
}
