/* What scoring makes of events: whose they are, what is counted together, and that it is the same every time.
 */
#include "feed.h"

#include <stddef.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/random.h>

#include "unit.h"

static const int64_t T = 1700438400000;

static void needs_room_and_memory(void **state)
{
    (void)state;
    struct score *s;
    assert_int_equal(score_new(&s, &(struct score_options){.max_entities = 7}), VD_EINVAL);
    for (size_t n = 1; n <= 11; n++) {
        vd_memory_fail_at(n);
        assert_int_equal(score_new(&s, &(struct score_options){.max_entities = 64}), VD_ENOMEM);
    }
    vd_memory_fail_at(0);
    score_free(NULL);
}

static void one_event_is_no_news(void **state)
{
    (void)state;
    static const int32_t classes[] = {0, 1007, 2004, 3001, 3002, 4242};
    struct score *s = feed_new(1024);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        struct score_input in = feed_input(classes[i], FAILURE, "web1", "root", "203.0.113.9", T);
        struct vd_score out = feed_score(s, &in);
        assert_int_equal(out.risk_score, 0);
        assert_int_equal(out.reason_count, 0);
    }
    score_free(s);
}

static void a_burst_of_failures_has_its_reasons(void **state)
{
    (void)state;
    struct score *s = feed_new(1024);
    struct vd_score out = {0};
    int alerts = 0;
    char users[60][16];
    for (int i = 0; i < 60; i++) {
        snprintf(users[i], sizeof users[i], "user%d", i);
        out = feed_failure(s, "web1", users[i], "203.0.113.9", T + i * 500);
        alerts += out.is_alert;
    }
    assert_true(alerts > 0);
    assert_true(out.reason_count > 0);
    bool many = false, wide = false;
    for (uint32_t i = 0; i < out.reason_count; i++) {
        const struct vd_reason *r = &out.reasons[i];
        assert_string_equal(r->feature, "failed logins");
        many |= r->kind == VD_REASON_RATE && r->observed == 60 && r->expected <= 1 && !r->late;
        wide |= r->kind == VD_REASON_DISTINCT && strcmp(r->what, "users") == 0 &&
                vd_bytes_equal(r->entity, vd_bytes_str("203.0.113.9"));
    }
    assert_true(many && wide);
    assert_true(out.surprise > 3.5);
    score_free(s);
}

/* Successes, other tenants, other classes and other entities have windows of their own. */
static void keys_are_apart(void **state)
{
    (void)state;
    struct score *s = feed_new(1024);
    for (int i = 0; i < 100; i++)
        feed_failure(s, "web1", "root", "203.0.113.9", T);
    struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "203.0.113.9", T), other = in;
    assert_true(feed_score(s, &in).surprise > 3);
    other.status_id = SUCCESS;
    assert_true(feed_score(s, &other).surprise < 1);
    other = in;
    other.origin = feed_origin("south", "web1");
    assert_true(feed_score(s, &other).surprise < 1);
    other = in;
    other.class_uid = 3001;
    assert_true(feed_score(s, &other).surprise < 1);
    struct score_counters before, after;
    score_counters_read(s, &before);
    other = in;
    other.origin = feed_origin("north", "web2");
    other.user = vd_bytes_str("203.0.113.9"); /* a user of that name is not that source */
    other.src_ip = vd_bytes_str("root");
    feed_score(s, &other);
    score_counters_read(s, &after);
    assert_int_equal(after.entities, before.entities + 3); /* the tenant is the same */
    score_free(s);
}

static void log_lines_count_for_the_host_alone(void **state)
{
    (void)state;
    struct score *s = feed_new(1024);
    struct score_counters counters;
    struct score_input in = feed_input(0, 0, "web1", "root", "203.0.113.9", T);
    feed_score(s, &in);
    score_counters_read(s, &counters);
    assert_int_equal(counters.entities, 1);
    in.class_uid = CLASS_LOGIN;
    feed_score(s, &in);
    score_counters_read(s, &counters);
    assert_int_equal(counters.entities, 4);
    assert_int_equal(counters.events, 2);
    score_free(s);
}

static void a_count_stands_for_so_many(void **state)
{
    (void)state;
    static const int32_t counts[] = {INT32_MIN, -1, 0, 1, 2, 5, 9, 30, 1000, 1001, INT32_MAX};
    double last = 0, most = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct score *s = feed_new(64);
        struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "", "", T);
        in.count = counts[i];
        struct vd_score out = feed_score(s, &in);
        assert_true(out.surprise >= last);
        last = out.surprise;
        if (counts[i] <= 1)
            assert_int_equal(out.reason_count, 0);
        if (counts[i] == SCORE_COUNT_MAX)
            most = out.surprise;
        score_free(s);
    }
    assert_true(most > 0 && last == most);
}

struct event {
    int host, user, src;
    int64_t time_ms;
};

static void shuffle(struct event *events, size_t len, struct vd_random *random)
{
    for (size_t i = len - 1; i > 0; i--) {
        size_t j = vd_random_below(random, i + 1);
        struct event e = events[i];
        events[i] = events[j];
        events[j] = e;
    }
}

static struct vd_score feed_event(struct score *s, const struct event *e)
{
    char host[16], user[16], src[16];
    snprintf(host, sizeof host, "web%d", e->host);
    snprintf(user, sizeof user, "user%d", e->user);
    snprintf(src, sizeof src, "10.0.0.%d", e->src);
    struct vd_score out = feed_failure(s, host, user, src, e->time_ms);
    for (uint32_t i = 0; i < out.reason_count; i++)
        out.reasons[i].entity = out.reasons[i].value = (struct vd_bytes){0}; /* gone with this function */
    return out;
}

static bool same(const struct vd_score *a, const struct vd_score *b)
{
    if (memcmp(a, b, offsetof(struct vd_score, reasons)) != 0)
        return false;
    for (uint32_t i = 0; i < a->reason_count; i++) {
        const struct vd_reason *x = &a->reasons[i], *y = &b->reasons[i];
        const double numbers[] = {x->observed - y->observed, x->expected - y->expected,
                                  x->surprise - y->surprise, x->maturity - y->maturity};
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            if (numbers[n] > 0 || numbers[n] < 0)
                return false;
        if (x->kind != y->kind || x->window_seconds != y->window_seconds || x->late != y->late)
            return false;
    }
    return true;
}

/* Once every entity has come into the bucket: coming in closes windows, and the peers learn those one after
 * another. */
static void order_within_a_bucket_does_not_matter(void **state)
{
    (void)state;
    enum { EVENTS = 300, ENTITIES = 5 };
    struct vd_random random = {5};
    struct event events[EVENTS];
    struct score *scores[2];
    for (int i = 0; i < EVENTS; i++)
        events[i] =
            (struct event){i % ENTITIES, i / ENTITIES % ENTITIES, (i + i / 7) % ENTITIES, T + i % 10 * 1000};
    for (int which = 0; which < 2; which++) {
        scores[which] = feed_new(1024);
        for (int i = 0; i < ENTITIES; i++)
            feed_event(scores[which], &(struct event){i, i, i, T});
        for (int i = 0; i < EVENTS; i++)
            feed_event(scores[which], &events[i]);
        shuffle(events, EVENTS, &random);
    }
    for (int i = 0; i < 3 * ENTITIES; i++) {
        struct event probe = {i % ENTITIES, i % ENTITIES, i % ENTITIES, T + i * 40000};
        struct vd_score a = feed_event(scores[0], &probe), b = feed_event(scores[1], &probe);
        assert_true(a.reason_count > 0 || i >= ENTITIES);
        assert_true(same(&a, &b));
    }
    score_free(scores[0]);
    score_free(scores[1]);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
    (void)state;
    struct score *a = feed_new(256), *b = feed_new(256); /* small: evictions are part of it */
    struct vd_random random = {9};
    int64_t time_ms = T;
    uint32_t reasons = 0;
    for (int i = 0; i < 40000; i++) {
        struct event e = {(int)vd_random_below(&random, 20), (int)vd_random_below(&random, 300),
                          (int)vd_random_below(&random, 200),
                          time_ms - (int64_t)vd_random_below(&random, 90000)};
        struct vd_score one = feed_event(a, &e), two = feed_event(b, &e);
        assert_true(same(&one, &two));
        reasons += one.reason_count;
        time_ms += (int64_t)vd_random_below(&random, i % 5000 == 0 ? 20 * HOUR_MS : 4000);
    }
    struct score_counters counters;
    score_counters_read(a, &counters);
    assert_true(reasons > 100 && counters.evictions > 100 && counters.late_events > 100);
    score_free(a);
    score_free(b);
}

static void a_flood_of_newcomers_spares_the_known(void **state)
{
    (void)state;
    enum { MAX = 4096 };
    struct score *s = feed_new(MAX);
    struct score_counters counters;
    struct vd_score out = {0};
    char user[16], src[24];
    struct score_input hot = feed_input(CLASS_LOGIN, FAILURE, "web1", "", "203.0.113.9", T);
    struct score_origin south = *feed_origin("south", "web1");
    hot.origin = &south;
    for (int i = 0; i < 100; i++)
        feed_score(s, &hot);
    for (int i = 0; i < 60000; i++) {
        snprintf(user, sizeof user, "user%d", i);
        snprintf(src, sizeof src, "2001:db8::%x", (unsigned)i);
        feed_failure(s, "web2", user, src, T + i / 20);
        hot.time_ms = T + i / 20;
        if (i % 100 == 0)
            out = feed_score(s, &hot);
    }
    assert_true(out.reason_count > 0);
    assert_int_equal(out.reasons[0].observed, 100 + 600);
    score_counters_read(s, &counters);
    assert_true(counters.entities <= MAX && counters.evictions > 100000);
    score_free(s);
}

static void a_view_gives_all_but_identity(void **state)
{
    (void)state;
    struct vd_event_view view = {
        .class_uid = 3002,
        .activity_id = 1,
        .status_id = 2,
        .count = 3,
        .time_ms = 5,
        .tenant_uid = vd_bytes_str("a lie"),
        .device_uid = vd_bytes_str("another"),
        .user_name = vd_bytes_str("root"),
        .src_ip = vd_bytes_str("203.0.113.9"),
    };
    struct score_input in = score_input_of(&view, feed_origin("north", "web1"), 7);
    assert_true(vd_bytes_equal(in.origin->tenant, vd_bytes_str("north")) &&
                vd_bytes_equal(in.origin->host, vd_bytes_str("web1")));
    assert_true(vd_bytes_equal(in.user, view.user_name) && vd_bytes_equal(in.src_ip, view.src_ip));
    assert_true(in.class_uid == 3002 && in.activity_id == 1 && in.status_id == 2 && in.count == 3);
    assert_true(in.time_ms == 5 && in.received_ms == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_room_and_memory),
        cmocka_unit_test(one_event_is_no_news),
        cmocka_unit_test(a_burst_of_failures_has_its_reasons),
        cmocka_unit_test(keys_are_apart),
        cmocka_unit_test(log_lines_count_for_the_host_alone),
        cmocka_unit_test(a_count_stands_for_so_many),
        cmocka_unit_test(order_within_a_bucket_does_not_matter),
        cmocka_unit_test(the_same_input_gives_the_same_bytes),
        cmocka_unit_test(a_flood_of_newcomers_spares_the_known),
        cmocka_unit_test(a_view_gives_all_but_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
