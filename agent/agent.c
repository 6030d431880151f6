/* The wiring of the agent; agent.h tells its life. */
#include "agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>
#include <vedette/service.h>

#include "committer.h"
#include "intake.h"
#include "uplink.h"

enum {
    TICK_MS = 1000, /* an awakening each; whatever is urgent has its own */
    TICK_ONCE_MS = 250,
    STATUS_EVERY_TICKS = 10,
    COMMIT_AGE_MS = 50,
    COMMIT_BYTES = 256 * 1024,
    BEHIND_MS = 10 * 1000,
    BEHIND_EVERY_MS = 60 * 1000,
};

enum phase { PHASE_RUNNING, PHASE_DRAINING, PHASE_CLOSING };

struct agent {
    const struct agent_config *config;
    uv_loop_t *loop;
    struct vd_net net;
    struct vd_tls_context *tls;
    struct vd_identity identity; /* whose spool it is */
    struct vd_spool *spool;
    struct losses losses;
    struct committer *committer;
    struct intake *intake;
    struct uplink *uplink;
    char hostname[256];
    uv_timer_t tick;
    enum phase phase;
    uint64_t drain_until_ms, behind_said_ms;
    uint32_t ticks, parts_open; /* parts: committer, intake, uplink */
    bool once, failed, said_connected, timer_open;
};

static void on_tick(uv_timer_t *tick);

static int64_t now_ms(void)
{
    return vd_clock_real_ms();
}

static uint64_t events_waiting(const struct agent *a)
{
    return vd_spool_next(a->spool) - vd_spool_first(a->spool);
}

/* ---- What the parts say */

/* After a pull: what was lost, and what is to be committed. */
static void on_appended(void *owner, bool gathered)
{
    struct agent *a = owner;
    losses_tell(&a->losses, now_ms(), uv_now(a->loop));
    committer_wake(a->committer, gathered);
}

static void resume(struct agent *a)
{
    if (a->intake != NULL && !committer_fails(a->committer))
        intake_resume(a->intake);
}

static void on_durable(void *owner)
{
    struct agent *a = owner;
    resume(a);
    if (a->uplink != NULL)
        uplink_wake(a->uplink);
}

static void on_trimmed(void *owner)
{
    resume(owner);
}

static void lose_forked(struct agent *a, const struct vd_spool_hole *hole)
{
    const struct loss loss = {.origin = intake_origin(a->intake),
                              .reason = VD_GAP_FORKED,
                              .count = hole->to - hole->from + 1,
                              .from = hole->from,
                              .to = hole->to,
                              .detail = vd_bytes_str(hole->why)};
    losses_add(&a->losses, &loss, now_ms());
    on_appended(a, false);
}

/* Two hosts with the same spool, or a spool that went back in time: the collector cannot tell their events
 * apart by number any more. */
static int on_forked(void *owner, uint64_t mark)
{
    struct agent *a = owner;
    uint8_t stream[VD_STREAM_BYTES];
    struct vd_spool_hole lost = {0};
    if (committer_busy(a->committer))
        return VD_EUNAVAILABLE; /* the uplink comes back soon, and is told again */
    int rc = vd_random_bytes(stream, sizeof stream);
    if (rc == 0)
        rc = vd_spool_fork(a->spool, stream, mark, &lost);
    if (rc != 0) {
        vd_log_error("the stream was forked, and no new one could be begun", VD_F_UINT("mark", mark),
                     VD_F_ERROR(rc));
        return rc;
    }
    vd_log_error("the stream was forked and a new one is begun: is this host, or its spool, a copy?",
                 VD_F_UINT("mark", mark), VD_F_UINT("events_kept", events_waiting(a)));
    if (lost.from > 0)
        lose_forked(a, &lost);
    return 0;
}

/* ---- The end */

static void on_part_closed(void *owner)
{
    struct agent *a = owner;
    a->parts_open--;
}

/* The committer is the last, so that what sources and losses brought is on its way to the disk. */
static void close_step(struct agent *a)
{
    if (!a->timer_open || a->parts_open > (a->committer != NULL ? 1 : 0))
        return;
    if (a->committer != NULL) {
        committer_close(a->committer, on_part_closed);
        a->committer = NULL;
        return;
    }
    uv_close((uv_handle_t *)&a->tick, NULL);
    a->timer_open = false;
}

static void say_end(struct agent *a)
{
    uint64_t left = events_waiting(a);
    const struct uplink_counters *sent = uplink_counters(a->uplink);
    vd_log_info("ending", VD_F_UINT("events_sent", sent->events_sent),
                VD_F_UINT("events_acknowledged", sent->events_acknowledged),
                VD_F_UINT("connects", sent->connects), VD_F_UINT("events_waiting", left),
                VD_F_UINT("events_lost", a->losses.total));
    if (left > 0)
        vd_log_info("events wait in the spool for the next start", VD_F_UINT("events", left));
    a->failed = a->failed || left > 0;
}

static void begin_closing(struct agent *a)
{
    a->phase = PHASE_CLOSING;
    if (a->uplink != NULL) {
        say_end(a);
        uplink_close(a->uplink, on_part_closed);
        a->uplink = NULL;
    }
    if (a->intake != NULL) {
        a->failed = a->failed || intake_failed(a->intake);
        losses_tell_all(&a->losses, now_ms());
        intake_close(a->intake, on_part_closed);
        a->intake = NULL;
    }
    uv_timer_start(&a->tick, on_tick, 0, 10);
}

/* ---- Time */

static uint64_t behind_ms(const struct agent *a)
{
    int64_t oldest_ms = vd_spool_oldest_ms(a->spool), age_ms = now_ms() - oldest_ms;
    return oldest_ms == 0 || age_ms < 0 ? 0 : (uint64_t)age_ms;
}

static void say_status(struct agent *a)
{
    bool connected = uplink_connected(a->uplink);
    if (connected == a->said_connected && a->ticks++ % STATUS_EVERY_TICKS != 0)
        return;
    a->said_connected = connected;
    uint64_t late_ms = behind_ms(a);
    vd_service_status("%s, %" PRIu64 " events waiting, the oldest for %" PRIu64 " s",
                      connected ? "connected" : "not connected", events_waiting(a), late_ms / 1000);
}

static void say_behind(struct agent *a)
{
    uint64_t late_ms = behind_ms(a), now = uv_now(a->loop);
    if (late_ms < BEHIND_MS || now - a->behind_said_ms < BEHIND_EVERY_MS)
        return;
    a->behind_said_ms = now;
    vd_log_warn("behind", VD_F_UINT("seconds", late_ms / 1000),
                VD_F_UINT("events_waiting", events_waiting(a)), VD_F_UINT("bytes", vd_spool_bytes(a->spool)),
                VD_F_STR("connected", uplink_connected(a->uplink) ? "yes" : "no"));
}

/* Whether draining still has a sense: without a collector, what waits is as safe in the spool. */
static bool may_drain(const struct agent *a)
{
    return uv_now(a->loop) < a->drain_until_ms && (a->once || uplink_connected(a->uplink));
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
    say_behind(a);
    resume(a);
    on_appended(a, false);
    bool empty = events_waiting(a) == 0;
    if (a->phase == PHASE_RUNNING && a->once && intake_at_end(a->intake) && empty)
        begin_closing(a);
    else if (a->phase == PHASE_DRAINING && (empty || !may_drain(a)))
        begin_closing(a);
}

void agent_stop(struct agent *a)
{
    if (a->phase != PHASE_RUNNING)
        return;
    a->phase = PHASE_DRAINING;
    a->drain_until_ms = uv_now(a->loop) + a->config->shutdown.drain_timeout_ms;
    intake_stop(a->intake);
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

static void say_recovery(const struct agent *a, const struct vd_spool_recovery *found)
{
    vd_log_info("spool open", VD_F_STR("folder", a->config->spool.folder), VD_F_UINT("events", found->events),
                VD_F_UINT("first", vd_spool_first(a->spool)), VD_F_UINT("next", vd_spool_next(a->spool)),
                VD_F_UINT("cut_bytes", found->cut_bytes));
    if (found->holes > 0 || found->set_aside_files > 0)
        vd_log_error("the spool was damaged: what was lost is told as a GAP",
                     VD_F_UINT("holes", found->holes), VD_F_UINT("files_set_aside", found->set_aside_files));
}

static int open_spool(struct agent *a, char *error)
{
    const struct agent_spool_config *config = &a->config->spool;
    char name[2 * VD_NAME_BYTES], why[VD_SPOOL_ERROR_BYTES] = "";
    struct vd_spool_recovery found = {0};
    struct vd_spool_options options = {.folder = config->folder,
                                       .agent = name,
                                       .max_bytes = config->max_bytes,
                                       .free_floor_bytes = config->free_floor_bytes,
                                       .commit_age_ms = COMMIT_AGE_MS,
                                       .commit_bytes = COMMIT_BYTES};
    a->identity = *vd_tls_context_identity(a->tls);
    snprintf(name, sizeof name, "%s/%s", a->identity.tenant, a->identity.name);
    int rc = vd_random_bytes(options.new_stream, sizeof options.new_stream);
    if (rc == 0)
        rc = vd_spool_open(&a->spool, &options, &found, why);
    if (rc != 0)
        snprintf(error, AGENT_ERROR_BYTES, "spool: %s", why[0] != '\0' ? why : vd_error_text(rc));
    else
        say_recovery(a, &found);
    return rc;
}

static int open_committer(struct agent *a)
{
    const struct committer_options options = {.loop = a->loop,
                                              .spool = a->spool,
                                              .age_ms = COMMIT_AGE_MS,
                                              .always = a->config->spool.sync == AGENT_SYNC_ALWAYS,
                                              .now_ms = now_ms,
                                              .owner = a,
                                              .durable = on_durable};
    int rc = committer_start(&a->committer, &options);
    a->parts_open += a->committer != NULL;
    return rc;
}

static int open_intake(struct agent *a, char *error)
{
    const struct intake_options options = {.loop = a->loop,
                                           .config = a->config,
                                           .spool = a->spool,
                                           .losses = &a->losses,
                                           .hostname = a->hostname,
                                           .now_ms = now_ms,
                                           .once = a->once,
                                           .owner = a,
                                           .appended = on_appended};
    int rc = intake_open(&a->intake, &options, error);
    a->parts_open += a->intake != NULL;
    return rc;
}

static int open_uplink(struct agent *a, char *error)
{
    const struct agent_config *config = a->config;
    struct uplink_options options = {.net = &a->net,
                                     .tls = a->tls,
                                     .spool = a->spool,
                                     .collector_count = config->collectors_count,
                                     .batch_max_events = config->batch.max_events,
                                     .batch_max_bytes = config->batch.max_bytes,
                                     .batch_max_age_ms = config->batch.max_age_ms,
                                     .reconnect_min_ms = config->reconnect.min_ms,
                                     .reconnect_max_ms = config->reconnect.max_ms,
                                     .connect_timeout_ms = config->reconnect.connect_timeout_ms,
                                     .heartbeat_ms = config->heartbeat_ms,
                                     .now_ms = now_ms,
                                     .owner = a,
                                     .trimmed = on_trimmed,
                                     .forked = on_forked};
    for (size_t i = 0; i < config->collectors_count && i < UPLINK_COLLECTORS_MAX; i++) {
        if (vd_address_parse(&options.collectors[i], config->collectors[i]) != 0) {
            snprintf(error, AGENT_ERROR_BYTES, "'%s' is no host:port of a collector", config->collectors[i]);
            return VD_ECONFIG;
        }
    }
    int rc = vd_random_bytes(&options.random_seed, sizeof options.random_seed);
    if (rc == 0)
        rc = uplink_start(&a->uplink, &options);
    a->parts_open += a->uplink != NULL;
    return rc;
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
    losses_init(&a->losses);
    if (gethostname(a->hostname, sizeof a->hostname - 1) != 0)
        snprintf(a->hostname, sizeof a->hostname, "localhost");
    uv_timer_init(loop, &a->tick);
    a->tick.data = a;
    a->timer_open = true;
    uint64_t tick_ms = once ? TICK_ONCE_MS : TICK_MS;
    uv_timer_start(&a->tick, on_tick, tick_ms, tick_ms);
    int rc = vd_net_init(&a->net, loop);
    if (rc == 0)
        rc = vd_tls_config_load(&a->tls, &config->tls, false, NULL, error);
    if (rc == 0)
        rc = open_spool(a, error);
    if (rc == 0)
        rc = open_committer(a);
    if (rc == 0)
        rc = open_intake(a, error);
    if (rc == 0)
        rc = open_uplink(a, error);
    *out = a;
    if (rc != 0)
        begin_closing(a);
    return rc;
}

static bool same_agent(const struct vd_identity *a, const struct vd_identity *b)
{
    return strcmp(a->tenant, b->tenant) == 0 && strcmp(a->name, b->name) == 0;
}

int agent_reload(struct agent *a, const struct agent_config *fresh, char *error)
{
    struct vd_tls_context *tls;
    int rc = vd_tls_config_load(&tls, &fresh->tls, false, a->tls, error);
    if (rc != 0)
        return rc;
    if (!same_agent(&a->identity, vd_tls_context_identity(tls))) {
        snprintf(error, AGENT_ERROR_BYTES, "the new certificate names another agent: that needs a restart");
        vd_tls_context_unref(tls);
        return VD_EIDENTITY;
    }
    uplink_set_tls(a->uplink, tls);
    vd_tls_context_unref(a->tls); /* an open connection keeps its own */
    a->tls = tls;
    return 0;
}

void agent_free(struct agent *a)
{
    losses_deinit(&a->losses);
    if (a->spool != NULL)
        vd_spool_close(a->spool);
    if (a->tls != NULL)
        vd_tls_context_unref(a->tls);
    vd_net_deinit(&a->net);
    vd_free(a);
}
