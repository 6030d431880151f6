/* Records through the embedded cluster, and back out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/consumer.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "rig.h"

static struct vd_consumer *consumer_of(const struct rig *rig, enum vd_consumer_from from)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_kafka_options options = {.brokers = vd_kafka_embedded_brokers(rig->embedded),
                                       .client_id = "reader"};
    struct vd_consumer *consumer = NULL;
    assert_int_equal(vd_consumer_new(&consumer, &options, "rig.events.v1", from, 5000, error), 0);
    return consumer;
}

/* Each record once, each partition in the order of sending. */
static void read_back(struct vd_consumer *consumer, size_t count)
{
    size_t next[RIG_PARTITIONS];
    for (size_t i = 0; i < RIG_PARTITIONS; i++)
        next[i] = i;
    for (size_t i = 0; i < count; i++) {
        char error[VD_KAFKA_ERROR_BYTES], expected[24];
        struct vd_consumed record;
        assert_int_equal(vd_consumer_poll(consumer, RIG_PATIENCE_MS, &record, error), 0);
        assert_in_range(record.partition, 0, RIG_PARTITIONS - 1);
        snprintf(expected, sizeof expected, "record %zu", next[record.partition]);
        assert_true(vd_bytes_equal(record.value, vd_bytes_str(expected)));
        assert_true(vd_bytes_equal(record.key, vd_bytes_str("acme/web-1")));
        assert_true(vd_bytes_equal(vd_consumer_header(consumer, "class_uid"), vd_bytes_str("3002")));
        assert_true(vd_bytes_equal(vd_consumer_header(consumer, "tenant_uid"), vd_bytes_str("acme")));
        assert_int_equal(vd_consumer_header(consumer, "no-such-header").len, 0);
        assert_int_equal(record.offset, next[record.partition] / RIG_PARTITIONS);
        next[record.partition] += RIG_PARTITIONS;
    }
}

static void test_all_arrive_in_order(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    assert_int_equal(vd_producer_partitions(rig.producer), 0);
    rig_run_until(&rig, rig_is_up);
    assert_int_equal(vd_producer_partitions(rig.producer), RIG_PARTITIONS);
    rig_send(&rig, RIG_RECORDS);
    rig_run_until(&rig, rig_all_returned);
    assert_int_equal(rig.failed, 0);
    assert_int_equal(rig.disorder, 0);
    assert_int_equal(rig.state_count, 1);

    struct vd_consumer *consumer = consumer_of(&rig, VD_CONSUME_BEGINNING);
    read_back(consumer, RIG_RECORDS);
    struct vd_consumed record;
    char error[VD_KAFKA_ERROR_BYTES];
    assert_int_equal(vd_consumer_poll(consumer, 100, &record, error), VD_KAFKA_NOTHING);
    vd_consumer_free(consumer);
    rig_close(&rig);
}

static void test_the_end_is_where_it_is_when_asked(void **state)
{
    struct rig rig;
    struct vd_consumed record;
    char error[VD_KAFKA_ERROR_BYTES];
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    rig_send(&rig, 10);
    rig_run_until(&rig, rig_all_returned);
    struct vd_consumer *consumer = consumer_of(&rig, VD_CONSUME_END);
    rig_send(&rig, 1);
    rig_run_until(&rig, rig_all_returned);
    assert_int_equal(vd_consumer_poll(consumer, RIG_PATIENCE_MS, &record, error), 0);
    assert_true(vd_bytes_equal(record.value, vd_bytes_str("record 10")));
    vd_consumer_free(consumer);
    rig_close(&rig);
}

static void test_a_record_has_the_time_it_was_given(void **state)
{
    enum { TIME_MS = 1234567890 };
    struct rig rig;
    struct vd_consumed read;
    char error[VD_KAFKA_ERROR_BYTES];
    const char *why = "";
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    struct rig_record *r = &rig.records[rig.sent++];
    const struct vd_record record = {
        .topic = VD_TOPIC_EVENTS, .value = vd_bytes_str("x"), .time_ms = TIME_MS, .opaque = r};
    assert_int_equal(vd_producer_send(rig.producer, &record, &why), 0);
    rig_send(&rig, 1); /* without one: now */
    rig_run_until(&rig, rig_all_returned);
    struct vd_consumer *consumer = consumer_of(&rig, VD_CONSUME_BEGINNING);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vd_consumer_poll(consumer, RIG_PATIENCE_MS, &read, error), 0);
        if (read.partition == 0)
            assert_int_equal(read.timestamp_ms, TIME_MS);
        else
            assert_true(read.timestamp_ms > TIME_MS);
    }
    vd_consumer_free(consumer);
    rig_close(&rig);
}

/* How many records a part of the topic has, up to its end. */
static size_t read_span(const struct rig *rig, const struct vd_consumer_span *span)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_kafka_options options = {.brokers = vd_kafka_embedded_brokers(rig->embedded),
                                       .client_id = "reader"};
    struct vd_consumer *consumer = NULL;
    struct vd_consumed record;
    size_t count = 0;
    int result;
    assert_int_equal(vd_consumer_new_span(&consumer, &options, "rig.events.v1", span, 5000, error), 0);
    while ((result = vd_consumer_poll(consumer, RIG_PATIENCE_MS, &record, error)) == 0)
        count++;
    assert_int_equal(result, VD_KAFKA_END);
    assert_int_equal(vd_consumer_lag(consumer), 0);
    assert_int_equal(vd_consumer_partitions(consumer), RIG_PARTITIONS);
    assert_int_equal(vd_consumer_partitions_read(consumer),
                     span->partition != NULL || span->key.len > 0 ? 1 : RIG_PARTITIONS);
    vd_consumer_free(consumer);
    return count;
}

/* The embedded broker knows no times: rather all than nothing. */
static void test_a_part_of_a_topic(void **state)
{
    struct rig rig;
    struct vd_consumer *consumer = NULL;
    char error[VD_KAFKA_ERROR_BYTES];
    const int32_t last = RIG_PARTITIONS - 1, none = RIG_PARTITIONS;
    struct vd_consumer_span span = {.since_ms = INT64_MIN, .until_ms = INT64_MAX};
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    assert_int_equal(read_span(&rig, &span), 0);
    rig_send(&rig, 10 * RIG_PARTITIONS);
    rig_run_until(&rig, rig_all_returned);
    assert_int_equal(read_span(&rig, &span), 10 * RIG_PARTITIONS);
    span.since_ms = INT64_C(4000000000000);
    span.until_ms = span.since_ms + 1;
    assert_int_equal(read_span(&rig, &span), 10 * RIG_PARTITIONS);
    span.key = vd_bytes_str("acme");
    assert_int_equal(read_span(&rig, &span), 10);
    span.partition = &last;
    assert_int_equal(read_span(&rig, &span), 10);
    span.partition = &none;
    struct vd_kafka_options options = {.brokers = vd_kafka_embedded_brokers(rig.embedded),
                                       .client_id = "reader"};
    assert_int_equal(vd_consumer_new_span(&consumer, &options, "rig.events.v1", &span, 5000, error),
                     VD_ENOTFOUND);
    assert_null(consumer);
    rig_close(&rig);
}

static void test_close_returns_what_is_queued(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    rig_send(&rig, 5000);
    rig_close(&rig);
}

static void test_close_at_once(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig, NULL);
    rig_close(&rig);
    assert_int_equal(rig.state_count, 0);
}

static void test_what_can_never_be_sent_is_refused(void **state)
{
    static uint8_t huge[1100000];
    struct rig rig;
    const char *why = "";
    (void)state;
    rig_open(&rig, NULL);
    rig_run_until(&rig, rig_is_up);
    struct vd_record record = {
        .topic = VD_TOPIC_EVENTS,
        .partition = RIG_PARTITIONS,
        .value = vd_bytes_str("x"),
        .header_count = 1,
        .headers = {{"class_uid", vd_bytes_str("3002")}},
    };
    assert_int_equal(vd_producer_send(rig.producer, &record, &why), VD_EKAFKA);
    assert_string_not_equal(why, "");
    record.partition = 0;
    record.value = vd_bytes_of(huge, sizeof huge);
    assert_int_equal(vd_producer_send(rig.producer, &record, &why), VD_EKAFKA);
    assert_int_equal(vd_producer_queued(rig.producer), 0);
    rig_close(&rig);
}

static void test_consumer_misses_the_broker(void **state)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_consumer *consumer = NULL;
    struct vd_kafka_options options = {.brokers = "127.0.0.1:9"};
    (void)state;
    assert_int_equal(vd_consumer_new(&consumer, &options, "none", VD_CONSUME_END, 300, error),
                     VD_EUNAVAILABLE);
    assert_non_null(strstr(error, "no broker answers"));
    assert_null(consumer);
}

static void ignore_delivered(void *arg, void *opaque, int error, const char *why)
{
    (void)arg, (void)opaque, (void)error, (void)why;
}

static void ignore_state(void *arg, enum vd_producer_state state, const char *why)
{
    (void)arg, (void)state, (void)why;
}

static void test_half_built_ones_leave_nothing(void **state)
{
    char error[VD_KAFKA_ERROR_BYTES];
    uv_loop_t loop;
    struct vd_producer *producer = NULL;
    struct vd_kafka_embedded *embedded = NULL;
    struct vd_consumer *consumer = NULL;
    static const char *const bad[] = {"acks=many"};
    struct vd_producer_options options = {
        .kafka = {.brokers = "127.0.0.1:9"},
        .prefix = "rig",
        .loop = &loop,
        .callbacks = {ignore_delivered, ignore_state},
    };
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t n = 1; n <= 2; n++) {
        vd_memory_fail_at(n);
        assert_int_equal(vd_producer_new(&producer, &options, error), VD_ENOMEM);
    }
    vd_memory_fail_at(1);
    assert_int_equal(vd_kafka_embedded_new(&embedded, "rig", 1, error), VD_ENOMEM);
    vd_memory_fail_at(1);
    assert_int_equal(vd_consumer_new(&consumer, &options.kafka, "t", VD_CONSUME_END, 1, error), VD_ENOMEM);
    options.kafka.properties = bad;
    options.kafka.property_count = 1;
    assert_int_equal(vd_producer_new(&producer, &options, error), VD_ECONFIG);
    assert_non_null(strstr(error, "acks"));
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_arrive_in_order),
        cmocka_unit_test(test_the_end_is_where_it_is_when_asked),
        cmocka_unit_test(test_a_record_has_the_time_it_was_given),
        cmocka_unit_test(test_a_part_of_a_topic),
        cmocka_unit_test(test_close_returns_what_is_queued),
        cmocka_unit_test(test_close_at_once),
        cmocka_unit_test(test_what_can_never_be_sent_is_refused),
        cmocka_unit_test(test_consumer_misses_the_broker),
        cmocka_unit_test(test_half_built_ones_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
