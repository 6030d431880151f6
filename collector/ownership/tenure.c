/* The states of a tenure; tenure.h tells its happy path and how it fails. */
#include "ownership/tenure.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

enum {
    STEADY_MS = 30000,  /* served for so long: what failed before is forgotten */
    AGAIN_MIN_MS = 100, /* after the second trouble in a row; the first is answered at once */
    AGAIN_MAX_MS = 10000,
    FENCED_MAX_MS = 60000,
    RELEASE_LIMIT_MS = 4000,       /* the group waits for 5 s */
    SNAPSHOT_WORTH_EVENTS = 20000, /* at the end of a tenure: what the next owner would have to read */
    SNAPSHOT_LAST_BYTES = 32 * 1024 * 1024, /* and what can be written at once then */
    SNAPSHOT_STEP_BYTES = 4 * 1024 * 1024,
};

enum { UNKNOWN = -1 }; /* as an offset */

static const char *const STATES[] = {
    [TENURE_IDLE] = "idle",           [TENURE_CLAIMING] = "claiming", [TENURE_SERVING] = "serving",
    [TENURE_RELEASING] = "releasing", [TENURE_CLOSING] = "closing",   [TENURE_WAITING] = "waiting"};

static void enter(struct tenure *t, enum tenure_state state, const char *why)
{
    t->state = state;
    snprintf(t->why, sizeof t->why, "%s", why);
    vd_log_debug("shard", VD_F_INT("shard", t->number), VD_F_STR("state", STATES[state]),
                 VD_F_STR("why", why));
}

static void claim(struct tenure *t);

/* ---- The end of a log: whatever comes next begins with its closing */

static uint64_t again_after_ms(const struct tenure *t)
{
    uint32_t shift = t->failures > 1 ? t->failures - 1 : 0;
    if (t->fenced) {
        uint64_t wait_ms = (uint64_t)t->terms->heartbeat_ms * 5 / 2 << (shift < 6 ? shift : 6);
        return wait_ms < FENCED_MAX_MS ? wait_ms : FENCED_MAX_MS;
    }
    if (t->failures <= 1)
        return 0;
    uint64_t wait_ms = (uint64_t)AGAIN_MIN_MS << (shift < 7 ? shift - 1 : 6);
    return wait_ms < AGAIN_MAX_MS ? wait_ms : AGAIN_MAX_MS;
}

static void on_again(uv_timer_t *timer)
{
    struct tenure *t = timer->data;
    if (tenure_wanted(t))
        claim(t);
    else
        enter(t, TENURE_IDLE, "");
}

static void come_to_rest(struct tenure *t)
{
    bool told = t->told_to_release;
    t->told_to_release = false;
    enter(t, TENURE_IDLE, "");
    if (told)
        t->terms->released(t->terms->arg, t->number);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct tenure *t = handle->data;
    t->on_close(t->terms->arg);
}

static void on_outlet_closed(void *arg)
{
    struct tenure *t = arg;
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
}

static void on_log_closed(void *arg)
{
    struct tenure *t = arg;
    t->log = NULL;
    exactly_once_end(&t->outlet, t->why);
    recovery_deinit(&t->recovery);
    if (t->on_close != NULL) {
        exactly_once_close(&t->outlet, on_outlet_closed);
    } else if (tenure_wanted(t)) {
        uint64_t wait_ms = again_after_ms(t);
        t->state = TENURE_WAITING;
        uv_timer_start(&t->timer, on_again, wait_ms, 0);
    } else {
        come_to_rest(t);
    }
}

/* Whatever the log has not committed is given up, and so are the streams, whose sessions go. */
static void close_log(struct tenure *t, const char *why)
{
    uv_timer_stop(&t->timer);
    exactly_once_stop(&t->outlet);
    scribe_end(&t->scribe);
    if (!t->lets_go) /* else they are shown the next owner once there is one */
        shard_dismiss(t->shard);
    enter(t, TENURE_CLOSING, why);
    vd_shard_log_close(t->log, on_log_closed);
}

static void fail(struct tenure *t, enum vd_shard_log_failure failure, const char *why)
{
    char kept[VD_KAFKA_ERROR_BYTES]; /* why may be the log's own */
    snprintf(kept, sizeof kept, "%s", why);
    if (t->serving_since_ms != 0 && uv_now(t->terms->loop) - t->serving_since_ms > STEADY_MS)
        t->failures = 0;
    t->failures++;
    t->serving_since_ms = 0;
    t->fenced = failure == VD_SHARD_LOG_FENCED;
    if (t->fenced) {
        t->acting = false;
        t->terms->metrics->shards_fenced++;
    }
    t->terms->metrics->transactions_failed++;
    vd_log_warn(t->fenced ? "shard has another owner" : "shard in trouble", VD_F_INT("shard", t->number),
                VD_F_STR("why", kept), VD_F_UINT("failures", t->failures));
    close_log(t, kept);
}

static void on_release_hangs(uv_timer_t *timer)
{
    struct tenure *t = timer->data;
    vd_log_warn("shard released without a last commit", VD_F_INT("shard", t->number),
                VD_F_STR("why", t->why[0] != '\0' ? t->why : "the commit takes too long"));
    close_log(t, "the shard is released");
}

/* ---- Snapshots and the directory: records of our own in the shard's transactions */

static size_t state_bytes(const struct tenure *t)
{
    return shard_streams(t->shard)->count * SNAPSHOT_MARK_BYTES + score_state_bytes(shard_score(t->shard));
}

/* Of a large state a little with each transaction. */
static void go_on_writing(struct tenure *t, size_t bytes)
{
    const char *why;
    int rc = scribe_go_on(&t->scribe, bytes, &why);
    if (rc < 0)
        vd_log_warn("snapshot not written", VD_F_INT("shard", t->number), VD_F_ERROR(rc),
                    VD_F_STR("why", why)); /* the one before serves, and more is read back */
    else
        exactly_once_sent_own(&t->outlet);
    if (rc > 0)
        t->snapshot_end_offset = t->writing_end_offset;
}

/* All that was taken is sent; scored: of it, since the last commit. */
static void begin_writing(struct tenure *t, uint64_t scored, size_t bytes)
{
    const struct scribe_subject subject = {.log = t->log,
                                           .streams = shard_streams(t->shard),
                                           .score = shard_score(t->shard),
                                           .events_offset = t->end_offset,
                                           .ahead = scored};
    int rc = scribe_begin(&t->scribe, &subject);
    t->snapshot_at_ms = uv_now(t->terms->loop);
    t->writing_end_offset = t->end_offset;
    if (rc == 0 && (bytes == SIZE_MAX || !scribe_is_large(&t->scribe)))
        go_on_writing(t, bytes);
    else if (rc != 0)
        vd_log_warn("snapshot not begun", VD_F_INT("shard", t->number), VD_F_ERROR(rc));
}

static bool snapshot_is_due(const struct tenure *t)
{
    const struct snapshot_load load = {.events = t->end_offset - t->snapshot_end_offset,
                                       .bytes = state_bytes(t),
                                       .age_ms = uv_now(t->terms->loop) - t->snapshot_at_ms};
    return snapshot_due(&t->terms->snapshot_when, &load);
}

/* address: "" lets the shard go. */
static int write_owner(struct tenure *t, const char *address)
{
    const char *why = "";
    char key[OWNER_KEY_BYTES];
    struct owner owner = {.epoch = t->terms->epoch(t->terms->arg, t->number)};
    snprintf(owner.collector, sizeof owner.collector, "%s", t->terms->collector);
    snprintf(owner.address, sizeof owner.address, "%s", address);
    struct vd_record record = {.topic = VD_TOPIC_SHARDS,
                               .partition = -1,
                               .key = owner_shard_key(key, t->number),
                               .value = owner_write(t->owner_value, &owner)};
    int rc = vd_shard_log_send(t->log, &record, &why);
    if (rc == 0)
        exactly_once_sent_own(&t->outlet);
    else
        vd_log_warn("owner not written into the directory", VD_F_INT("shard", t->number), VD_F_ERROR(rc),
                    VD_F_STR("why", why));
    return rc;
}

/* ---- Transactions */

static void on_committed_all(void *arg, int64_t end_offset, uint64_t took_ms)
{
    struct tenure *t = arg;
    t->end_offset = end_offset;
    if (t->snapshot_end_offset == UNKNOWN)
        t->snapshot_end_offset = end_offset - t->replayed;
    metrics_time(&t->terms->metrics->commits, took_ms);
    if (t->why[0] != '\0')
        enter(t, t->state, "");
}

static void on_settled(void *arg, uint64_t scored)
{
    struct tenure *t = arg;
    if (t->state != TENURE_SERVING)
        return;
    if (shard_score(t->shard) == NULL)
        fail(t, VD_SHARD_LOG_TROUBLE, "an event was scored and did not get into the log");
    else if (scribe_busy(&t->scribe))
        go_on_writing(t, SNAPSHOT_STEP_BYTES);
    else if (snapshot_is_due(t))
        begin_writing(t, scored, SNAPSHOT_STEP_BYTES);
}

/* What the next owner would have to read, if it is too much and can be written at once. */
static void write_last(struct tenure *t)
{
    scribe_end(&t->scribe);
    if (t->snapshot_end_offset != UNKNOWN &&
        t->end_offset - t->snapshot_end_offset >= SNAPSHOT_WORTH_EVENTS && shard_score(t->shard) != NULL &&
        state_bytes(t) <= SNAPSHOT_LAST_BYTES)
        begin_writing(t, 0, SIZE_MAX);
}

/* All is committed: a last transaction says so, and then the log closes. */
static void on_finished(void *arg)
{
    struct tenure *t = arg;
    if (!t->last_words_said) {
        t->last_words_said = true;
        write_last(t);
        if (t->lets_go)
            write_owner(t, "");
        exactly_once_finish(&t->outlet);
        return;
    }
    vd_log_info("shard released", VD_F_INT("shard", t->number));
    close_log(t, "the shard is released");
}

static void on_broken(void *arg, const char *why)
{
    fail(arg, VD_SHARD_LOG_TROUBLE, why);
}

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    const struct tenure *t = arg;
    t->terms->delivered(t->terms->arg, opaque, count, error, why);
}

/* ---- The log's callbacks */

static int on_restore(void *arg, struct vd_bytes chunk)
{
    struct tenure *t = arg;
    return recovery_restore(&t->recovery, chunk);
}

static int on_replay(void *arg, const struct vd_consumed *event)
{
    struct tenure *t = arg;
    return recovery_replay(&t->recovery, event);
}

static int on_undecided(void *arg, const struct vd_undecided *undecided, struct vd_record *record)
{
    struct tenure *t = arg;
    return recovery_undecided(&t->recovery, t->number, undecided, record);
}

static void on_opened(void *arg)
{
    struct tenure *t = arg;
    uint64_t now = uv_now(t->terms->loop);
    struct recovery *r = &t->recovery;
    if (recovery_end(r) != 0) {
        fail(t, VD_SHARD_LOG_TROUBLE, "out of memory");
        return;
    }
    metrics_time(&t->terms->metrics->recoveries, now - t->claim_begun_ms);
    vd_log_info("shard recovered", VD_F_INT("shard", t->number), VD_F_UINT("streams", r->streams.count),
                VD_F_UINT("marks", r->marks), VD_F_UINT("events", r->events), VD_F_UINT("scored", r->scored),
                VD_F_UINT("took_ms", now - t->claim_begun_ms));
    if (vd_buffer_len(&r->takeover.event) > 0)
        vd_log_warn("Kafka had forgotten how the shard's last transaction ended: its records count",
                    VD_F_INT("shard", t->number), VD_F_INT("from", r->takeover.offsets.from),
                    VD_F_INT("to", r->takeover.offsets.to));
    if (r->windows_lost != NULL)
        vd_log_warn("windows of a shard not taken over: they begin with the events since the snapshot",
                    VD_F_INT("shard", t->number), VD_F_STR("why", r->windows_lost));
    shard_adopt(t->shard, &r->streams, &r->score);
    exactly_once_begin(&t->outlet, t->log);
    t->replayed = (int64_t)(r->events + r->ignored);
    t->snapshot_end_offset = UNKNOWN; /* before the first commit tells where the log ends */
    t->snapshot_at_ms = t->serving_since_ms = now;
    t->fenced = false;
    enter(t, TENURE_SERVING, "");
    if (write_owner(t, t->terms->address) == 0)
        exactly_once_hurry(&t->outlet);
}

static void on_committed(void *arg, int64_t end_offset)
{
    struct tenure *t = arg;
    exactly_once_committed(&t->outlet, end_offset);
}

static void on_snapshotted(void *arg, int64_t state_offset)
{
    struct tenure *t = arg;
    t->terms->metrics->snapshots_written++;
    t->terms->snapshotted(t->terms->arg, t->number, state_offset);
}

static void on_failed(void *arg, enum vd_shard_log_failure failure, const char *why)
{
    fail(arg, failure, why);
}

static void on_waiting(void *arg, const char *why)
{
    struct tenure *t = arg;
    enter(t, t->state, why != NULL ? why : "");
}

static void claim(struct tenure *t)
{
    char error[VD_KAFKA_ERROR_BYTES] = "out of memory";
    struct vd_shard_log_options options = {.kafka = t->terms->kafka,
                                           .prefix = t->terms->prefix,
                                           .group = t->terms->group,
                                           .shard = t->number,
                                           .loop = t->terms->loop,
                                           .callbacks = {.restore = on_restore,
                                                         .replay = on_replay,
                                                         .undecided = on_undecided,
                                                         .opened = on_opened,
                                                         .committed = on_committed,
                                                         .snapshotted = on_snapshotted,
                                                         .failed = on_failed,
                                                         .waiting = on_waiting},
                                           .arg = t};
    t->claim_begun_ms = uv_now(t->terms->loop);
    t->last_words_said = t->listed = false;
    struct score_options score = shard_score_options(t->shard);
    shard_forget(t->shard);
    int rc = recovery_init(&t->recovery, t->terms->streams_max, &score);
    if (rc == 0)
        rc = vd_shard_log_open(&t->log, &options, error);
    if (rc == 0) {
        enter(t, TENURE_CLAIMING, "the shard's log is opened and read");
        return;
    }
    recovery_deinit(&t->recovery);
    t->failures++;
    vd_log_error("shard's log not opened", VD_F_INT("shard", t->number), VD_F_ERROR(rc),
                 VD_F_STR("why", error));
    enter(t, TENURE_WAITING, error);
    uv_timer_start(&t->timer, on_again, AGAIN_MAX_MS, 0);
}

/* ---- What the collector says */

void tenure_init(struct tenure *t, const struct tenure_terms *terms, int32_t number)
{
    *t = (struct tenure){.terms = terms, .number = number};
    struct exactly_once_options options = {.loop = terms->loop,
                                           .when = &terms->when,
                                           .flow = terms->flow,
                                           .callbacks = {.delivered = on_delivered,
                                                         .committed = on_committed_all,
                                                         .settled = on_settled,
                                                         .finished = on_finished,
                                                         .broken = on_broken},
                                           .arg = t};
    exactly_once_init(&t->outlet, &options);
    uv_timer_init(terms->loop, &t->timer);
    t->timer.data = t;
}

struct outlet *tenure_outlet(struct tenure *t)
{
    return &t->outlet.outlet;
}

void tenure_bind(struct tenure *t, struct shard *shard)
{
    t->shard = shard;
}

static void claim_if_idle(struct tenure *t)
{
    if (t->state != TENURE_IDLE || !tenure_wanted(t))
        return;
    t->failures = 0;
    claim(t);
}

void tenure_assign(struct tenure *t)
{
    t->assigned = true;
    t->told_to_release = false;
    claim_if_idle(t);
}

void tenure_act(struct tenure *t)
{
    t->acting = true;
    claim_if_idle(t);
}

void tenure_listed(struct tenure *t, bool ours)
{
    if (t->state != TENURE_SERVING)
        return;
    /* A record of somebody before us may be read late; one that follows ours is of somebody after us. */
    if (ours)
        t->listed = true;
    else if (t->listed)
        fail(t, VD_SHARD_LOG_FENCED, "the directory names another collector");
}

static void leave(struct tenure *t)
{
    switch (t->state) {
    case TENURE_SERVING:
        enter(t, TENURE_RELEASING, "");
        uv_timer_start(&t->timer, on_release_hangs, RELEASE_LIMIT_MS, 0);
        exactly_once_finish(&t->outlet);
        break;
    case TENURE_CLAIMING:
        close_log(t, "the shard is released");
        break;
    case TENURE_WAITING:
        uv_timer_stop(&t->timer);
        come_to_rest(t);
        break;
    case TENURE_IDLE:
        come_to_rest(t);
        break;
    default:
        break; /* it is on its way */
    }
}

void tenure_revoke(struct tenure *t, bool lost)
{
    t->assigned = t->acting = false;
    t->told_to_release = !lost;
    if (lost && (t->state == TENURE_SERVING || t->state == TENURE_RELEASING)) {
        vd_log_warn("shard lost: the group has not heard from this collector in time",
                    VD_F_INT("shard", t->number));
        close_log(t, "the shard may be another collector's by now");
    } else {
        leave(t);
    }
}

void tenure_release(struct tenure *t)
{
    t->stopping = t->lets_go = true;
    leave(t);
}

void tenure_hurry(struct tenure *t)
{
    exactly_once_hurry(&t->outlet);
}

void tenure_close(struct tenure *t, void (*cb)(void *arg))
{
    t->stopping = true;
    t->on_close = cb;
    uv_timer_stop(&t->timer);
    if (t->state == TENURE_CLOSING)
        return;
    if (t->log != NULL)
        close_log(t, "the collector ends");
    else
        exactly_once_close(&t->outlet, on_outlet_closed);
}
