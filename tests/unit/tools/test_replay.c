/* What `vedette replay` counts and prints. */
#include "replay.h"

#include <string.h>

#include "json_string.h"
#include "unit.h"

static struct vd_event_view event_of(int32_t risk_score, int32_t risk_level_id)
{
    return (struct vd_event_view){.risk_score = risk_score,
                                  .risk_level_id = risk_level_id,
                                  .time_ms = 1795377600000,
                                  .uid = vd_bytes_str("00-7"),
                                  .tenant_uid = vd_bytes_str("acme"),
                                  .device_uid = vd_bytes_str("we\033b"),
                                  .risk_details = vd_bytes_str("old \"reason\"")};
}

static struct vd_score score_of(int32_t risk_score, int32_t risk_level_id)
{
    return (struct vd_score){.risk_score = risk_score, .risk_level_id = risk_level_id};
}

static enum replay_verdict count(struct replay_sum *sum, const int32_t risks[2], const int32_t levels[2],
                                 bool identical)
{
    struct vd_event_view event = event_of(risks[0], levels[0]);
    struct vd_score score = score_of(risks[1], levels[1]);
    return replay_count(sum, &event, &score, identical, 10);
}

#define PAIR(a, b) ((const int32_t[]){(a), (b)})

static void what_is_a_change(void **state)
{
    (void)state;
    struct replay_sum sum = {0};
    assert_int_equal(count(&sum, PAIR(50, 50), PAIR(2, 2), true), REPLAY_SAME);
    assert_int_equal(count(&sum, PAIR(50, 50), PAIR(2, 2), false), REPLAY_ALIKE);
    assert_int_equal(count(&sum, PAIR(50, 59), PAIR(2, 2), false), REPLAY_ALIKE);
    assert_int_equal(count(&sum, PAIR(50, 60), PAIR(2, 2), false), REPLAY_OTHER_RISK);
    assert_int_equal(count(&sum, PAIR(50, 40), PAIR(2, 2), false), REPLAY_OTHER_RISK);
    assert_int_equal(count(&sum, PAIR(69, 70), PAIR(2, 3), false), REPLAY_OTHER_LEVEL);
    assert_int_equal(count(&sum, PAIR(90, 10), PAIR(99, -1), false), REPLAY_OTHER_LEVEL);
    assert_int_equal(sum.events, 7);
    assert_int_equal(sum.identical, 1);
    assert_int_equal(sum.by_risk, 2);
    assert_int_equal(sum.by_level, 2);
    assert_int_equal(sum.published.alerts, 1);
    assert_int_equal(sum.replayed.alerts, 1);
    assert_int_equal(sum.published.levels[2], 6);
    assert_int_equal(sum.replayed.levels[2], 5);
}

enum { TEXT_BYTES = 4096 };

static void printed(const char *expected, void (*print)(const struct replay_change *change, FILE *out))
{
    char text[TEXT_BYTES] = "";
    struct vd_event_view event = event_of(69, 2);
    struct vd_score score = score_of(84, 3);
    const struct replay_change change = {
        .published = &event, .score = &score, .sentence = vd_bytes_str("new reason")};
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    print(&change, out);
    fclose(out);
    assert_string_equal(text, expected);
}

static void print_plain(const struct replay_change *change, FILE *out)
{
    replay_print_change(change, false, out);
}

static void a_change_is_told(void **state)
{
    (void)state;
    printed("2026-11-22 20:00:00 acme/we\\x1bb  69 Medium -> 84 High  00-7\n"
            "    was: old \"reason\"\n"
            "    now: new reason\n",
            print_plain);
    printed("{\"uid\":\"00-7\",\"time\":1795377600000,\"tenant\":\"acme\",\"host\":\"we\\u001bb\","
            "\"published\":{\"risk_score\":69,\"risk_level_id\":2,\"risk_details\":\"old \\\"reason\\\"\"},"
            "\"replayed\":{\"risk_score\":84,\"risk_level_id\":3,\"risk_details\":\"new reason\"}}\n",
            replay_print_change_json);
}

static void the_sum_is_told(void **state)
{
    (void)state;
    char text[TEXT_BYTES] = "";
    struct replay_sum sum = {.warm_up = 5, .configuration = 0xab, .published_configuration = "000000aa"};
    count(&sum, PAIR(69, 84), PAIR(2, 3), false);
    count(&sum, PAIR(0, 0), PAIR(0, 0), true);
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    replay_print_sum(&sum, 10, out);
    fclose(out);
    assert_string_equal(text,
                        "             PUBLISHED    REPLAYED\n"
                        "Info                 1           1\n"
                        "Low                  0           0\n"
                        "Medium               1           0\n"
                        "High                 0           1\n"
                        "Critical             0           0\n"
                        "alerts               0           1\n\n"
                        "2 events, after a warm-up of 5: 1 change their level, 0 their risk by 10 or more, "
                        "0 a little; 1 are identical to the byte\n"
                        "published with configuration 000000aa, replayed with 000000ab\n");
}

/* Whoever may write to the topic may not drive the terminal. */
static void what_a_record_says_is_escaped(void **state)
{
    (void)state;
    char text[TEXT_BYTES] = "";
    struct replay_sum sum = {.published_configuration = "\033[2J\xc2\x9b"};
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    replay_print_sum(&sum, 10, out);
    json_string(out, vd_bytes_str("\033[2J\x7f\xc2\x9b\xc3\x9b"));
    fclose(out);
    assert_non_null(strstr(text, "configuration \\x1b[2J\\u{9b}, replayed"));
    assert_non_null(strstr(text, "\"\\u001b[2J\\u007f\\u009b\xc3\x9b\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_change),
        cmocka_unit_test(a_change_is_told),
        cmocka_unit_test(the_sum_is_told),
        cmocka_unit_test(what_a_record_says_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
