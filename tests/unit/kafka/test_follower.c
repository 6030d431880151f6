/* A follower of the shards' topic of the embedded cluster: from the beginning, past deletions and outages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/membership.h>

#include "rig.h"

struct following {
    struct rig rig;
    struct vd_follower *follower;
    size_t count, deletions, caught_up, at_catching_up, expected;
    bool disorder, closes_when_told;
    size_t closed;
};
static struct following f; /* as large as it is */

static void on_closed(void *arg)
{
    (void)arg;
    f.closed++;
    f.follower = NULL;
}

static void on_record(void *arg, struct vd_bytes key, struct vd_bytes value)
{
    char expected[24];
    assert_ptr_equal(arg, &f);
    assert_true(vd_bytes_equal(key, vd_bytes_str("shard")));
    if (value.data == NULL) {
        f.deletions++;
    } else {
        snprintf(expected, sizeof expected, "record %zu", f.count);
        f.disorder |= !vd_bytes_equal(value, vd_bytes_str(expected));
        f.count++;
    }
    if (f.closes_when_told)
        vd_follower_close(f.follower, on_closed);
}

static void on_caught_up(void *arg)
{
    (void)arg;
    f.caught_up++;
    f.at_catching_up = f.count;
}

static void follow(const char *brokers)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_follower_options options = {
        .kafka = {.brokers = brokers == NULL ? vd_kafka_embedded_brokers(f.rig.embedded) : brokers,
                  .client_id = "follower"},
        .prefix = "rig",
        .topic = VD_TOPIC_SHARDS,
        .loop = &f.rig.loop,
        .record = on_record,
        .caught_up = on_caught_up,
        .arg = &f,
    };
    assert_int_equal(vd_follower_new(&f.follower, &options, error), 0);
}

static void begin(void)
{
    f = (struct following){0};
    rig_open(&f.rig, NULL);
    rig_run_until(&f.rig, rig_is_up);
}

static bool follower_is_closed(const struct rig *rig)
{
    (void)rig;
    return f.follower == NULL;
}

static void end(void)
{
    if (f.follower != NULL)
        vd_follower_close(f.follower, on_closed);
    rig_run_until(&f.rig, follower_is_closed);
    assert_int_equal(f.closed, 1);
    assert_false(f.disorder);
    rig_close(&f.rig);
}

static void send_one(const char *text)
{
    const char *why = "";
    struct rig_record *r = &f.rig.records[f.rig.sent++];
    if (text != NULL)
        snprintf(r->value, sizeof r->value, "%s", text);
    struct vd_record record = {
        .topic = VD_TOPIC_SHARDS,
        .key = vd_bytes_str("shard"),
        .value = vd_bytes_of(text == NULL ? NULL : r->value, text == NULL ? 0 : strlen(text)),
        .opaque = r,
    };
    assert_int_equal(vd_producer_send(f.rig.producer, &record, &why), 0);
}

static void send_records(size_t count)
{
    char text[24];
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "record %zu", f.expected++);
        send_one(text);
    }
}

static bool all_are_told(const struct rig *rig)
{
    (void)rig;
    return f.count == f.expected;
}

static bool has_caught_up(const struct rig *rig)
{
    (void)rig;
    return f.caught_up > 0;
}

static bool has_a_deletion(const struct rig *rig)
{
    (void)rig;
    return f.deletions > 0;
}

static void test_what_was_there_is_told_before_it_has_caught_up(void **state)
{
    (void)state;
    begin();
    send_records(3000);
    rig_run_until(&f.rig, rig_all_returned);
    follow(NULL);
    rig_run_until(&f.rig, has_caught_up);
    assert_int_equal(f.at_catching_up, 3000);
    send_records(10);
    rig_run_until(&f.rig, all_are_told);
    send_one(NULL);
    rig_run_until(&f.rig, has_a_deletion);
    assert_int_equal(f.caught_up, 1);
    end();
}

static void test_an_empty_topic_is_caught_up_with(void **state)
{
    (void)state;
    begin();
    follow(NULL);
    rig_run_until(&f.rig, has_caught_up);
    assert_int_equal(f.count, 0);
    end();
}

static void test_an_outage_is_survived(void **state)
{
    (void)state;
    begin();
    follow(NULL);
    send_records(5);
    rig_run_until(&f.rig, all_are_told);
    vd_kafka_embedded_set_up(f.rig.embedded, false);
    rig_run_until(&f.rig, rig_is_down);
    send_records(5);
    vd_kafka_embedded_set_up(f.rig.embedded, true);
    rig_run_until(&f.rig, all_are_told);
    assert_int_equal(f.deletions, 0);
    end();
}

static void test_a_broker_that_comes_late(void **state)
{
    (void)state;
    begin();
    send_records(5);
    rig_run_until(&f.rig, rig_all_returned);
    vd_kafka_embedded_set_up(f.rig.embedded, false);
    follow(NULL);
    rig_run_until(&f.rig, rig_is_down);
    vd_kafka_embedded_set_up(f.rig.embedded, true);
    rig_run_until(&f.rig, has_caught_up);
    assert_int_equal(f.count, 5);
    end();
}

static void test_a_topic_that_comes_late(void **state)
{
    (void)state;
    begin();
    send_records(1);
    rig_run_until(&f.rig, rig_all_returned);
    vd_kafka_embedded_hide_topic(f.rig.embedded, "rig.shards.v1", true);
    follow(NULL);
    vd_kafka_embedded_set_up(f.rig.embedded, false);
    rig_run_until(&f.rig, rig_is_down);
    assert_int_equal(f.caught_up, 0);
    vd_kafka_embedded_set_up(f.rig.embedded, true);
    vd_kafka_embedded_hide_topic(f.rig.embedded, "rig.shards.v1", false);
    rig_run_until(&f.rig, has_caught_up);
    assert_int_equal(f.count, 1);
    end();
}

static void test_close_within_a_record(void **state)
{
    (void)state;
    begin();
    send_records(100);
    rig_run_until(&f.rig, rig_all_returned);
    f.closes_when_told = true;
    follow(NULL);
    rig_run_until(&f.rig, follower_is_closed);
    assert_int_equal(f.count, 1);
    end();
}

static void test_close_with_no_broker(void **state)
{
    (void)state;
    begin();
    follow("127.0.0.1:9");
    end();
    assert_int_equal(f.caught_up, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_there_is_told_before_it_has_caught_up),
        cmocka_unit_test(test_an_empty_topic_is_caught_up_with),
        cmocka_unit_test(test_an_outage_is_survived),
        cmocka_unit_test(test_a_broker_that_comes_late),
        cmocka_unit_test(test_a_topic_that_comes_late),
        cmocka_unit_test(test_close_within_a_record),
        cmocka_unit_test(test_close_with_no_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
