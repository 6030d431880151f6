/* The tenure of a shard over a log that does what the test says: claimed, served, in trouble, fenced,
 * revoked, let go; and that nothing is claimed that is not wanted. */
#include "unit.h"

#include <stdio.h>
#include <vedette/error.h>

#include "ownership/tenure.h"

/* ---- The log: these take the place of core/kafka/shard_log.c in this program */

struct vd_shard_log {
    struct vd_shard_log_options options;
    uv_timer_t closing;
    void (*closed)(void *arg);
    bool committing, full;
    size_t sent, chunks;
};

static struct vd_shard_log the_log;
static bool log_open;
static unsigned opens, snapshots;
static struct owner last_owner; /* as last written into the directory */

int vd_shard_log_open(struct vd_shard_log **out, const struct vd_shard_log_options *options, char *error)
{
    (void)error;
    assert_false(log_open); /* never two handles: the one would fence the other */
    log_open = true;
    opens++;
    the_log = (struct vd_shard_log){.options = *options};
    uv_timer_init(options->loop, &the_log.closing);
    *out = &the_log;
    return 0;
}

int vd_shard_log_send(struct vd_shard_log *log, const struct vd_record *record, const char **why)
{
    struct owners directory;
    *why = "";
    if (log->committing)
        return VD_EUNAVAILABLE;
    if (record->topic == VD_TOPIC_SHARDS) {
        assert_int_equal(owners_init(&directory, 8), 0);
        assert_int_equal(owners_learn(&directory, record->key, record->value), 5);
        last_owner = directory.shards[5];
        owners_deinit(&directory);
    }
    log->sent++;
    return 0;
}

void vd_shard_log_commit(struct vd_shard_log *log)
{
    assert_false(log->committing);
    assert_true(log->sent > 0);
    log->sent = 0;
    log->committing = true;
}

bool vd_shard_log_committing(const struct vd_shard_log *log)
{
    return log->committing;
}

int vd_shard_log_snapshot_begin(struct vd_shard_log *log, int64_t events_offset, uint32_t chunk_count)
{
    (void)log, (void)events_offset;
    assert_true(chunk_count > 0);
    snapshots++;
    return 0;
}

int vd_shard_log_snapshot_chunk(struct vd_shard_log *log, struct vd_bytes chunk, const char **why)
{
    (void)chunk;
    *why = "";
    if (log->full) /* a while */
        return VD_EFULL;
    log->sent++;
    log->chunks++;
    return 0;
}

static void on_closing_closed(uv_handle_t *handle)
{
    (void)handle;
    log_open = false;
    the_log.closed(the_log.options.arg);
}

void vd_shard_log_close(struct vd_shard_log *log, void (*cb)(void *arg))
{
    log->closed = cb;
    uv_close((uv_handle_t *)&log->closing, on_closing_closed);
}

/* ---- The collector around it */

struct world {
    uv_loop_t loop;
    struct flow flow;
    struct blocks blocks;
    struct metrics metrics;
    struct tenure_terms terms;
    struct tenure tenure;
    struct shard *shard;
    unsigned released;
    bool closed;
};

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    (void)arg, (void)why;
    shard_delivered(opaque, count, error, 1);
}

static void on_released(void *arg, int32_t shard)
{
    struct world *w = arg;
    assert_int_equal(shard, 5);
    w->released++;
}

static void on_snapshotted(void *arg, int32_t shard, int64_t state_offset)
{
    (void)arg, (void)shard, (void)state_offset;
}

static uint64_t next_epoch(void *arg, int32_t shard)
{
    (void)arg;
    return (uint64_t)shard + 2;
}

static void setup(struct world *w)
{
    *w = (struct world){.flow = {.bytes_max = 1 << 20, .events_max = 1000}};
    uv_loop_init(&w->loop);
    blocks_init(&w->blocks, 4);
    opens = snapshots = 0;
    last_owner = (struct owner){0};
    w->terms = (struct tenure_terms){.loop = &w->loop,
                                     .prefix = "t",
                                     .group = "g",
                                     .collector = "c1",
                                     .address = "c1.example:7170",
                                     .heartbeat_ms = 8,
                                     .snapshot_when = {.events_max = 1000, .age_ms = 1000000},
                                     .streams_max = 10,
                                     .when = {1, 1, 1, 100, 1 << 20},
                                     .flow = &w->flow,
                                     .metrics = &w->metrics,
                                     .delivered = on_delivered,
                                     .released = on_released,
                                     .snapshotted = on_snapshotted,
                                     .epoch = next_epoch,
                                     .arg = w};
    tenure_init(&w->tenure, &w->terms, 5);
    struct shard_options options = {.partition = 5,
                                    .outlet = tenure_outlet(&w->tenure),
                                    .flow = &w->flow,
                                    .blocks = &w->blocks,
                                    .metrics = &w->metrics,
                                    .entities_max = 1024,
                                    .streams_max = 10,
                                    .event_max_bytes = 4096};
    assert_int_equal(shard_new(&w->shard, &options), 0);
    tenure_bind(&w->tenure, w->shard);
}

static void on_closed(void *arg)
{
    struct world *w = arg;
    w->closed = true;
}

static void teardown(struct world *w)
{
    tenure_close(&w->tenure, on_closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_false(log_open);
    shard_free(w->shard);
    blocks_deinit(&w->blocks);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void log_opens(void)
{
    the_log.options.callbacks.opened(the_log.options.arg);
}

static void log_commits(int64_t end_offset)
{
    assert_true(the_log.committing);
    the_log.committing = false;
    the_log.options.callbacks.committed(the_log.options.arg, end_offset);
}

static void log_fails(enum vd_shard_log_failure failure)
{
    the_log.options.callbacks.failed(the_log.options.arg, failure, "as the test says");
}

static void serve(struct world *w)
{
    tenure_assign(&w->tenure);
    assert_int_equal(w->tenure.state, TENURE_CLAIMING);
    log_opens();
    assert_int_equal(w->tenure.state, TENURE_SERVING);
    log_commits(10);
}

static void run_until(struct world *w, enum tenure_state state)
{
    for (int turns = 0; w->tenure.state != state; turns++) {
        assert_true(turns < 10000);
        uv_run(&w->loop, UV_RUN_ONCE);
    }
}

/* ---- Tests */

static void what_is_assigned_is_claimed_and_told(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    assert_string_equal(last_owner.collector, "c1");
    assert_string_equal(last_owner.address, "c1.example:7170");
    assert_int_equal(last_owner.epoch, 7);
    assert_int_equal(w.metrics.recoveries.count, 1);
    assert_int_equal(w.metrics.commits.count, 1);
    teardown(&w);
}

static void trouble_is_answered_at_once_and_then_more_slowly(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    uint64_t begun = uv_hrtime();
    log_fails(VD_SHARD_LOG_TROUBLE);
    assert_int_equal(w.tenure.state, TENURE_CLOSING);
    run_until(&w, TENURE_CLAIMING);
    assert_true(uv_hrtime() - begun < 90 * 1000000ull);
    begun = uv_hrtime();
    log_fails(VD_SHARD_LOG_TROUBLE);
    run_until(&w, TENURE_CLAIMING);
    assert_true(uv_hrtime() - begun >= 95 * 1000000ull);
    assert_int_equal(opens, 3);
    assert_int_equal(w.metrics.transactions_failed, 2);
    assert_int_equal(w.metrics.shards_fenced, 0);
    teardown(&w);
}

static void fenced_it_waits_and_claims_only_what_is_still_assigned(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    uint64_t begun = uv_hrtime();
    log_fails(VD_SHARD_LOG_FENCED);
    run_until(&w, TENURE_CLAIMING);
    assert_true(uv_hrtime() - begun >= 19 * 1000000ull); /* 2.5 heartbeats */
    log_opens();
    log_commits(20);
    log_fails(VD_SHARD_LOG_FENCED);
    run_until(&w, TENURE_WAITING);
    tenure_revoke(&w.tenure, false);
    assert_int_equal(w.tenure.state, TENURE_IDLE);
    assert_int_equal(w.released, 1);
    assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0); /* nothing is planned any more */
    assert_int_equal(opens, 2);
    assert_int_equal(w.metrics.shards_fenced, 2);
    teardown(&w);
}

static void who_only_acts_steps_back_when_fenced(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    tenure_act(&w.tenure);
    log_opens();
    log_commits(10);
    log_fails(VD_SHARD_LOG_FENCED);
    run_until(&w, TENURE_IDLE);
    assert_int_equal(opens, 1);
    assert_int_equal(w.released, 0);
    teardown(&w);
}

static void a_later_owner_in_the_directory_fences(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    tenure_listed(&w.tenure, false); /* of somebody before: read late */
    assert_int_equal(w.tenure.state, TENURE_SERVING);
    tenure_listed(&w.tenure, true);
    assert_int_equal(w.tenure.state, TENURE_SERVING);
    tenure_listed(&w.tenure, false);
    assert_int_equal(w.tenure.state, TENURE_CLOSING);
    assert_int_equal(w.metrics.shards_fenced, 1);
    teardown(&w);
}

static void a_revoked_shard_is_committed_closed_and_released(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    tenure_assign(&w.tenure);
    log_opens();
    tenure_revoke(&w.tenure, false); /* the first commit is under way */
    assert_int_equal(w.tenure.state, TENURE_RELEASING);
    log_commits(10);
    run_until(&w, TENURE_IDLE);
    assert_int_equal(w.released, 1);
    assert_string_equal(last_owner.address,
                        "c1.example:7170"); /* the group has the next one: none is let go */
    teardown(&w);
}

static void a_lost_shard_is_closed_without_a_commit(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    tenure_revoke(&w.tenure, true);
    assert_int_equal(w.tenure.state, TENURE_CLOSING);
    run_until(&w, TENURE_IDLE);
    assert_false(the_log.committing);
    assert_int_equal(w.released, 0);
    teardown(&w);
}

static void at_the_end_the_shard_is_let_go_in_a_last_transaction(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    tenure_release(&w.tenure);
    assert_int_equal(w.tenure.state, TENURE_RELEASING);
    assert_string_equal(last_owner.address, "");
    assert_string_equal(last_owner.collector, "c1");
    log_commits(11);
    run_until(&w, TENURE_IDLE);
    tenure_assign(&w.tenure); /* too late */
    assert_int_equal(w.tenure.state, TENURE_IDLE);
    assert_int_equal(opens, 1);
    teardown(&w);
}

static void a_claim_that_is_revoked_is_given_up(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    tenure_assign(&w.tenure);
    tenure_revoke(&w.tenure, false);
    run_until(&w, TENURE_IDLE);
    assert_int_equal(w.released, 1);
    tenure_assign(&w.tenure);
    tenure_revoke(&w.tenure, false);
    tenure_assign(&w.tenure); /* and wanted again while its log closes */
    run_until(&w, TENURE_CLAIMING);
    assert_int_equal(opens, 3);
    assert_int_equal(w.released, 1);
    teardown(&w);
}

static void a_snapshot_is_written_when_enough_has_come_since(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    serve(&w);
    assert_int_equal(snapshots, 0);
    exactly_once_sent_own(&w.tenure.outlet);
    the_log.sent = 1;
    exactly_once_hurry(&w.tenure.outlet);
    log_commits(1009);
    assert_int_equal(snapshots, 0);
    exactly_once_sent_own(&w.tenure.outlet);
    the_log.sent = 1;
    exactly_once_hurry(&w.tenure.outlet);
    log_commits(1010);
    assert_int_equal(snapshots, 1);
    teardown(&w);
}

static void a_light_snapshot_is_written_more_often(void **state)
{
    (void)state;
    const struct snapshot_when when = {.events_max = 500000, .age_ms = 60000};
    const struct {
        struct snapshot_load load;
        bool due;
    } cases[] = {
        {{.events = 0, .age_ms = 10000000}, false},
        {{.events = 1, .age_ms = 59999}, false},
        {{.events = 1, .age_ms = 60000}, true},
        {{.events = 500000, .age_ms = 0}, true},
        {{.events = 499999, .age_ms = 999}, false},
        {{.events = 20040, .bytes = 1000, .age_ms = 1000}, true},
        {{.events = 20039, .bytes = 1000, .age_ms = 1000}, false},
        {{.events = 20040, .bytes = 1000, .age_ms = 999}, false},
        {{.events = 400000, .bytes = 10000000, .age_ms = 59999},
         false}, /* a twenty-fourth of what it saves */
        {{.events = 420000, .bytes = 10000000, .age_ms = 1000}, true},
        {{.events = 33333, .bytes = 10000000, .age_ms = 60000}, true}, /* half of it */
        {{.events = 33332, .bytes = 10000000, .age_ms = 60000}, false},
        {{.events = 1, .bytes = 10000000, .age_ms = 3599999}, false},
        {{.events = 1, .bytes = 10000000, .age_ms = 3600000}, true}, /* events do not stay for ever */
        {{.events = 500000, .bytes = 150000001, .age_ms = 0}, true},
        {{.events = 500000, .bytes = 151000000, .age_ms = 0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(snapshot_due(&when, &cases[i].load), cases[i].due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_assigned_is_claimed_and_told),
        cmocka_unit_test(trouble_is_answered_at_once_and_then_more_slowly),
        cmocka_unit_test(fenced_it_waits_and_claims_only_what_is_still_assigned),
        cmocka_unit_test(who_only_acts_steps_back_when_fenced),
        cmocka_unit_test(a_later_owner_in_the_directory_fences),
        cmocka_unit_test(a_revoked_shard_is_committed_closed_and_released),
        cmocka_unit_test(a_lost_shard_is_closed_without_a_commit),
        cmocka_unit_test(at_the_end_the_shard_is_let_go_in_a_last_transaction),
        cmocka_unit_test(a_claim_that_is_revoked_is_given_up),
        cmocka_unit_test(a_snapshot_is_written_when_enough_has_come_since),
        cmocka_unit_test(a_light_snapshot_is_written_more_often),
    };
    return cmocka_run_group_tests_name("tenure", tests, NULL, NULL);
}
