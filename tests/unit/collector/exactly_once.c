/* Transactions of a shard over a log made of arrays: what goes into which, when each ends, what is told as
 * kept, and what is given back when the log fails. */
#include "unit.h"

#include <stdio.h>
#include <vedette/error.h>

#include "publish/exactly_once.h"

enum { RECORDS_MAX = 512 };

/* ---- The log: these take the place of core/kafka/shard_log.c in this program */

struct vd_shard_log {
    int values[RECORDS_MAX]; /* all that was ever sent */
    size_t sent, open;       /* open: in this transaction */
    size_t room;             /* of its queue; 0: none left */
    int answer;              /* what send says instead of taking */
    unsigned commits;
    bool committing;
};

int vd_shard_log_send(struct vd_shard_log *log, const struct vd_record *record, const char **why)
{
    *why = "as the test says";
    if (log->committing)
        return VD_EUNAVAILABLE;
    if (log->answer != 0)
        return log->answer;
    if (log->open >= log->room)
        return VD_EFULL;
    assert_true(log->sent < RECORDS_MAX);
    log->values[log->sent++] = record->value.data[0];
    log->open++;
    return 0;
}

void vd_shard_log_commit(struct vd_shard_log *log)
{
    assert_false(log->committing);
    assert_true(log->open > 0);
    log->committing = true;
    log->commits++;
}

bool vd_shard_log_committing(const struct vd_shard_log *log)
{
    return log->committing;
}

/* ---- The owner */

struct world {
    uv_loop_t loop;
    struct vd_shard_log log;
    struct exactly_once outlet;
    struct commit_when when;
    struct flow flow;
    char told[1024]; /* "a2 b1 |": runs delivered, and a bar for each commit */
    unsigned finished, broken, failed_records;
    bool snapshot, closed;
};

static void say(struct world *w, const char *text)
{
    size_t len = strlen(w->told);
    snprintf(w->told + len, sizeof w->told - len, "%s", text);
}

static void on_delivered(void *arg, void *opaque, uint32_t count, int error, const char *why)
{
    struct world *w = arg;
    char text[64];
    assert_non_null(why);
    if (error != 0)
        w->failed_records += count;
    snprintf(text, sizeof text, "%s%s%u ", error != 0 ? "!" : "", (const char *)opaque, count);
    say(w, text);
}

static void on_committed(void *arg, int64_t end_offset, uint64_t took_ms)
{
    struct world *w = arg;
    (void)took_ms;
    assert_int_equal(end_offset, 100);
    say(w, "| ");
    if (w->snapshot) {
        w->snapshot = false;
        w->log.values[w->log.sent++] = 's';
        w->log.open++;
        exactly_once_sent_own(&w->outlet);
    }
}

static void on_finished(void *arg)
{
    struct world *w = arg;
    w->finished++;
}

static void on_broken(void *arg, const char *why)
{
    struct world *w = arg;
    (void)why;
    w->broken++;
}

static void on_closed(void *arg)
{
    struct world *w = arg;
    w->closed = true;
}

static void setup(struct world *w)
{
    *w = (struct world){
        .log = {.room = RECORDS_MAX},
        .when = {.busy_ms = 5, .busy_events = 4, .idle_ms = 40, .full_events = 8, .full_bytes = 100}};
    uv_loop_init(&w->loop);
    struct exactly_once_options options = {.loop = &w->loop,
                                           .when = &w->when,
                                           .flow = &w->flow,
                                           .callbacks = {.delivered = on_delivered,
                                                         .committed = on_committed,
                                                         .finished = on_finished,
                                                         .broken = on_broken},
                                           .arg = w};
    exactly_once_init(&w->outlet, &options);
    exactly_once_begin(&w->outlet, &w->log);
}

static void teardown(struct world *w)
{
    exactly_once_stop(&w->outlet);
    exactly_once_end(&w->outlet, "the end");
    exactly_once_close(&w->outlet, on_closed);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static int send_one(struct world *w, const char *batch)
{
    struct outlet_record record = {.key = vd_bytes_str("t/a"),
                                   .tenant = vd_bytes_str("t"),
                                   .value = vd_bytes_str(batch),
                                   .opaque = (void *)(uintptr_t)batch};
    return w->outlet.outlet.send(&w->outlet, &record);
}

static void send_batch(struct world *w, const char *batch, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(send_one(w, batch), 0);
    w->outlet.outlet.batch_sent(&w->outlet);
}

static void commit_answers(struct world *w)
{
    assert_true(w->log.committing);
    w->log.committing = false;
    w->log.open = 0;
    exactly_once_committed(&w->outlet, 100);
}

static void run_until_commit(struct world *w)
{
    while (!w->log.committing)
        uv_run(&w->loop, UV_RUN_ONCE);
}

/* ---- Tests */

static void what_was_sent_is_kept_by_the_commit_in_runs(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 2);
    send_batch(&w, "b", 3);
    assert_string_equal(w.told, "");
    run_until_commit(&w);
    assert_string_equal(w.told, "");
    commit_answers(&w);
    assert_string_equal(w.told, "a2 b3 | ");
    assert_true(exactly_once_idle(&w.outlet));
    teardown(&w);
}

static void without_records_nothing_is_committed(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    uv_run(&w.loop, UV_RUN_DEFAULT); /* no timer is there */
    assert_int_equal(w.log.commits, 0);
    send_batch(&w, "a", 1);
    run_until_commit(&w);
    commit_answers(&w);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.log.commits, 1);
    teardown(&w);
}

static void a_busy_one_ends_sooner_and_a_full_one_at_once(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    uint64_t begun = uv_hrtime();
    send_batch(&w, "a", 1);
    run_until_commit(&w);
    assert_true(uv_hrtime() - begun >= 35 * 1000000ull);
    commit_answers(&w);
    uv_update_time(&w.loop);
    begun = uv_hrtime();
    send_batch(&w, "b", 4);
    assert_false(w.log.committing);
    run_until_commit(&w);
    assert_true(uv_hrtime() - begun < 35 * 1000000ull);
    commit_answers(&w);
    send_batch(&w, "c", 8);
    assert_true(w.log.committing);
    commit_answers(&w);
    teardown(&w);
}

static void what_comes_during_a_commit_waits_for_the_next(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 8);
    assert_true(w.log.committing);
    send_batch(&w, "b", 2);
    send_batch(&w, "c", 1);
    assert_int_equal(w.log.sent, 8);
    commit_answers(&w);
    assert_string_equal(w.told, "a8 | ");
    assert_int_equal(w.log.sent, 11);
    run_until_commit(&w);
    commit_answers(&w);
    assert_string_equal(w.told, "a8 | b2 c1 | ");
    teardown(&w);
}

static void a_batch_is_not_divided(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    for (unsigned i = 0; i < 20; i++) /* over what is full, but the batch is not whole */
        assert_int_equal(send_one(&w, "a"), 0);
    assert_int_equal(w.log.commits, 0);
    w.outlet.outlet.batch_sent(&w.outlet);
    assert_int_equal(w.log.commits, 1);
    commit_answers(&w);
    assert_string_equal(w.told, "a20 | ");
    teardown(&w);
}

static void a_snapshot_goes_before_what_waited(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.snapshot = true;
    send_batch(&w, "a", 8);
    send_batch(&w, "b", 2);
    commit_answers(&w);
    assert_int_equal(w.log.values[8], 's');
    assert_int_equal(w.log.values[9], 'b');
    assert_false(w.log.committing);
    run_until_commit(&w);
    commit_answers(&w);
    assert_string_equal(w.told, "a8 | b2 | ");
    teardown(&w);
}

static void a_snapshot_alone_is_committed_too(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.snapshot = true;
    send_batch(&w, "a", 8);
    commit_answers(&w);
    run_until_commit(&w);
    commit_answers(&w);
    assert_string_equal(w.told, "a8 | | ");
    teardown(&w);
}

static void a_full_queue_divides_and_loses_nothing(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.log.room = 3;
    send_batch(&w, "a", 7);
    assert_int_equal(w.log.sent, 3);
    run_until_commit(&w);
    commit_answers(&w);
    run_until_commit(&w);
    commit_answers(&w);
    run_until_commit(&w);
    commit_answers(&w);
    assert_string_equal(w.told, "a3 | a3 | a1 | ");
    assert_int_equal(w.broken, 0);
    teardown(&w);
}

static void a_stopped_flow_waits_for_nothing(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 1);
    w.flow.stopped = true;
    exactly_once_hurry(&w.outlet);
    assert_true(w.log.committing);
    send_batch(&w, "b", 1);
    commit_answers(&w);
    assert_true(w.log.committing); /* b does not wait for company that cannot come */
    commit_answers(&w);
    exactly_once_hurry(&w.outlet); /* and nothing is nothing */
    assert_false(w.log.committing);
    teardown(&w);
}

static void when_the_log_fails_everything_comes_back(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 8);
    send_batch(&w, "b", 2);
    exactly_once_stop(&w.outlet);
    assert_int_equal(send_one(&w, "c"), VD_EUNAVAILABLE);
    assert_int_equal(w.failed_records, 0); /* the log still borrows them */
    exactly_once_end(&w.outlet, "trouble");
    assert_string_equal(w.told, "!a8 !b1 !b1 ");
    struct vd_shard_log fresh = {.room = RECORDS_MAX};
    exactly_once_begin(&w.outlet, &fresh);
    send_batch(&w, "d", 8);
    assert_true(fresh.committing);
    fresh.committing = false;
    exactly_once_committed(&w.outlet, 100);
    assert_string_equal(w.told, "!a8 !b1 !b1 d8 | ");
    teardown(&w);
}

static void a_record_that_waited_and_is_refused_breaks_the_shard(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 8);
    send_batch(&w, "b", 2);
    w.log.answer = VD_EKAFKA;
    commit_answers(&w);
    assert_int_equal(w.broken, 1);
    assert_string_equal(w.told, "a8 | ");
    teardown(&w);
    assert_int_equal(w.failed_records, 2);
}

static void a_record_that_is_refused_at_once_is_the_callers(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.log.answer = VD_EKAFKA;
    assert_int_equal(send_one(&w, "a"), VD_EKAFKA);
    assert_true(exactly_once_idle(&w.outlet));
    teardown(&w);
    assert_int_equal(w.failed_records, 0);
}

static void finish_commits_what_is_there_and_takes_nothing(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    send_batch(&w, "a", 8);
    send_batch(&w, "b", 1);
    exactly_once_finish(&w.outlet);
    assert_int_equal(send_one(&w, "c"), VD_EUNAVAILABLE);
    assert_int_equal(w.finished, 0);
    commit_answers(&w);
    assert_true(w.log.committing);
    commit_answers(&w);
    assert_int_equal(w.finished, 1);
    assert_string_equal(w.told, "a8 | b1 | ");
    exactly_once_finish(&w.outlet); /* with nothing to do it is done at once */
    assert_int_equal(w.finished, 2);
    teardown(&w);
}

static void the_policy(void **state)
{
    (void)state;
    const struct commit_when when = {
        .busy_ms = 100, .busy_events = 1000, .idle_ms = 250, .full_events = 5000, .full_bytes = 1 << 20};
    const struct {
        struct commit_load load;
        bool due;
        uint64_t again_ms;
    } cases[] = {
        {{.events = 1, .age_ms = 0}, false, 100},   {{.events = 999, .age_ms = 100}, false, 150},
        {{.events = 1000, .age_ms = 99}, false, 1}, {{.events = 1000, .age_ms = 100}, true, 150},
        {{.events = 1, .age_ms = 249}, false, 1},   {{.events = 1, .age_ms = 250}, true, 0},
        {{.events = 5000, .age_ms = 0}, true, 100}, {{.events = 1, .bytes = 1 << 20}, true, 100},
        {{.events = 1, .age_ms = 100000}, true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(commit_due(&when, &cases[i].load), cases[i].due);
        assert_int_equal(commit_look_again_ms(&when, &cases[i].load), cases[i].again_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_is_kept_by_the_commit_in_runs),
        cmocka_unit_test(without_records_nothing_is_committed),
        cmocka_unit_test(a_busy_one_ends_sooner_and_a_full_one_at_once),
        cmocka_unit_test(what_comes_during_a_commit_waits_for_the_next),
        cmocka_unit_test(a_batch_is_not_divided),
        cmocka_unit_test(a_snapshot_goes_before_what_waited),
        cmocka_unit_test(a_snapshot_alone_is_committed_too),
        cmocka_unit_test(a_full_queue_divides_and_loses_nothing),
        cmocka_unit_test(a_stopped_flow_waits_for_nothing),
        cmocka_unit_test(when_the_log_fails_everything_comes_back),
        cmocka_unit_test(a_record_that_waited_and_is_refused_breaks_the_shard),
        cmocka_unit_test(a_record_that_is_refused_at_once_is_the_callers),
        cmocka_unit_test(finish_commits_what_is_there_and_takes_nothing),
        cmocka_unit_test(the_policy),
    };
    return cmocka_run_group_tests_name("exactly_once", tests, NULL, NULL);
}
