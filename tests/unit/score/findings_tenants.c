/* Findings of several tenants on one shard: what one of them does is nothing to another. */
#include "findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "unit.h"

static struct findings *setup(void)
{
    struct findings *f = malloc(sizeof *f);
    assert_non_null(f);
    findings_init(f);
    return f;
}

/* Opens it or adds to it; what is due is told to nobody. */
static void take(struct findings *f, const char *tenant, const char *source, int64_t time_ms)
{
    static unsigned events;
    char uid[32];
    struct score_finding told;
    snprintf(uid, sizeof uid, "event-%u", events++);
    const struct vd_score score = {.risk_score = 80, .risk_level_id = 3, .is_alert = true};
    const struct finding_event event = {.score = &score,
                                        .uid = vd_bytes_str(uid),
                                        .tenant = vd_bytes_str(tenant),
                                        .host = vd_bytes_str("web1"),
                                        .source = vd_bytes_str(source),
                                        .time_ms = time_ms};
    findings_take(f, &event, time_ms, FINDINGS_AN_HOUR);
    while (findings_next(f, time_ms, &told))
        ;
}

/* NULL: the tenant has none that is open. */
static const struct score_finding *open_of(const struct findings *f, const char *tenant)
{
    for (int i = 0; i < FINDINGS_MAX; i++)
        if (f->keys[i] > 1 && strcmp(f->open[i].tenant, tenant) == 0)
            return &f->open[i];
    return NULL;
}

/* All that the tenant has open goes on. */
static void keep_open(struct findings *f, const char *tenant, int64_t time_ms)
{
    char source[FINDING_TEXT_BYTES];
    for (int i = 0; i < FINDINGS_MAX; i++) {
        if (f->keys[i] <= 1 || strcmp(f->open[i].tenant, tenant) != 0)
            continue;
        memcpy(source, f->open[i].name, sizeof source);
        take(f, tenant, source, time_ms);
    }
}

/* Ten more each hour, all of them kept open by an event every ten minutes. */
static void who_fills_the_slots_closes_only_his_own(void **state)
{
    (void)state;
    enum { HOURS = 30, STEPS = 6, STEP_MS = 10 * MINUTE_MS, NEW = FINDINGS_AN_HOUR / 2 };
    char source[32];
    struct findings *f = setup();
    int64_t now_ms = FEED_BEGIN_MS;
    for (int hour = 0; hour < HOURS; hour++)
        for (int step = 0; step < STEPS; step++, now_ms += STEP_MS) {
            keep_open(f, "noisy", now_ms);
            for (int i = 0; step == 0 && i < NEW; i++) {
                snprintf(source, sizeof source, "s%d-%d", hour, i);
                take(f, "noisy", source, now_ms);
            }
        }
    take(f, "acme", "203.0.113.9", now_ms);
    keep_open(f, "noisy", now_ms + MINUTE_MS);
    for (int i = 0; i < 3; i++) {
        snprintf(source, sizeof source, "last%d", i);
        take(f, "noisy", source, now_ms + MINUTE_MS);
    }
    take(f, "acme", "203.0.113.9", now_ms + 2 * MINUTE_MS);
    assert_non_null(open_of(f, "acme"));
    assert_int_equal(open_of(f, "acme")->events, 2);
    free(f);
}

/* Names can be made so that their hashes meet; the events then still do not. */
static void keys_that_meet_join_nothing(void **state)
{
    (void)state;
    struct findings *f = setup();
    take(f, "other", "203.0.113.9", FEED_BEGIN_MS);
    uint64_t key = f->keys[0];
    findings_init(f);
    take(f, "acme", "203.0.113.9", FEED_BEGIN_MS);
    f->keys[0] = key;
    take(f, "other", "203.0.113.9", FEED_BEGIN_MS);
    assert_int_equal(open_of(f, "acme")->events, 1);
    assert_non_null(open_of(f, "other"));
    take(f, "other", "203.0.113.9", FEED_BEGIN_MS + MINUTE_MS);
    assert_int_equal(open_of(f, "other")->events, 2);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_fills_the_slots_closes_only_his_own),
        cmocka_unit_test(keys_that_meet_join_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
