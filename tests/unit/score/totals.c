/* Totals of tenants: what is rhythm is quiet, what is news is told once, and nothing is said of what is not
 * whole. */
#include "totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/buffer.h>
#include <vedette/event_view.h>
#include <vedette/random.h>

#include "feed.h"
#include "told_event.h"
#include "unit.h"

enum { BUCKET = TOTALS_BUCKET_SECONDS, DAY = 86400, HOUR = 3600, WEEK = 7 * DAY, KEPT = 64 };
/* A Monday, 00:00 UTC. */
enum { T = 1700438400 };

/* How many events of each kind a bucket has on average; NULL: none of that kind. */
typedef double (*course)(uint32_t seconds);

struct world {
    struct totals *totals;
    struct calibration_scale scale;
    struct vd_random random;
    struct volume told[KEPT];
    uint32_t count;
    bool backwards; /* the events of a bucket */
};

static void setup(struct world *w)
{
    *w = (struct world){.totals = calloc(1, sizeof *w->totals), .random = {11}};
    if (w->totals == NULL)
        abort();
    calibration_scale_init(&w->scale);
}

static void teardown(struct world *w)
{
    free(w->totals);
}

static void ask(struct world *w)
{
    struct volume told;
    while (totals_next(w->totals, &told))
        w->told[w->count++ % KEPT] = told;
}

static void event_at(struct world *w, uint64_t tenant, uint32_t kind, uint32_t seconds, int64_t received)
{
    totals_arrive(w->totals, received * 1000);
    totals_advance(w->totals, &w->scale, (uint32_t)(received < seconds ? received : seconds) - 30);
    totals_count(w->totals, tenant, vd_bytes_str("acme"), kind, seconds, 1);
    ask(w);
}

/* About so many: the sum of twelve even ones is nearly normal. */
static uint32_t about(struct world *w, double mean)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (double)vd_random_below(&w->random, 1000) / 1000;
    double count = mean + sum * (mean > 0 ? __builtin_sqrt(mean) : 0);
    return count > 0 ? (uint32_t)(count + 0.5) : 0;
}

/* A bucket of one tenant, its events spread over it. */
static void bucket_of(struct world *w, uint64_t tenant, uint32_t begin, const course courses[],
                      uint32_t kinds)
{
    uint32_t counts[KIND_COUNT] = {0}, most = 0;
    for (uint32_t k = 0; k < kinds; k++) {
        counts[k] = about(w, courses[k](begin));
        most = counts[k] > most ? counts[k] : most;
    }
    for (uint32_t i = 0; i < most; i++)
        for (uint32_t k = 0; k < kinds; k++) {
            uint32_t kind = w->backwards ? kinds - 1 - k : k;
            uint32_t at = begin + 30 + (uint32_t)((uint64_t)i * (BUCKET - 31) / most);
            if (i < counts[kind])
                event_at(w, tenant, kind, at, at);
        }
}

static void run(struct world *w, uint32_t from, uint32_t to, const course courses[], uint32_t kinds)
{
    for (uint32_t t = from; t < to; t += BUCKET)
        bucket_of(w, 77, t, courses, kinds);
}

static void show(const struct world *w)
{
    for (uint32_t i = 0; i < w->count && i < KEPT; i++)
        print_message("  %.2f days: %s, figure %d, %g of %g, %.2f\n", (w->told[i].to - T) / (double)DAY,
                      w->told[i].kind->feature, (int)w->told[i].figure, w->told[i].observed,
                      w->told[i].expected, w->told[i].surprise);
}

/* ---- What happens there */

static double steady(uint32_t t)
{
    (void)t;
    return 40;
}

static double office(uint32_t t)
{
    uint32_t day = (t - T) / DAY % 7, hour = t % DAY / HOUR;
    return day < 5 && hour >= 8 && hour < 18 ? 60 : 3;
}

static double few(uint32_t t)
{
    return office(t) / 30;
}

static double nightly(uint32_t t)
{
    uint32_t hour = t % DAY / HOUR;
    return 10 + (hour == 2 ? 50 : 0);
}

enum { RISE_AT = T + 22 * DAY + 10 * HOUR, FALL_AT = T + 23 * DAY + 11 * HOUR, JOB_DAY = T + 24 * DAY };

static double few_and_a_rise(uint32_t t)
{
    return t >= RISE_AT && t < RISE_AT + HOUR ? 400 : few(t);
}

static double steady_and_a_fall(uint32_t t)
{
    return t >= FALL_AT && t < FALL_AT + 3 * HOUR ? 0 : steady(t);
}

static double nightly_but_once(uint32_t t)
{
    return t >= JOB_DAY && t < JOB_DAY + DAY ? 10 : nightly(t);
}

/* ---- The tests */

static void nights_and_weekends_are_no_news(void **state)
{
    (void)state;
    const course courses[] = {steady, office, few, nightly};
    struct world w;
    setup(&w);
    run(&w, T, T + 4 * WEEK, courses, 4);
    show(&w);
    assert_int_equal(w.count, 0);
    teardown(&w);
}

static void told_once(const course courses[4], uint32_t kind, enum series_figure figure, uint32_t from,
                      uint32_t to)
{
    struct world w;
    setup(&w);
    run(&w, T, T + 4 * WEEK, courses, 4);
    show(&w);
    assert_int_equal(w.count, 1);
    assert_string_equal(w.told[0].kind->feature, kind_at(kind)->feature);
    assert_int_equal(w.told[0].figure, figure);
    assert_in_range(w.told[0].to, from, to);
    assert_true(w.told[0].surprise >= 3.5);
    teardown(&w);
}

static void a_rise_is_told_once(void **state)
{
    (void)state;
    const course courses[] = {steady, office, few_and_a_rise, nightly};
    told_once(courses, 2, SERIES_RISE, RISE_AT + BUCKET, RISE_AT + BUCKET);
}

static void a_fall_is_told_once(void **state)
{
    (void)state;
    const course courses[] = {steady_and_a_fall, office, few, nightly};
    told_once(courses, 0, SERIES_FALL, FALL_AT + BUCKET, FALL_AT + BUCKET);
}

static void a_nightly_job_that_does_not_run_is_told_once(void **state)
{
    (void)state;
    const course courses[] = {steady, office, few, nightly_but_once};
    told_once(courses, 3, SERIES_RHYTHM, JOB_DAY + 2 * HOUR, JOB_DAY + 3 * HOUR + BUCKET);
}

static void nothing_is_said_in_the_first_day(void **state)
{
    (void)state;
    const course courses[] = {steady_and_a_fall, office, few_and_a_rise, nightly_but_once};
    struct world w;
    setup(&w);
    run(&w, FALL_AT - DAY / 2, FALL_AT + DAY / 3, courses, 4);
    assert_int_equal(w.count, 0);
    teardown(&w);
}

/* All are away for hours; the first to come back is quick, the others send what they have kept too late. */
static void an_outage_says_nothing(void **state)
{
    (void)state;
    const course courses[] = {steady, office, few, nightly};
    struct world w;
    setup(&w);
    uint32_t away = T + 2 * WEEK + 9 * HOUR + 120, back = away + 4 * HOUR;
    run(&w, T, away - 120, courses, 4);
    for (uint32_t t = away - 120; t < back; t += 100)
        event_at(&w, 77, 0, t, t < away ? t : back + (t - away) / 100);
    for (uint32_t t = away; t < back + 600; t++)
        for (uint32_t k = 0; k < 3; k++)
            event_at(&w, 77, k, t, back + 150 + (t - away) / 100);
    run(&w, (back + 600) / BUCKET * BUCKET + BUCKET, T + 4 * WEEK, courses, 4);
    show(&w);
    assert_int_equal(w.count, 0);
    teardown(&w);
}

/* The watermark of a shard goes with its newest event, and may leap. */
static void a_leap_over_years_costs_little(void **state)
{
    (void)state;
    const course courses[] = {steady};
    struct world w;
    setup(&w);
    event_at(&w, 77, 0, 40, 40);
    run(&w, T, T + DAY, courses, 1);
    event_at(&w, 77, 0, UINT32_MAX - 40, UINT32_MAX - 40);
    event_at(&w, 77, 0, T, UINT32_MAX);
    totals_count(w.totals, 1, vd_bytes_str("x"), 0, UINT32_MAX, 1);
    assert_int_equal(w.count, 0);
    assert_in_range(w.totals->of[0].series.samples, DAY / BUCKET - 2, DAY / BUCKET + 1);
    teardown(&w);
}

/* Who is known stays; the newcomers cost one another. */
static void a_flood_of_tenants_spares_the_known(void **state)
{
    (void)state;
    const course courses[] = {steady, office, few, nightly};
    struct world w;
    setup(&w);
    run(&w, T, T + 2 * DAY, courses, 4);
    uint64_t keys[4];
    memcpy(keys, w.totals->keys, sizeof keys);
    for (uint32_t i = 0; i < 20000; i++)
        event_at(&w, 1000 + i, i % KIND_COUNT, T + 2 * DAY + i / 10, T + 2 * DAY + i / 10);
    assert_memory_equal(keys, w.totals->keys, sizeof keys);
    for (int i = 0; i < 4; i++)
        assert_int_equal(w.totals->of[i].tenant_hash, 77);
    teardown(&w);
}

static void the_order_within_a_bucket_changes_nothing(void **state)
{
    (void)state;
    const course courses[] = {steady_and_a_fall, office, few_and_a_rise, nightly_but_once};
    struct world one, other;
    setup(&one);
    setup(&other);
    other.backwards = true;
    run(&one, T, T + 4 * WEEK, courses, 4);
    run(&other, T, T + 4 * WEEK, courses, 4);
    show(&one);
    assert_int_equal(one.count, 3);
    assert_int_equal(other.count, 3);
    for (uint32_t i = 0; i < one.count; i++) {
        assert_int_equal(one.told[i].key, other.told[i].key);
        assert_int_equal(one.told[i].to, other.told[i].to);
        assert_memory_equal(&one.told[i].surprise, &other.told[i].surprise, sizeof(double));
    }
    teardown(&one);
    teardown(&other);
}

/* By way of the scorer: an event of the collector's own, with its words. */
static void a_rise_is_a_scored_event(void **state)
{
    (void)state;
    struct score *s = feed_new(1024);
    struct score_told told;
    struct vd_event_view view;
    struct vd_buffer event;
    uint32_t count = 0;
    vd_buffer_init(&event, 8192);
    for (int64_t t = FEED_BEGIN_MS; t < FEED_BEGIN_MS + 20 * DAY_MS; t += MINUTE_MS) {
        int64_t rise = FEED_BEGIN_MS + 15 * DAY_MS;
        for (int i = 0; i < (t >= rise && t < rise + 20 * MINUTE_MS ? 50 : 2); i++) {
            struct score_input in = feed_input(CLASS_LOGIN, SUCCESS, "web1", "alice", "192.0.2.1", t + i);
            feed_score(s, &in);
            while (score_told_next(s, &told)) {
                if (told.kind != SCORE_TOLD_VOLUME)
                    continue;
                vd_buffer_clear(&event);
                count++;
                assert_int_equal(told_event_write(&event, &told, t), 0);
            }
        }
    }
    assert_int_equal(count, 1);
    assert_int_equal(vd_event_view_read(&view, vd_buffer_bytes(&event)), 0);
    assert_true(vd_bytes_equal(view.event_code, vd_bytes_str("VOLUME")));
    assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("north")));
    assert_true(vd_bytes_equal(
        view.message, vd_bytes_str("250 logins of tenant north in 5 min, where 10 are usual at this hour")));
    assert_true(view.risk_score >= 70);
    assert_int_equal(view.sequence, 0);
    struct score_counters counters;
    score_counters_read(s, &counters);
    assert_int_equal(counters.volumes, 1);
    vd_buffer_deinit(&event);
    score_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nights_and_weekends_are_no_news),
        cmocka_unit_test(a_rise_is_told_once),
        cmocka_unit_test(a_fall_is_told_once),
        cmocka_unit_test(a_nightly_job_that_does_not_run_is_told_once),
        cmocka_unit_test(nothing_is_said_in_the_first_day),
        cmocka_unit_test(an_outage_says_nothing),
        cmocka_unit_test(a_leap_over_years_costs_little),
        cmocka_unit_test(a_flood_of_tenants_spares_the_known),
        cmocka_unit_test(the_order_within_a_bucket_changes_nothing),
        cmocka_unit_test(a_rise_is_a_scored_event),
    };
    return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
