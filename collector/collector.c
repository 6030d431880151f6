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

#include "http.h"
#include "publish/publisher.h"
#include "sessions.h"
#include "shards.h"

enum { TICK_MS = 250, STREAMS_MAX = 200000, BLOCKS_KEPT = 1024, HURRIED_FRAME_MS = 2000 };

enum phase { PHASE_RUNNING, PHASE_DRAINING, PHASE_CLOSING };

struct collector {
    const struct collector_config *config;
    uv_loop_t *loop;
    struct vd_net net;
    struct vd_tls_context *tls;
    struct vd_kafka_embedded *embedded;
    struct publisher *publisher;
    struct shards shards;
    struct blocks blocks;
    struct flow flow;
    struct metrics metrics;
    struct conversation_limits limits;
    struct session_host host;
    struct sessions sessions;
    struct vd_listener listener;
    struct http *http;
    uv_timer_t tick;
    uv_check_t turn; /* once a turn of the loop: write ACKs */
    enum phase phase;
    uint64_t drain_until_ms;
    int64_t delivered_ns; /* when this turn's deliveries came; 0: none yet */
    bool listening, publishing, timers_open;
    char name[VD_NAME_BYTES]; /* configured, or the certificate's: a copy, since a reload lets that
                                 certificate go */
};

/* ---- Shards */

static int make_shards(struct collector *c)
{
    struct shard_options options = {.outlet = publisher_outlet(c->publisher),
                                    .flow = &c->flow,
                                    .blocks = &c->blocks,
                                    .metrics = &c->metrics,
                                    .entities_max = c->config->score.max_entities,
                                    .streams_max = STREAMS_MAX,
                                    .event_max_bytes = c->limits.event_max_bytes};
    return shards_init(&c->shards, publisher_partitions(c->publisher), &options);
}

static struct shard *shard_of(void *arg, const struct vd_identity *agent, const char **why)
{
    struct collector *c = arg;
    if (c->shards.count > 0)
        return shards_of(&c->shards, agent);
    publisher_ready(c->publisher, why);
    return NULL;
}

/* ---- Sessions */

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

static void on_flow_stop(void *arg)
{
    struct collector *c = arg;
    c->metrics.flow_stops++;
    sessions_pause(&c->sessions);
}

static void on_flow_resume(void *arg)
{
    struct collector *c = arg;
    if (c->phase == PHASE_RUNNING)
        sessions_resume(&c->sessions);
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
    if (ready && c->shards.count == 0 && make_shards(c) != 0) {
        vd_log_error("no memory for the shards");
        return;
    }
    c->metrics.ready = ready;
    if (ready)
        vd_log_info("ready", VD_F_INT("shards", c->shards.count));
    else
        vd_log_warn("not ready", VD_F_STR("why", why));
    vd_service_status("%s", ready ? "taking events" : why);
}

static int start_kafka(struct collector *c, char *error)
{
    const struct collector_config *config = c->config;
    const char *brokers = config->kafka.brokers;
    if (collector_config_embedded(config)) {
        int rc = vd_kafka_embedded_new(&c->embedded, config->kafka.topics_prefix,
                                       (int)config->kafka.partitions, error);
        if (rc != 0)
            return rc;
        brokers = vd_kafka_embedded_brokers(c->embedded);
        vd_log_info("embedded kafka is up, for trials only: its contents die with this process",
                    VD_F_STR("brokers", brokers));
    }
    struct publisher_options options = {
        .loop = c->loop,
        .kafka = {.brokers = brokers,
                  .client_id = c->name,
                  .properties = (const char *const *)config->kafka.properties,
                  .property_count = config->kafka.properties_count},
        .prefix = config->kafka.topics_prefix,
        .callbacks = {.delivered = on_delivered, .readiness = on_readiness},
        .arg = c,
    };
    int rc = publisher_new(&c->publisher, &options, error);
    c->publishing = rc == 0;
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
    shards_measure(&c->shards, &c->metrics);
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
    const char *why = "shutting down";
    bool ready = c->phase == PHASE_RUNNING && publisher_ready(c->publisher, &why) && c->shards.count > 0;
    vd_buffer_printf(out, "%s: %s\n", ready ? "ready" : "not ready", ready ? "Kafka takes events" : why);
    return ready;
}

/* ---- The end */

static void on_publisher_closed(void *arg)
{
    struct collector *c = arg;
    c->publishing = false;
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

/* Sessions first, since shards and publisher are theirs to use until they are gone; then the publisher, then
 * the rest. */
static void close_step(struct collector *c)
{
    if (c->sessions.first != NULL)
        return;
    if (c->publishing) {
        if (c->phase == PHASE_CLOSING && c->publisher != NULL) {
            publisher_close(c->publisher, on_publisher_closed);
            c->publisher = NULL;
        }
        return;
    }
    if (c->listening || !c->timers_open)
        return;
    if (c->http != NULL)
        http_close(c->http, on_http_closed);
    uv_close((uv_handle_t *)&c->tick, NULL);
    uv_close((uv_handle_t *)&c->turn, NULL);
    c->timers_open = false;
}

static void begin_closing(struct collector *c)
{
    if (c->flow.events > 0)
        vd_log_warn("closing with events under way: their agents will send them again",
                    VD_F_UINT("events", c->flow.events));
    c->phase = PHASE_CLOSING;
    close_listener(c);
    sessions_flush(&c->sessions);
    sessions_end(&c->sessions, VD_GOODBYE_SHUTDOWN, "the collector shuts down");
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
    if (c->phase == PHASE_DRAINING && (c->flow.events == 0 || now >= c->drain_until_ms))
        begin_closing(c);
    if (c->phase == PHASE_CLOSING)
        close_step(c);
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
                                    .shard_of = shard_of,
                                    .closed = on_session_closed,
                                    .served = on_session_served,
                                    .dirty = on_session_dirty};
}

static int load_tls(const struct collector_config *config, struct vd_tls_context **out, char *error)
{
    struct vd_tls_options options = {.certificate = config->tls.certificate,
                                     .key = config->tls.key,
                                     .ca = config->tls.ca,
                                     .trust_domain = config->tls.trust_domain,
                                     .server = true};
    return vd_tls_context_new(out, &options, error);
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
    c->tick.data = c->turn.data = c;
    c->timers_open = true;
    uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
    uv_check_start(&c->turn, on_turn);
    blocks_init(&c->blocks, BLOCKS_KEPT);
    snprintf(error, COLLECTOR_ERROR_BYTES, "out of memory");
    int rc = vd_net_init(&c->net, loop);
    if (rc == 0)
        rc = load_tls(config, &c->tls, error);
    if (rc == 0)
        snprintf(c->name, sizeof c->name, "%s",
                 config->name[0] != '\0' ? config->name : vd_tls_context_identity(c->tls)->name);
    fill_limits(c);
    if (rc == 0)
        rc = start_listening(c, error);
    if (rc == 0)
        rc = start_kafka(c, error);
    *out = c;
    if (rc != 0) {
        begin_closing(c);
        uv_timer_start(&c->tick, on_tick, 0, 10);
        return rc;
    }
    const char *why;
    publisher_ready(c->publisher, &why);
    vd_service_status("not ready: %s", why);
    vd_log_info("listening", VD_F_STR("name", c->name), VD_F_STR("address", c->listener.address),
                VD_F_STR("http", c->http != NULL ? http_address(c->http) : ""));
    return 0;
}

int collector_reload(struct collector *c, const struct collector_config *fresh, char *error)
{
    struct vd_tls_context *tls;
    int rc = load_tls(fresh, &tls, error);
    if (rc != 0)
        return rc;
    vd_tls_context_unref(c->tls); /* open connections keep theirs */
    c->tls = c->host.tls = tls;
    return 0;
}

void collector_free(struct collector *c)
{
    shards_deinit(&c->shards);
    blocks_deinit(&c->blocks);
    if (c->embedded != NULL)
        vd_kafka_embedded_free(c->embedded);
    if (c->tls != NULL)
        vd_tls_context_unref(c->tls);
    vd_net_deinit(&c->net);
    vd_free(c);
}
