/* Event time: late events, stamps from the future, and dates that cannot be. */
#include "feed.h"

#include <vedette/error.h>

#include "unit.h"

static const int64_t T = 1700438400000;

static void impossible_dates_are_refused(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, -1, 0, ((int64_t)UINT32_MAX + 1) * 1000, INT64_MAX};
    struct score *s = feed_new(64);
    struct score_counters counters;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "", times[i]);
        struct vd_score out;
        memset(&out, 0xff, sizeof out);
        assert_int_equal(score_event(s, &in, &out), VD_EINVAL);
        assert_int_equal(out.reason_count, 0);
        assert_int_equal(out.risk_score, 0);
    }
    score_counters_read(s, &counters);
    assert_int_equal(counters.events, 0);
    assert_int_equal(counters.entities, 0);
    assert_int_equal(score_watermark_ms(s), 0);
    struct score_input last =
        feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "", (int64_t)UINT32_MAX * 1000);
    feed_score(s, &last);
    score_free(s);
}

static void late_events_go_to_their_bucket(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_counters counters;
    for (int i = 0; i < 40; i++)
        feed_failure(s, "web1", "", "203.0.113.9", T);
    struct vd_score out = feed_failure(s, "web1", "", "203.0.113.9", T - 20000);
    assert_int_equal(out.reasons[0].observed, 41);
    assert_int_equal(out.reasons[0].window_seconds, 60);
    assert_true(out.reasons[0].late);
    score_counters_read(s, &counters);
    assert_int_equal(counters.late_events, 1);
    assert_int_equal(counters.missed_events, 0);
    score_free(s);
}

static void too_late_is_not_counted(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_counters counters;
    for (int i = 0; i < 40; i++)
        feed_failure(s, "web1", "", "203.0.113.9", T);
    struct vd_score out = feed_failure(s, "web1", "", "203.0.113.9", T - 2 * HOUR_MS);
    assert_int_equal(out.reason_count, 0);
    score_counters_read(s, &counters);
    assert_int_equal(counters.missed_events, 1);
    out = feed_failure(s, "web1", "", "203.0.113.9", T);
    assert_int_equal(out.reasons[0].observed, 41);
    /* Ten minutes late: beyond the short windows, within the hour. */
    out = feed_failure(s, "web1", "", "203.0.113.9", T - 10 * MINUTE_MS);
    assert_true(out.reason_count > 0);
    assert_int_equal(out.reasons[0].window_seconds, 3600);
    assert_true(out.reasons[0].late);
    score_free(s);
}

static void the_future_does_not_push_the_watermark(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_counters counters;
    struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "", T);
    in.received_ms = T + 1000;
    feed_score(s, &in);
    assert_int_equal(score_watermark_ms(s), T - 30000);
    for (int i = 0; i < 100; i++) {
        struct score_input ahead =
            feed_input(CLASS_LOGIN, FAILURE, "web2", "eve", "", T + i * DAY_MS + 32000);
        ahead.received_ms = T + 1000;
        feed_score(s, &ahead);
    }
    assert_int_equal(score_watermark_ms(s), T - 30000);
    score_counters_read(s, &counters);
    assert_int_equal(counters.future_events, 100);
    /* It was counted at the watermark + 60 s, not in its future: an event half a minute on is in the same
     * minute. */
    struct score_input honest = feed_input(CLASS_LOGIN, FAILURE, "web2", "eve", "", T + 40000);
    honest.received_ms = T + 41000;
    struct vd_score out = feed_score(s, &honest);
    assert_in_range((uint64_t)out.reasons[0].observed, 101, 102); /* the host's or the tenant's */
    assert_int_equal(out.reasons[0].window_seconds, 60);
    score_counters_read(s, &counters);
    assert_int_equal(counters.missed_events, 0);
    score_free(s);
}

static void a_first_event_from_the_future_is_counted_on_arrival(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "", T + DAY_MS);
    in.received_ms = T;
    in.count = 40;
    feed_score(s, &in);
    assert_int_equal(score_watermark_ms(s), 0);
    in.time_ms = T;
    assert_int_equal(feed_score(s, &in).reasons[0].observed, 80);
    score_free(s);
}

/* A quiet night moves the watermark at once: arrival vouches for the stamp; without it, the stamp is
 * believed. */
static void a_gap_is_not_the_future(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_input in = feed_input(CLASS_LOGIN, SUCCESS, "web1", "root", "", T);
    in.received_ms = T;
    feed_score(s, &in);
    in.time_ms = in.received_ms = T + DAY_MS;
    feed_score(s, &in);
    assert_int_equal(score_watermark_ms(s), T + DAY_MS - 30000);
    in.time_ms = T + 3 * DAY_MS;
    in.received_ms = 0;
    feed_score(s, &in);
    assert_int_equal(score_watermark_ms(s), T + 3 * DAY_MS - 30000);
    score_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(late_events_go_to_their_bucket),
        cmocka_unit_test(too_late_is_not_counted),
        cmocka_unit_test(the_future_does_not_push_the_watermark),
        cmocka_unit_test(a_first_event_from_the_future_is_counted_on_arrival),
        cmocka_unit_test(a_gap_is_not_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
