/* A shard's log on the embedded cluster: what was committed comes back, in order, and close works in every
 * state. */
#include <vedette/clock.h>
#include <vedette/error.h>

#include "shard_rig.h"
#include "unit.h"

static void test_what_was_committed_is_replayed(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    assert_int_equal(rig.replayed, 0);
    shard_rig_commit(&rig, 1);
    shard_rig_commit(&rig, 999);
    assert_int_equal(rig.end_offset, 1000);
    shard_rig_close(&rig);

    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    assert_int_equal(rig.replayed, 1000);
    assert_int_equal(rig.disorder, 0);
    assert_string_equal(rig.restored, "");
    shard_rig_commit(&rig, 10);
    assert_int_equal(rig.end_offset, 1010);
    shard_rig_close(&rig);
    assert_int_equal(rig.failed, 0);
    shard_rig_deinit(&rig);
}

static void snapshot(struct shard_rig *rig, const char *first, const char *second)
{
    const char *why = "";
    assert_int_equal(vd_shard_log_snapshot_begin(rig->log, rig->end_offset, 2), 0);
    assert_int_equal(vd_shard_log_snapshot_chunk(rig->log, vd_bytes_str(first), &why), 0);
    assert_int_equal(vd_shard_log_snapshot_chunk(rig->log, vd_bytes_str(second), &why), 0);
    shard_rig_commit_all(rig);
}

static void test_newest_snapshot_and_the_events_since(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_commit(&rig, 5);
    snapshot(&rig, "old", "est");
    assert_int_equal(rig.state_offset, 1);
    shard_rig_commit(&rig, 5);
    snapshot(&rig, "new", "est");
    assert_int_equal(rig.state_offset, 3);
    shard_rig_commit(&rig, 5);
    shard_rig_close(&rig);

    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    assert_string_equal(rig.restored, "newest");
    assert_int_equal(rig.first_replayed, 10);
    assert_int_equal(rig.replayed, 5);
    assert_int_equal(rig.disorder, 0);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void chunk(struct shard_rig *rig, const char *text)
{
    const char *why = "";
    assert_int_equal(vd_shard_log_snapshot_chunk(rig->log, vd_bytes_str(text), &why), 0);
    shard_rig_commit(rig, 1);
}

/* Over several transactions, with events in between; until it is whole the one before it counts. */
static void test_a_snapshot_may_take_its_time(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_commit(&rig, 5);
    snapshot(&rig, "old", "est");
    for (int half = 0; half < 2; half++) {
        assert_int_equal(vd_shard_log_snapshot_begin(rig.log, rig.end_offset, 3), 0);
        chunk(&rig, "n");
        chunk(&rig, "e");
        shard_rig_close(&rig); /* as a collector dies */
        shard_rig_open(&rig);
        shard_rig_run_until(&rig, shard_rig_is_open);
        assert_string_equal(rig.restored, "oldest");
        assert_int_equal(rig.disorder, 0);
    }
    int64_t from = (int64_t)rig.next;
    assert_int_equal(vd_shard_log_snapshot_begin(rig.log, rig.end_offset, 3), 0);
    chunk(&rig, "new");
    chunk(&rig, "e");
    chunk(&rig, "st");
    shard_rig_close(&rig);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    assert_string_equal(rig.restored, "newest");
    assert_int_equal(rig.first_replayed, from);
    assert_int_equal(rig.failed, 0);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_a_snapshot_that_is_not_understood_fails(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_commit(&rig, 1);
    snapshot(&rig, "a", "b");
    shard_rig_close(&rig);
    rig.restore_result = VD_EMALFORMED;
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_has_failed);
    assert_int_equal(rig.failure, VD_SHARD_LOG_TROUBLE);
    assert_non_null(strstr(rig.why, "rig.state.v1"));
    assert_int_equal(rig.opened, 0);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_a_snapshot_over_its_limits_is_refused(void **state)
{
    static uint8_t huge[VD_SNAPSHOT_CHUNK_MAX_BYTES + 1];
    struct shard_rig rig;
    struct vd_bytes chunk = vd_bytes_of(huge, sizeof huge);
    const char *why = "";
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    assert_int_equal(vd_shard_log_snapshot_chunk(rig.log, chunk, &why), VD_ELIMIT); /* none has begun */
    assert_int_equal(vd_shard_log_snapshot_begin(rig.log, 0, 0), VD_ELIMIT);
    assert_int_equal(vd_shard_log_snapshot_begin(rig.log, 0, 4097), VD_ELIMIT);
    assert_int_equal(vd_shard_log_snapshot_begin(rig.log, 0, 1), 0);
    assert_int_equal(vd_shard_log_snapshot_chunk(rig.log, chunk, &why), VD_ELIMIT);
    chunk.len--;
    assert_int_equal(vd_shard_log_snapshot_chunk(rig.log, chunk, &why), 0);
    assert_int_equal(vd_shard_log_snapshot_chunk(rig.log, chunk, &why), VD_ELIMIT); /* one too many */
    shard_rig_commit_all(&rig);
    assert_int_equal(rig.state_offset, 1);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_nothing_can_be_sent_while_it_opens_or_commits(void **state)
{
    struct shard_rig rig;
    struct vd_record record = {
        .topic = VD_TOPIC_EVENTS, .partition = SHARD_RIG_SHARD, .value = vd_bytes_str("0")};
    const char *why = "";
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    assert_int_equal(vd_shard_log_send(rig.log, &record, &why), VD_EUNAVAILABLE);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_send(&rig, 1);
    vd_shard_log_commit(rig.log);
    assert_int_equal(vd_shard_log_send(rig.log, &record, &why), VD_EUNAVAILABLE);
    assert_string_not_equal(why, "");
    shard_rig_run_until(&rig, shard_rig_has_committed);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

/* ---- Kafka that is not as it should be */

/* Another reason may come first on a slow machine. */
static void run_until_waiting(struct shard_rig *rig, const char *expected)
{
    rig->expected = expected;
    shard_rig_run_until(rig, shard_rig_is_waiting);
    rig->expected = NULL;
}

static bool has_no_reason_to_wait(const struct shard_rig *rig)
{
    return rig->opened > 0 && rig->waiting[0] == '\0';
}

static void test_a_missing_topic_is_named_until_it_is_there(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    vd_kafka_embedded_hide_topic(rig.embedded, "rig.state.v1", true);
    shard_rig_open(&rig);
    run_until_waiting(&rig, "rig.state.v1 does not exist");
    assert_non_null(strstr(rig.waiting, "vedette topics create"));
    vd_kafka_embedded_hide_topic(rig.embedded, "rig.state.v1", false);
    shard_rig_run_until(&rig, has_no_reason_to_wait);
    assert_int_equal(rig.failed, 0);
    shard_rig_commit(&rig, 1);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_it_waits_for_a_broker(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    vd_kafka_embedded_set_up(rig.embedded, false);
    shard_rig_open(&rig);
    run_until_waiting(&rig, "no broker answers");
    vd_kafka_embedded_set_up(rig.embedded, true);
    shard_rig_run_until(&rig, has_no_reason_to_wait);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_a_lost_connection_fails_the_transaction(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_send(&rig, 10);
    vd_kafka_embedded_set_up(rig.embedded, false);
    vd_shard_log_commit(rig.log);
    shard_rig_run_until(&rig, shard_rig_is_waiting);
    vd_kafka_embedded_set_up(rig.embedded, true);
    shard_rig_run_until(&rig, shard_rig_has_failed);
    assert_int_equal(rig.failure, VD_SHARD_LOG_TROUBLE);
    /* The embedded cluster took it all once it was back, and the commit said OK. */
    assert_non_null(strstr(rig.why, "a connection to Kafka was lost"));
    assert_int_equal(rig.committed, 0);
    shard_rig_close(&rig);
    assert_int_equal(rig.failed, 1);
    shard_rig_deinit(&rig);
}

static void test_missing_rights_are_named_until_they_are_there(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    vd_kafka_embedded_refuse_owner(rig.embedded, 2);
    shard_rig_open(&rig);
    run_until_waiting(&rig, "transactional id rig-shard-1");
    shard_rig_run_until(&rig, has_no_reason_to_wait);
    shard_rig_close(&rig);

    vd_kafka_embedded_refuse_partition(rig.embedded, 1);
    shard_rig_open(&rig);
    run_until_waiting(&rig, "barrier in topic rig.state.v1");
    assert_non_null(strstr(rig.waiting, "authorization"));
    shard_rig_run_until(&rig, has_no_reason_to_wait);
    assert_int_equal(rig.failed, 0);
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

static void test_a_refused_transaction_fails(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    vd_kafka_embedded_refuse_partition(rig.embedded, 1);
    /* It is noticed before the owner commits; a second record might be sent after it was. */
    shard_rig_send(&rig, 1);
    shard_rig_run_until(&rig, shard_rig_has_failed);
    assert_int_equal(rig.failure, VD_SHARD_LOG_TROUBLE);
    assert_non_null(strstr(rig.why, "authorization"));
    shard_rig_close(&rig);
    shard_rig_deinit(&rig);
}

/* ---- Close, at any moment */

static void test_close_at_once(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_close(&rig);
    assert_int_equal(rig.opened, 0);
    shard_rig_deinit(&rig);
}

static void test_close_after_some_milliseconds(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    /* Into each step of opening, whichever it is on this machine. */
    for (int64_t ms = 1; ms < 100; ms += ms < 20 ? 3 : 17) {
        shard_rig_open(&rig);
        int64_t until_ms = vd_clock_monotonic_ms() + ms;
        while (vd_clock_monotonic_ms() < until_ms)
            uv_run(&rig.loop, UV_RUN_NOWAIT);
        shard_rig_close(&rig);
        assert_int_equal(rig.failed, 0);
    }
    shard_rig_deinit(&rig);
}

static void test_close_with_an_open_transaction(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    shard_rig_send(&rig, 1000);
    shard_rig_close(&rig);
    assert_int_equal(rig.committed, 0);
    shard_rig_deinit(&rig);
}

static void test_close_in_a_commit_that_hangs(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_open);
    vd_kafka_embedded_set_up(rig.embedded, false);
    shard_rig_send(&rig, 1000);
    vd_shard_log_commit(rig.log);
    int64_t begun_ms = vd_clock_monotonic_ms();
    shard_rig_close(&rig);
    assert_in_range(vd_clock_monotonic_ms() - begun_ms, 0, 5000);
    assert_int_equal(rig.committed + rig.failed, 0);
    shard_rig_deinit(&rig);
}

static void test_close_inside_a_callback(void **state)
{
    struct shard_rig rig;
    (void)state;
    shard_rig_init(&rig, NULL);
    rig.close_in_callback = true;
    shard_rig_open(&rig);
    shard_rig_run_until(&rig, shard_rig_is_closed);
    assert_int_equal(rig.opened, 1);
    shard_rig_deinit(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_committed_is_replayed),
        cmocka_unit_test(test_newest_snapshot_and_the_events_since),
        cmocka_unit_test(test_a_snapshot_may_take_its_time),
        cmocka_unit_test(test_a_snapshot_that_is_not_understood_fails),
        cmocka_unit_test(test_a_snapshot_over_its_limits_is_refused),
        cmocka_unit_test(test_nothing_can_be_sent_while_it_opens_or_commits),
        cmocka_unit_test(test_a_missing_topic_is_named_until_it_is_there),
        cmocka_unit_test(test_it_waits_for_a_broker),
        cmocka_unit_test(test_a_lost_connection_fails_the_transaction),
        cmocka_unit_test(test_missing_rights_are_named_until_they_are_there),
        cmocka_unit_test(test_a_refused_transaction_fails),
        cmocka_unit_test(test_close_at_once),
        cmocka_unit_test(test_close_after_some_milliseconds),
        cmocka_unit_test(test_close_with_an_open_transaction),
        cmocka_unit_test(test_close_in_a_commit_that_hangs),
        cmocka_unit_test(test_close_inside_a_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
