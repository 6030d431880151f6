/* Plausibility: an ordinary office stays quiet from its first day, an attack on it does not. */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <vedette/random.h>

#include "unit.h"

enum { DAYS = 5, USERS = 60, HOSTS = 6, EVENTS_MAX = 40000, NONE = -1 };

struct event {
    int64_t time_ms;
    int32_t class_uid, status_id;
    int host, user; /* user NONE: root, no source */
};

struct tally {
    int events, low, alerts;
};

static struct event events[EVENTS_MAX];
static size_t event_count;

static void add(struct event e)
{
    assert_true(event_count < EVENTS_MAX);
    events[event_count++] = e;
}

/* A login in working hours, after a mistyped password now and then. */
static void add_login(struct vd_random *random, int64_t day_ms, int user)
{
    static const int mistypes[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3};
    double hour = 7 + 3 * (vd_random_unit(random) + vd_random_unit(random) + vd_random_unit(random));
    struct event e = {day_ms + (int64_t)(hour * HOUR_MS), CLASS_LOGIN, FAILURE,
                      (int)vd_random_below(random, HOSTS), user};
    for (int i = mistypes[vd_random_below(random, 11)]; i > 0; i--, e.time_ms += 4000)
        add(e);
    e.status_id = SUCCESS;
    add(e);
}

/* A job every ten minutes, and somebody's burst of commands now and then. */
static void add_processes(struct vd_random *random, int64_t day_ms, int host)
{
    for (int minute = 0; minute < 24 * 60; minute += 10) {
        struct event e = {day_ms + minute * (int64_t)MINUTE_MS, CLASS_PROCESS, SUCCESS, host, NONE};
        for (uint64_t i = 2 + vd_random_below(random, 5); i > 0; i--, e.time_ms += 300)
            add(e);
        if (vd_random_below(random, 20) > 0)
            continue;
        e.user = (int)vd_random_below(random, USERS);
        for (uint64_t i = vd_random_below(random, 30); i > 0; i--, e.time_ms += 800)
            add(e);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return (x > y) - (x < y);
}

static int office(void **state)
{
    (void)state;
    struct vd_random random = {2026};
    for (int day = 0; day < DAYS; day++) {
        int64_t day_ms = FEED_BEGIN_MS + day * DAY_MS;
        for (int user = 0; user < USERS; user++)
            for (uint64_t i = 1 + vd_random_below(&random, 4); i > 0; i--)
                add_login(&random, day_ms, user);
        for (int host = 0; host < HOSTS; host++)
            add_processes(&random, day_ms, host);
    }
    qsort(events, event_count, sizeof *events, by_time);
    return 0;
}

static struct vd_score feed_event(struct score *s, const struct event *e)
{
    char host[16], user[16], src[16];
    snprintf(host, sizeof host, "srv%d", e->host);
    snprintf(user, sizeof user, "user%d", e->user);
    snprintf(src, sizeof src, "10.0.0.%d", e->user);
    bool job = e->user == NONE;
    struct score_input in =
        feed_input(e->class_uid, e->status_id, host, job ? "root" : user, job ? "" : src, e->time_ms);
    return feed_score(s, &in);
}

static void count(struct tally *tally, const struct vd_score *out)
{
    tally->events++;
    tally->low += out->risk_score >= 20;
    tally->alerts += out->is_alert;
}

static void an_ordinary_office_is_quiet(void **state)
{
    (void)state;
    struct score *s = feed_new(10000);
    struct tally logins = {0}, processes = {0}, first_hour = {0};
    for (size_t i = 0; i < event_count; i++) {
        struct vd_score out = feed_event(s, &events[i]);
        count(events[i].class_uid == CLASS_LOGIN ? &logins : &processes, &out);
        if (events[i].time_ms < FEED_BEGIN_MS + HOUR_MS)
            count(&first_hour, &out);
    }
    assert_true(logins.events > 500 && processes.events > 10000 && first_hour.events > 50);
    assert_int_equal(logins.alerts, 0);
    assert_true(logins.low * 5 <
                logins.events); /* Low is once in ten windows, and a window has many events */
    assert_true(processes.alerts * 300 < processes.events);
    assert_int_equal(first_hour.low, 0);
    score_free(s);
}

/* The attacker guesses once in three seconds; nobody waits long for the alarm, nor is it there at once. */
static void guessing_is_heard(void **state)
{
    (void)state;
    struct score *s = feed_new(10000);
    for (size_t i = 0; i < event_count; i++)
        feed_event(s, &events[i]);
    int64_t begin_ms = FEED_BEGIN_MS + DAYS * DAY_MS;
    int guesses = 0;
    struct vd_score out = {0};
    while (!out.is_alert && guesses < 1000)
        out = feed_failure(s, "srv1", "root", "198.51.100.7", begin_ms + guesses++ * 3000);
    assert_in_range(guesses, 6, 60);
    int alerts = 0;
    for (int i = 0; i < 600; i++) {
        out = feed_failure(s, "srv1", "root", "198.51.100.7", begin_ms + guesses++ * 3000);
        alerts += out.is_alert;
    }
    assert_true(out.surprise > 1.5);                            /* the surprise stays */
    assert_true(out.shared > 60 && alerts >= 1 && alerts < 60); /* where it exceeds itself, of six windows */
    score_free(s);
}

/* A server that is busy from its first second is not news, a thousand times a minute or not. */
static void a_busy_newcomer_does_not_scream(void **state)
{
    (void)state;
    struct score *s = feed_new(1000);
    for (int i = 0; i < 60000; i++) {
        struct score_input in =
            feed_input(CLASS_PROCESS, SUCCESS, "build1", "ci", "", FEED_BEGIN_MS + i * 60);
        assert_int_equal(feed_score(s, &in).risk_score, 0);
    }
    score_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_office_is_quiet),
        cmocka_unit_test(guessing_is_heard),
        cmocka_unit_test(a_busy_newcomer_does_not_scream),
    };
    return cmocka_run_group_tests(tests, office, NULL);
}
