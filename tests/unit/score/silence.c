/* Who goes quiet against his own habit is told, once; nights, newcomers, outages of all and floods are not.
 */
#include "silence.h"

#include <stdio.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/event_view.h>
#include <vedette/memory.h>

#include "feed.h"
#include "told_event.h"
#include "unit.h"

enum { HOUR = 3600, DAY = 24 * HOUR, T = 1700438400 };

/* A shard in which things are heard in order, as they arrive. */
struct world {
    struct silences silences;
    uint32_t told;
    struct silence last;
    char name[SILENCE_NAME_BYTES + 1];
};

static void setup(struct world *w, size_t max)
{
    *w = (struct world){0};
    assert_int_equal(silences_init(&w->silences, max), 0);
}

static void hear_late(struct world *w, const char *host, uint32_t seconds, uint32_t received)
{
    uint64_t key = 14695981039346656037U;
    for (const char *c = host; *c != '\0'; c++)
        key = (key ^ (uint8_t)*c) * 1099511628211U;
    struct silence_who who = {key, WHO_HOST, vd_bytes_str("acme"), vd_bytes_str(host)};
    silences_arrive(&w->silences, (int64_t)received * 1000);
    silences_hear(&w->silences, &who, seconds);
}

static void hear(struct world *w, const char *host, uint32_t seconds)
{
    hear_late(w, host, seconds, seconds);
}

static void look(struct world *w, uint32_t watermark)
{
    struct silence silence;
    while (silences_next(&w->silences, watermark, &silence)) {
        w->told++;
        w->last = silence;
        snprintf(w->name, sizeof w->name, "%.*s", (int)silence.name.len, (const char *)silence.name.data);
    }
}

/* Both are heard every minute up to `quiet`, then only the other. */
static void one_of_two(struct world *w, uint32_t quiet, uint32_t end)
{
    for (uint32_t t = T; t < T + end; t += 60) {
        hear(w, "other", t);
        if (t <= T + quiet)
            hear(w, "host", t);
        look(w, t);
    }
}

static void a_host_that_goes_quiet_is_told_once(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    one_of_two(&w, 2 * DAY, 3 * DAY);
    assert_int_equal(w.told, 1);
    assert_string_equal(w.name, "host");
    assert_int_equal(w.last.since, T + 2 * DAY);
    assert_int_equal(w.last.at, T + 2 * DAY + 600);
    assert_int_equal(w.last.longest, 60);
    assert_int_equal(w.last.known, 2 * DAY);
    assert_true(w.last.expected > 9 && w.last.expected < 11);
    assert_true(w.last.surprise > 2.45 && w.last.surprise < 2.47); /* log10(1 + 288) */
    silences_deinit(&w.silences);
}

static void who_comes_back_can_go_quiet_again(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    one_of_two(&w, 2 * DAY, 2 * DAY + HOUR);
    for (uint32_t t = T + 2 * DAY + HOUR; t < T + 5 * DAY; t += 60) {
        hear(&w, "other", t);
        if (t < T + 4 * DAY)
            hear(&w, "host", t);
        look(&w, t);
    }
    assert_int_equal(w.told, 2);
    assert_in_range(w.last.at - w.last.since, 6000, 7000); /* twice the hour, somewhat faded */
    silences_deinit(&w.silences);
}

static void a_newcomer_has_no_habit(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    one_of_two(&w, 3 * HOUR, 3 * DAY);
    assert_int_equal(w.told, 0);
    silences_deinit(&w.silences);
}

static void nights_and_weekends_are_habits(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    for (uint32_t t = T; t < T + 120 * DAY; t += 300) {
        uint32_t day = (t - T) / DAY % 7, hour = t % DAY / HOUR;
        hear(&w, "other", t);
        if (day < 5 && hour >= 8 && hour < 18)
            hear(&w, "office", t);
        look(&w, t);
    }
    assert_int_equal(w.told, 0);
    silences_deinit(&w.silences);
}

/* The collector was away: the first agent to come back must not make all others silent. */
static void an_outage_of_all_says_nothing_of_one(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    one_of_two(&w, 2 * DAY, 2 * DAY);
    uint32_t back = T + 2 * DAY + 6 * HOUR;
    for (uint32_t t = back; t < back + 240; t += 60) {
        hear(&w, "other", t);
        look(&w, t);
    }
    for (uint32_t t = T + 2 * DAY; t < back; t += 60) /* what it had kept, at once */
        hear_late(&w, "host", t, back + 240);
    look(&w, back + 300);
    assert_int_equal(w.told, 0);
    silences_deinit(&w.silences);
}

static void a_flood_of_newcomers_spares_the_known(void **state)
{
    (void)state;
    struct world w;
    char name[16];
    setup(&w, 64);
    one_of_two(&w, 2 * DAY, 2 * DAY);
    for (uint32_t i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "flood%u", i);
        hear(&w, name, T + 2 * DAY + i / 100);
    }
    for (uint32_t t = T + 2 * DAY + 120; t < T + 2 * DAY + HOUR; t += 60) {
        hear(&w, "other", t);
        look(&w, t);
    }
    assert_int_equal(w.told, 1);
    assert_string_equal(w.name, "host");
    silences_deinit(&w.silences);
}

static void late_events_and_wild_stamps_do_no_harm(void **state)
{
    (void)state;
    struct world w;
    setup(&w, 64);
    hear(&w, "host", UINT32_MAX);
    hear(&w, "host", 1);
    hear(&w, "ancient", 1);
    hear(&w, "ancient", UINT32_MAX - 1);
    look(&w, 0);
    look(&w, UINT32_MAX);
    assert_int_equal(w.told, 0);
    silences_deinit(&w.silences);
}

static void needs_room_and_memory(void **state)
{
    (void)state;
    struct silences s;
    assert_int_equal(silences_init(&s, SILENCE_WAYS - 1), VD_EINVAL);
    for (size_t n = 1; n <= 4; n++) {
        vd_memory_fail_at(n);
        assert_int_equal(silences_init(&s, 64), VD_ENOMEM);
    }
    vd_memory_fail_at(0);
}

/* By way of the scorer: the host and its address, which stop while another host of the tenant goes on. */
static void a_silence_is_a_scored_event(void **state)
{
    (void)state;
    char critical[] = "critical-*", any[] = "*";
    struct score_asset asset = {any, critical, ASSET_CRITICAL};
    struct score_options options = {.max_entities = 1024, .assets = &asset, .asset_count = 1};
    struct score *s;
    struct score_told told;
    struct vd_event_view view;
    struct vd_buffer event;
    uint32_t count = 0;
    assert_int_equal(score_new(&s, &options), 0);
    vd_buffer_init(&event, 8192);
    for (int64_t t = FEED_BEGIN_MS; t < FEED_BEGIN_MS + 3 * DAY_MS; t += MINUTE_MS) {
        bool stops = t >= FEED_BEGIN_MS + 2 * DAY_MS;
        struct score_input in = feed_input(CLASS_LOGIN, SUCCESS, stops ? "other" : "critical-1", "alice",
                                           stops ? "192.0.2.2" : "192.0.2.1", t);
        feed_score(s, &in);
        while (score_told_next(s, &told)) {
            count++;
            vd_buffer_clear(&event);
            assert_int_equal(told_event_write(&event, &told, t), 0);
            assert_int_equal(vd_event_view_read(&view, vd_buffer_bytes(&event)), 0);
            assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("north")));
            bool is_host = told.silence.who == WHO_HOST;
            assert_true(vd_bytes_equal(view.device_uid, vd_bytes_str(is_host ? "critical-1" : "")));
            assert_int_equal(view.risk_score, is_host ? 73 : 48); /* 20 log10(1 + 2 days / 11 min) */
            assert_int_equal(view.class_uid, 0);
            assert_int_equal(view.sequence, 0);
        }
    }
    assert_int_equal(count, 2);
    struct score_counters counters;
    score_counters_read(s, &counters);
    assert_int_equal(counters.silences, 2);
    vd_buffer_deinit(&event);
    score_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_goes_quiet_is_told_once),
        cmocka_unit_test(who_comes_back_can_go_quiet_again),
        cmocka_unit_test(a_newcomer_has_no_habit),
        cmocka_unit_test(nights_and_weekends_are_habits),
        cmocka_unit_test(an_outage_of_all_says_nothing_of_one),
        cmocka_unit_test(a_flood_of_newcomers_spares_the_known),
        cmocka_unit_test(late_events_and_wild_stamps_do_no_harm),
        cmocka_unit_test(needs_room_and_memory),
        cmocka_unit_test(a_silence_is_a_scored_event),
    };
    return cmocka_run_group_tests_name("silence", tests, NULL, NULL);
}
