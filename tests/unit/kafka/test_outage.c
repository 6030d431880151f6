/* A broker that goes away and comes back, one that was never there, and a producer that cannot go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <vedette/error.h>

#include "rig.h"

static bool has_reason(const struct rig *rig)
{
    return rig->state_count > 0;
}

static void test_outage_loses_nothing(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    rig_send(&rig, 1000);
    vd_kafka_embedded_set_up(rig.embedded, false);
    rig_send(&rig, 1000);
    rig_run_until(&rig, rig_is_down);
    assert_string_not_equal(rig.why, "");
    rig_send(&rig, 1000);
    assert_true(vd_producer_queued(rig.producer) >= 1000);
    vd_kafka_embedded_set_up(rig.embedded, true);
    rig_run_until(&rig, rig_all_returned);
    rig_run_until(&rig, rig_is_up);
    assert_int_equal(rig.failed, 0);
    assert_int_equal(rig.disorder, 0);
    rig_close(&rig);
}

static void test_idle_outage_is_noticed(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    vd_kafka_embedded_set_up(rig.embedded, false);
    rig_run_until(&rig, rig_is_down);
    vd_kafka_embedded_set_up(rig.embedded, true);
    rig_run_until(&rig, rig_is_up);
    rig_close(&rig);
}

static void test_close_while_down(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    vd_kafka_embedded_set_up(rig.embedded, false);
    rig_run_until(&rig, rig_is_down);
    rig_send(&rig, 1000);
    rig_close(&rig);
    assert_int_equal(rig.failed, 1000);
}

static void test_no_broker_at_all(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, "127.0.0.1:9");
    rig_run_until(&rig, has_reason);
    assert_int_equal(rig.states[0], VD_PRODUCER_CONNECTING);
    assert_string_equal(rig.why, "no broker answers");
    rig_send(&rig, 100);
    rig_close(&rig);
    assert_int_equal(rig.failed, 100);
}

static bool names_the_topic(const struct rig *rig)
{
    return strstr(rig->why, "rig.dlq.v1") != NULL;
}

static void test_missing_topic_is_named_until_it_is_there(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    vd_kafka_embedded_hide_topic(rig.embedded, "rig.dlq.v1", true);
    rig_run_until(&rig, names_the_topic);
    assert_int_equal(rig.states[rig.state_count - 1], VD_PRODUCER_CONNECTING);
    assert_int_equal(vd_producer_partitions(rig.producer), 0);
    vd_kafka_embedded_hide_topic(rig.embedded, "rig.dlq.v1", false);
    rig_run_until(&rig, rig_is_up);
    rig_close(&rig);
}

static void test_fatal_error_returns_everything(void **state)
{
    struct rig rig;
    const char *why = "";
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    /* Down meanwhile, so that the records are all there before the error is. */
    vd_kafka_embedded_set_up(rig.embedded, false);
    rig_send(&rig, 5000);
    vd_kafka_embedded_break_producer(rig.embedded);
    vd_kafka_embedded_set_up(rig.embedded, true);
    rig_run_until(&rig, rig_has_failed);
    assert_string_not_equal(rig.why, "");
    rig_run_until(&rig, rig_all_returned);
    assert_true(rig.failed > 0);
    struct vd_record record = {.topic = VD_TOPIC_EVENTS, .value = vd_bytes_str("x")};
    assert_int_equal(vd_producer_send(rig.producer, &record, &why), VD_EKAFKA);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outage_loses_nothing),
        cmocka_unit_test(test_idle_outage_is_noticed),
        cmocka_unit_test(test_close_while_down),
        cmocka_unit_test(test_no_broker_at_all),
        cmocka_unit_test(test_missing_topic_is_named_until_it_is_there),
        cmocka_unit_test(test_fatal_error_returns_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
