/* Names and partitions of the topics, and what the options refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/kafka.h>

#include "topics.h"

static void test_names(void **state)
{
    static const char *const expected[VD_TOPIC_COUNT] = {
        "vedette.events.v1", "vedette.findings.v1", "vedette.signals.v1", "vedette.fleet.v1",
        "vedette.state.v1",  "vedette.shards.v1",   "vedette.dlq.v1",
    };
    char name[VD_TOPIC_NAME_BYTES];
    (void)state;
    for (enum vd_topic topic = 0; topic < VD_TOPIC_COUNT; topic++) {
        vd_topic_name(topic, "vedette", name);
        assert_string_equal(name, expected[topic]);
    }
}

static void test_long_prefix_is_cut_not_overrun(void **state)
{
    char prefix[300], name[VD_TOPIC_NAME_BYTES];
    (void)state;
    memset(prefix, 'x', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = '\0';
    vd_topic_name(VD_TOPIC_EVENTS, prefix, name);
    assert_int_equal(strlen(name), VD_TOPIC_NAME_BYTES - 1);
}

static void test_events_and_state_have_a_partition_a_shard(void **state)
{
    (void)state;
    assert_int_equal(vd_topic_partitions(VD_TOPIC_EVENTS, 8), 8);
    assert_int_equal(vd_topic_partitions(VD_TOPIC_STATE, 8), 8);
    assert_int_equal(vd_topic_partitions(VD_TOPIC_SHARDS, 8), 1);
    assert_int_equal(vd_topic_partitions(VD_TOPIC_DLQ, 8), 1);
}

static void report_nothing(void *arg, const char *name, int partitions, bool existed, int error,
                           const char *why)
{
    (void)arg, (void)name, (void)partitions, (void)existed, (void)error, (void)why;
    fail();
}

static int create_with(const char *property, char *error)
{
    /* Port 9 is "discard", which no test machine serves on loopback. */
    struct vd_kafka_options options = {
        .brokers = "127.0.0.1:9", .properties = &property, .property_count = 1};
    return vd_kafka_topics_create(&options, "t", 1, 1, 200, report_nothing, NULL, error);
}

static void test_bad_properties_are_refused(void **state)
{
    char error[VD_KAFKA_ERROR_BYTES];
    (void)state;
    assert_int_equal(create_with("no.such.property=1", error), VD_ECONFIG);
    assert_non_null(strstr(error, "no.such.property"));
    assert_int_equal(create_with("reconnect.backoff.ms=soon", error), VD_ECONFIG);
    assert_non_null(strstr(error, "reconnect.backoff.ms"));
    assert_int_equal(create_with("Enable.Idempotence=false", error), VD_ECONFIG);
    assert_non_null(strstr(error, "fixed"));
}

static void test_no_broker_ends_in_time(void **state)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    (void)state;
    assert_int_equal(create_with("client.id=t", error), VD_EUNAVAILABLE);
    assert_string_equal(error, "no broker of 127.0.0.1:9 answers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_prefix_is_cut_not_overrun),
        cmocka_unit_test(test_events_and_state_have_a_partition_a_shard),
        cmocka_unit_test(test_bad_properties_are_refused),
        cmocka_unit_test(test_no_broker_ends_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
