/* Findings: which event goes into which, when each is told, and what happens when there are too many. */
#include "findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vedette/utf8.h>

#include "feed.h"
#include "technique.h"
#include "unit.h"

enum { SECOND_MS = 1000, LATE_MS = 30000, TOLD_MAX = 2048 };

/* A shard's findings, with all that was told. Time is its newest event's. */
struct world {
    struct findings *findings;
    int64_t newest_ms;
    uint32_t an_hour, events, told_count;
    struct score_finding told[TOLD_MAX];
};

static struct world *setup(void)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->findings = malloc(sizeof *w->findings);
    assert_non_null(w->findings);
    findings_init(w->findings);
    w->an_hour = FINDINGS_AN_HOUR;
    w->newest_ms = FEED_BEGIN_MS;
    return w;
}

static void teardown(struct world *w)
{
    free(w->findings);
    free(w);
}

static void tell(struct world *w)
{
    struct score_finding out;
    while (findings_next(w->findings, w->newest_ms - LATE_MS, &out)) {
        assert_true(w->told_count < TOLD_MAX);
        w->told[w->told_count++] = out;
    }
}

static struct vd_reason reason_of(const char *entity_kind, const char *entity, double surprise)
{
    return (struct vd_reason){.kind = VD_REASON_RATE,
                              .feature = "failed logins",
                              .what = "",
                              .entity_kind = entity_kind,
                              .entity = vd_bytes_str(entity),
                              .window_seconds = 300,
                              .observed = 40,
                              .expected = 1,
                              .surprise = surprise};
}

struct alert {
    const char *tenant, *host, *source, *user;
    int32_t risk;
    int64_t time_ms;
};

/* About the source, then the user, as far as there are any. */
static bool take_unasked(struct world *w, const struct alert *alert)
{
    char uid[32];
    struct vd_score score = {
        .risk_score = alert->risk > 0 ? alert->risk : 80, .risk_level_id = 3, .is_alert = true};
    if (alert->source != NULL)
        score.reasons[score.reason_count++] = reason_of("source address", alert->source, 5);
    if (alert->user != NULL)
        score.reasons[score.reason_count++] = reason_of("user", alert->user, 4);
    snprintf(uid, sizeof uid, "event-%u", w->events++);
    struct finding_event event = {.score = &score,
                                  .uid = vd_bytes_str(uid),
                                  .tenant = vd_bytes_str(alert->tenant != NULL ? alert->tenant : "acme"),
                                  .host = vd_bytes_str(alert->host != NULL ? alert->host : "web1"),
                                  .user = vd_bytes_str(alert->user),
                                  .source = vd_bytes_str(alert->source),
                                  .class_uid = CLASS_LOGIN,
                                  .activity_id = 1,
                                  .status_id = FAILURE,
                                  .time_ms = alert->time_ms};
    w->newest_ms = alert->time_ms > w->newest_ms ? alert->time_ms : w->newest_ms;
    return findings_take(w->findings, &event, w->newest_ms - LATE_MS, w->an_hour);
}

static bool take(struct world *w, const struct alert *alert)
{
    bool merged = take_unasked(w, alert);
    tell(w);
    return merged;
}

/* Nothing happens but time. */
static void pass(struct world *w, int64_t until_ms)
{
    w->newest_ms = until_ms;
    tell(w);
}

static void a_finding_is_opened_updated_once_a_minute_and_closed_after_quiet(void **state)
{
    (void)state;
    struct world *w = setup();
    const int64_t begin = FEED_BEGIN_MS, last = begin + 150 * SECOND_MS;
    for (int64_t t = begin; t <= last; t += SECOND_MS)
        take(w, &(struct alert){.source = "203.0.113.9", .time_ms = t});
    assert_int_equal(w->told_count, 3); /* 0 s, 60 s, 120 s */
    pass(w, last + LATE_MS + 15 * MINUTE_MS - 60 * SECOND_MS);
    assert_int_equal(w->told_count, 4);
    pass(w, last + 15 * MINUTE_MS - SECOND_MS);
    assert_int_equal(w->told_count, 4);
    pass(w, last + 15 * MINUTE_MS);
    pass(w, last + HOUR_MS);
    assert_int_equal(w->told_count, 5);
    static const uint8_t activities[] = {FINDING_CREATE, FINDING_UPDATE, FINDING_UPDATE, FINDING_UPDATE,
                                         FINDING_CLOSE};
    static const uint64_t events[] = {1, 61, 121, 151, 151};
    for (uint32_t i = 0; i < w->told_count; i++) {
        const struct score_finding *f = &w->told[i];
        assert_int_equal(f->activity, activities[i]);
        assert_int_equal(f->events, events[i]);
        assert_int_equal(f->revision, i + 1);
        assert_memory_equal(f->uid, w->told[0].uid, sizeof f->uid);
        assert_int_equal(f->first_ms, begin);
        assert_int_equal(f->created_ms, begin);
    }
    assert_int_equal(w->told[4].last_ms, last);
    assert_string_equal(w->told[4].name, "203.0.113.9");
    assert_int_equal(w->told[4].who, WHO_SOURCE);
    assert_int_equal(w->told[4].techniques, 1U << TECHNIQUE_BRUTE_FORCE);
    assert_int_equal(w->told[4].related_count, FINDING_RELATED_MAX);
    assert_string_equal(w->told[4].related[1], "event-1");
    teardown(w);
}

/* A login that succeeded, of no risk of its own. */
static void log_in(struct world *w, const struct alert *login)
{
    char uid[32];
    static const struct vd_score quiet = {.risk_score = 3};
    snprintf(uid, sizeof uid, "login-%u", w->events++);
    const struct finding_event event = {.score = &quiet,
                                        .uid = vd_bytes_str(uid),
                                        .tenant =
                                            vd_bytes_str(login->tenant != NULL ? login->tenant : "acme"),
                                        .host = vd_bytes_str(login->host != NULL ? login->host : "web1"),
                                        .user = vd_bytes_str(login->user),
                                        .source = vd_bytes_str(login->source),
                                        .class_uid = CLASS_LOGIN,
                                        .activity_id = 1,
                                        .status_id = SUCCESS,
                                        .time_ms = login->time_ms};
    w->newest_ms = login->time_ms > w->newest_ms ? login->time_ms : w->newest_ms;
    findings_take_login(w->findings, &event, w->newest_ms - LATE_MS);
    tell(w);
}

static void a_login_from_where_the_guesses_come_is_told_at_once(void **state)
{
    (void)state;
    struct world *w = setup();
    int64_t t = FEED_BEGIN_MS;
    for (; t < FEED_BEGIN_MS + 50 * SECOND_MS; t += SECOND_MS)
        take(w, &(struct alert){.source = "203.0.113.9", .user = "root", .time_ms = t});
    assert_int_equal(w->told_count, 1);
    log_in(w, &(struct alert){.source = "203.0.113.9", .user = "deploy", .time_ms = t});
    assert_int_equal(w->told_count, 2);
    const struct score_finding *f = &w->told[1];
    assert_int_equal(f->activity, FINDING_UPDATE);
    assert_int_equal(f->events, 50);
    assert_int_equal(f->last_ms, t);
    struct vd_score score;
    finding_score(f, &score);
    assert_int_equal(f->risk_score, 80);
    assert_int_equal(score.risk_score, FINDING_CRITICAL_RISK);
    assert_int_equal(score.risk_level_id, FINDING_CRITICAL_LEVEL);
    assert_int_equal(f->techniques, 1U << TECHNIQUE_BRUTE_FORCE | 1U << TECHNIQUE_VALID_ACCOUNTS);
    assert_string_equal(f->logins.user, "deploy");
    assert_string_equal(f->logins.uid, "login-50");
    /* The next one is counted, and told in its time; none of them keeps the finding open. */
    log_in(w, &(struct alert){.source = "203.0.113.9", .user = "root", .time_ms = t + SECOND_MS});
    assert_int_equal(w->told_count, 2);
    for (int64_t minute = 1; minute < 20; minute++)
        log_in(w, &(struct alert){.source = "203.0.113.9", .time_ms = t + minute * 60 * SECOND_MS});
    const struct score_finding *last = &w->told[w->told_count - 1];
    assert_int_equal(last->activity, FINDING_CLOSE);
    assert_string_equal(last->logins.user, "deploy");
    assert_in_range(last->logins.count, 14, 18);
    teardown(w);
}

static void other_logins_do_not_join(void **state)
{
    (void)state;
    struct world *w = setup();
    const int64_t t = FEED_BEGIN_MS + 100 * SECOND_MS;
    const struct alert guess = {.source = "203.0.113.9", .user = "root", .time_ms = t};
    log_in(w, &guess); /* nothing is open */
    take(w, &guess);
    const struct alert others[] = {
        {.source = "203.0.113.8", .user = "root", .time_ms = t},
        {.source = "203.0.113.9", .tenant = "globex", .time_ms = t},
        {.source = "203.0.113.9", .user = "root", .time_ms = t - 1}, /* before the first guess */
        {.user = "root", .time_ms = t},                              /* from nowhere: not from there */
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        log_in(w, &others[i]);
    assert_int_equal(w->told_count, 1);
    /* By the time it is quiet, whoever comes is somebody else. */
    log_in(w, &(struct alert){.source = "203.0.113.9", .time_ms = t + LATE_MS + 16 * MINUTE_MS});
    assert_int_equal(w->told_count, 2);
    assert_int_equal(w->told[1].activity, FINDING_CLOSE);
    assert_int_equal(w->told[1].logins.count, 0);
    teardown(w);
}

static void what_has_no_source_joins_by_user_and_host(void **state)
{
    (void)state;
    struct world *w = setup();
    take(w, &(struct alert){.user = "root", .time_ms = FEED_BEGIN_MS});
    log_in(w, &(struct alert){.user = "root", .host = "web2", .time_ms = FEED_BEGIN_MS + 1});
    log_in(w, &(struct alert){.user = "alice", .time_ms = FEED_BEGIN_MS + 1});
    log_in(w, &(struct alert){.user = "root", .source = "10.0.0.1", .time_ms = FEED_BEGIN_MS + 1});
    assert_int_equal(w->told_count, 1);
    log_in(w, &(struct alert){.user = "root", .time_ms = FEED_BEGIN_MS + 1});
    assert_int_equal(w->told_count, 2);
    assert_int_equal(w->told[1].logins.count, 1);
    teardown(w);
}

static void after_quiet_the_same_entity_has_a_new_finding(void **state)
{
    (void)state;
    struct world *w = setup();
    take(w, &(struct alert){.source = "203.0.113.9", .time_ms = FEED_BEGIN_MS});
    /* Nobody looked in between: the event itself finds the old one quiet. */
    take(w, &(struct alert){.source = "203.0.113.9", .time_ms = FEED_BEGIN_MS + 20 * MINUTE_MS});
    assert_int_equal(w->told_count, 3);
    assert_int_equal(w->told[1].activity + w->told[2].activity, FINDING_CLOSE + FINDING_CREATE);
    assert_memory_not_equal(w->told[1].uid, w->told[2].uid, sizeof w->told[1].uid);
    teardown(w);
}

/* A backlog that comes hours late is one finding, not one an event. */
static void late_events_are_drawn_together_as_they_come(void **state)
{
    (void)state;
    struct world *w = setup();
    take(w, &(struct alert){.source = "198.51.100.1", .time_ms = FEED_BEGIN_MS});
    for (int i = 0; i < 100; i++)
        take(w, &(struct alert){.source = "203.0.113.9",
                                .time_ms = FEED_BEGIN_MS - 5 * HOUR_MS + (99 - i) * SECOND_MS});
    assert_int_equal(w->told_count, 2);
    pass(w, FEED_BEGIN_MS + 2 * MINUTE_MS);
    const struct score_finding *f = &w->told[w->told_count - 1];
    assert_int_equal(f->events, 100);
    assert_int_equal(f->first_ms, FEED_BEGIN_MS - 5 * HOUR_MS);
    assert_int_equal(f->last_ms, FEED_BEGIN_MS - 5 * HOUR_MS + 99 * SECOND_MS);
    teardown(w);
}

static void an_event_joins_what_is_open_for_any_of_whom_it_is_about(void **state)
{
    (void)state;
    struct world *w = setup();
    take(w, &(struct alert){.user = "root", .time_ms = FEED_BEGIN_MS});
    take(w, &(struct alert){
                .source = "203.0.113.9", .user = "root", .host = "db1", .time_ms = FEED_BEGIN_MS + 1});
    take(w, &(struct alert){.source = "203.0.113.9", .time_ms = FEED_BEGIN_MS + 2});
    assert_int_equal(w->told_count, 2);
    assert_int_equal(w->told[0].who, WHO_USER);
    assert_int_equal(w->told[1].who, WHO_SOURCE);
    pass(w, FEED_BEGIN_MS + 2 * MINUTE_MS);
    assert_int_equal(w->told_count, 3);
    assert_string_equal(w->told[2].name, "root");
    assert_int_equal(w->told[2].events, 2);
    assert_int_equal(w->told[2].host_count, 2);
    assert_int_equal(w->told[2].reason_count, 2);
    assert_string_equal(w->told[2].about.entity, "root");
    teardown(w);
}

static void tenants_are_kept_apart(void **state)
{
    (void)state;
    struct world *w = setup();
    take(w, &(struct alert){.tenant = "a", .source = "203.0.113.9", .time_ms = FEED_BEGIN_MS});
    take(w, &(struct alert){.tenant = "b", .source = "203.0.113.9", .time_ms = FEED_BEGIN_MS});
    assert_int_equal(w->told_count, 2);
    assert_memory_not_equal(w->told[0].uid, w->told[1].uid, sizeof w->told[0].uid);
    teardown(w);
}

static const char *numbered(char out[32], const char *what, int number)
{
    snprintf(out, 32, "%s%d", what, number);
    return out;
}

static void beyond_an_hours_measure_they_are_merged(void **state)
{
    (void)state;
    char source[32];
    struct world *w = setup();
    w->an_hour = 3;
    int64_t t = FEED_BEGIN_MS + LATE_MS; /* the watermark begins an hour */
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(w, &(struct alert){.source = numbered(source, "s", i), .time_ms = t}), i >= 3);
    for (int i = 5; i < 10; i++) /* the same again */
        assert_true(take(w, &(struct alert){.source = numbered(source, "s", i), .time_ms = t}));
    assert_false(take(w, &(struct alert){.tenant = "other", .source = "s", .time_ms = t}));
    assert_int_equal(w->told_count, 5);
    pass(w, t + 2 * MINUTE_MS);
    const struct score_finding *merged = &w->told[w->told_count - 1];
    assert_true(merged->merged);
    assert_int_equal(merged->entities, 7);
    assert_int_equal(merged->events, 12);
    pass(w, t + HOUR_MS - 1); /* long quiet, but its hour goes on */
    assert_int_not_equal(w->told[w->told_count - 1].uid[0], w->told[3].uid[0]);
    assert_true(take(w, &(struct alert){.source = "s99", .time_ms = t + HOUR_MS - 1}));
    pass(w, t + HOUR_MS);
    uint32_t before = w->told_count;
    /* A new hour: whoever comes now has one of his own again. */
    assert_false(take(w, &(struct alert){.source = "s8", .time_ms = t + HOUR_MS}));
    assert_int_equal(w->told_count, before + 1);
    assert_int_equal(w->told[before].activity, FINDING_CREATE);
    teardown(w);
}

static void the_quietest_makes_room(void **state)
{
    (void)state;
    char source[32], tenant[32];
    struct world *w = setup();
    for (int i = 0; i < FINDINGS_MAX + 10; i++)
        take(w, &(struct alert){.tenant = numbered(tenant, "t", i),
                                .source = numbered(source, "s", i),
                                .time_ms = FEED_BEGIN_MS + i});
    uint32_t closed = 0;
    for (uint32_t i = 0; i < w->told_count; i++)
        if (w->told[i].activity == FINDING_CLOSE)
            assert_string_equal(w->told[i].name, numbered(source, "s", (int)closed++));
    assert_int_equal(closed, 11); /* one slot is always free */
    assert_int_equal(w->told_count, FINDINGS_MAX + 10 + closed);
    teardown(w);
}

/* Nothing is asked for: what must hold is that nothing breaks. */
static void nobody_asks(void **state)
{
    (void)state;
    char source[32];
    struct world *w = setup();
    struct vd_score score = {.risk_score = 80, .reason_count = 1};
    for (int i = 0; i < 3 * FINDINGS_MAX; i++) {
        score.reasons[0] = reason_of("source address", numbered(source, "s", i), 5);
        struct finding_event event = {.score = &score,
                                      .uid = vd_bytes_str(source),
                                      .tenant = vd_bytes_str("acme"),
                                      .time_ms = FEED_BEGIN_MS};
        findings_take(w->findings, &event, FEED_BEGIN_MS, UINT32_MAX);
    }
    tell(w);
    assert_true(w->told_count > FINDINGS_MAX);
    teardown(w);
}

/* More than are remembered cost those that have opened the fewest, not who is at his measure. */
static void many_tenants_have_a_measure_each(void **state)
{
    (void)state;
    char tenant[32], source[32];
    struct world *w = setup();
    w->an_hour = 2;
    for (int i = 0; i < 2; i++)
        assert_false(take(w, &(struct alert){.source = numbered(source, "s", i), .time_ms = FEED_BEGIN_MS}));
    for (int i = 0; i < FINDING_TENANTS_MAX + 50; i++)
        assert_false(take(w, &(struct alert){.tenant = numbered(tenant, "t", i),
                                             .source = numbered(source, "s", i),
                                             .time_ms = FEED_BEGIN_MS}));
    assert_true(take(w, &(struct alert){.source = "s3", .time_ms = FEED_BEGIN_MS}));
    teardown(w);
}

/* Whatever could not be handed on, the opening and the closing too, is told once more, and the same. */
static void what_was_not_handed_on_is_told_again(void **state)
{
    (void)state;
    struct world *w = setup();
    struct score_finding told, again;
    w->findings->due_ms = INT64_MAX;
    for (int64_t minute = 0; minute < 20; minute++) {
        if (minute < 3)
            take_unasked(
                w, &(struct alert){.source = "203.0.113.9", .time_ms = FEED_BEGIN_MS + minute * MINUTE_MS});
        w->newest_ms = FEED_BEGIN_MS + minute * MINUTE_MS;
        while (findings_next(w->findings, w->newest_ms - LATE_MS, &told)) {
            findings_again(w->findings, &told);
            assert_true(findings_next(w->findings, w->newest_ms - LATE_MS, &again));
            assert_memory_equal(&told, &again, sizeof told);
            w->told[w->told_count++] = again;
        }
    }
    assert_int_equal(w->told_count, 4);
    assert_int_equal(w->told[0].activity, FINDING_CREATE);
    assert_int_equal(w->told[3].activity, FINDING_CLOSE);
    assert_int_equal(w->told[3].revision, 4);
    teardown(w);
}

static void hostile_names_are_cut_and_repaired(void **state)
{
    (void)state;
    char longest[300];
    struct world *w = setup();
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memcpy(longest, "a\x1b[31m\xff\xc3", 8);
    take(w, &(struct alert){.source = longest, .user = longest, .host = longest, .time_ms = FEED_BEGIN_MS});
    const struct score_finding *f = &w->told[0];
    assert_true(strlen(f->name) <= 64 && vd_utf8_valid(vd_bytes_str(f->name)));
    assert_true(strlen(f->host) <= 64 && vd_utf8_valid(vd_bytes_str(f->evidence.user)));
    assert_true(vd_utf8_valid(vd_bytes_str(f->reasons[0].entity)));
    teardown(w);
}

/* Whether told at once or much later, and whatever the watermark's steps: the same state. */
static void the_same_events_make_the_same_bytes(void **state)
{
    (void)state;
    char source[32], user[32];
    struct world *worlds[2] = {setup(), setup()};
    for (int n = 0; n < 2; n++) {
        struct world *w = worlds[n];
        uint32_t seed = 7;
        w->an_hour = 5;
        for (int i = 0; i < 1500; i++) {
            seed = seed * 1664525 + 1013904223;
            take(w, &(struct alert){.source = numbered(source, "s", (int)(seed >> 28)),
                                    .user = numbered(user, "u", (int)(seed >> 24 & 7)),
                                    .risk = 70 + (int32_t)(seed >> 20 & 31),
                                    .time_ms = FEED_BEGIN_MS + i * (int64_t)(20 * SECOND_MS) -
                                               (seed >> 16 & 7) * SECOND_MS});
        }
    }
    assert_memory_equal(worlds[0]->findings, worlds[1]->findings, sizeof *worlds[0]->findings);
    assert_int_equal(worlds[0]->told_count, worlds[1]->told_count);
    assert_memory_equal(worlds[0]->told, worlds[1]->told, sizeof worlds[0]->told);
    teardown(worlds[0]);
    teardown(worlds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_is_opened_updated_once_a_minute_and_closed_after_quiet),
        cmocka_unit_test(a_login_from_where_the_guesses_come_is_told_at_once),
        cmocka_unit_test(other_logins_do_not_join),
        cmocka_unit_test(what_has_no_source_joins_by_user_and_host),
        cmocka_unit_test(after_quiet_the_same_entity_has_a_new_finding),
        cmocka_unit_test(late_events_are_drawn_together_as_they_come),
        cmocka_unit_test(an_event_joins_what_is_open_for_any_of_whom_it_is_about),
        cmocka_unit_test(tenants_are_kept_apart),
        cmocka_unit_test(beyond_an_hours_measure_they_are_merged),
        cmocka_unit_test(the_quietest_makes_room),
        cmocka_unit_test(nobody_asks),
        cmocka_unit_test(many_tenants_have_a_measure_each),
        cmocka_unit_test(what_was_not_handed_on_is_told_again),
        cmocka_unit_test(hostile_names_are_cut_and_repaired),
        cmocka_unit_test(the_same_events_make_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
