/* The past of an entity: its own events in their columns, others' not; different values by their windows. */
#include "why.h"

#include <string.h>
#include <vedette/gap.h>

#include "unit.h"

static const int64_t T = 1700438400000; /* divisible by 50 s and 10 min */
enum { CLASS_LOGIN = 3002, FAILURE = 2, COLUMNS = 12 };

static struct vd_event_view login(const char *source, const char *user, int64_t time_ms)
{
    return (struct vd_event_view){.class_uid = CLASS_LOGIN,
                                  .activity_id = 1,
                                  .status_id = FAILURE,
                                  .time_ms = time_ms,
                                  .sequence = 1,
                                  .tenant_uid = vd_bytes_str("acme"),
                                  .device_uid = vd_bytes_str("web1"),
                                  .user_name = vd_bytes_str(user),
                                  .src_ip = vd_bytes_str(source),
                                  .risk_details = vd_bytes_str("nothing unusual")};
}

static struct vd_told_reason reason_of(enum vd_reason_kind kind, const char *entity_kind)
{
    return (struct vd_told_reason){
        .kind = kind, .entity_kind = vd_bytes_str(entity_kind), .window_seconds = 300, .expected = 6};
}

struct past {
    struct score *score;
    struct why_subject subject;
    struct vd_told_reason reason;
    struct why_history history;
};

static void begin(struct past *p, struct vd_event_view subject, struct vd_told_reason reason)
{
    static const struct score_options options = {.max_entities = 8};
    *p = (struct past){.subject = {.view = subject}, .reason = reason};
    assert_int_equal(score_new(&p->score, &options), 0);
    why_history_init(&p->history, p->score, &p->subject, &p->reason, COLUMNS);
}

static void take(struct past *p, struct vd_event_view view)
{
    struct score_origin origin;
    struct score_prepared prepared;
    score_origin_init(p->score, &origin, view.tenant_uid, view.device_uid);
    struct score_input in = score_input_of(&view, &origin, 0);
    score_prepare(p->score, &in, &prepared);
    assert_int_equal(why_history_take(&p->history, &view, &prepared), 0);
}

static void columns_are(struct past *p, const int expected[COLUMNS])
{
    why_history_close(&p->history);
    for (int i = 0; i < COLUMNS; i++)
        assert_int_equal((int)p->history.columns[i], expected[i]);
    why_history_deinit(&p->history);
    score_free(p->score);
}

static void counts_of_the_entity_alone(void **state)
{
    (void)state;
    struct past p;
    begin(&p, login("192.0.2.1", "root", T), reason_of(VD_REASON_RATE, "source address"));
    assert_int_equal(p.history.count, COLUMNS);
    assert_int_equal(p.history.bucket_seconds, 50);
    assert_true(why_history_line(&p.history) == 1);
    take(&p, login("192.0.2.1", "root", T));
    take(&p, login("192.0.2.1", "else", T - 1));
    take(&p, login("192.0.2.1", "else", T - 11 * 50000));
    take(&p, login("192.0.2.1", "else", T - 11 * 50000 - 1));
    take(&p, login("192.0.2.1", "else", T + 50000));
    take(&p, login("192.0.2.2", "root", T));
    struct vd_event_view event = login("192.0.2.1", "root", T);
    event.tenant_uid = vd_bytes_str("other");
    take(&p, event);
    event = login("192.0.2.1", "root", T);
    event.status_id = 1; /* another kind */
    take(&p, event);
    event = login("192.0.2.1", "root", T - 50000);
    event.count = 5000;
    take(&p, event);
    assert_int_equal((int)why_history_observed(&p.history), 1002);
    columns_are(&p, (const int[COLUMNS]){1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1001, 1});
}

static void different_values_of_each_window(void **state)
{
    (void)state;
    struct past p;
    begin(&p, login("192.0.2.1", "root", T), reason_of(VD_REASON_DISTINCT, "source address"));
    assert_true(why_history_line(&p.history) == 6);
    for (int twice = 0; twice < 2; twice++) {
        take(&p, login("192.0.2.1", "a", T - 8 * 50000));
        take(&p, login("192.0.2.1", "a", T - 6 * 50000));
        take(&p, login("192.0.2.1", "b", T - 6 * 50000));
        take(&p, login("192.0.2.1", "c", T));
        take(&p, login("192.0.2.1", "d", T - 14 * 50000)); /* in the first columns' windows alone */
    }
    columns_are(&p, (const int[COLUMNS]){1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1});
}

static void a_silence_goes_by_names(void **state)
{
    (void)state;
    struct past p;
    struct vd_event_view silence = {.event_code = vd_bytes_str(VD_SILENCE_CODE),
                                    .time_ms = T,
                                    .tenant_uid = vd_bytes_str("acme"),
                                    .device_uid = vd_bytes_str("web1")};
    struct vd_told_reason reason = reason_of(VD_REASON_RATE, "host");
    reason.entity = vd_bytes_str("web1");
    reason.window_seconds = 660;
    begin(&p, silence, reason);
    assert_int_equal(p.history.bucket_seconds, 110);
    take(&p, login("192.0.2.1", "a", T - 7 * 110000));
    struct vd_event_view other = login("192.0.2.1", "a", T - 7 * 110000);
    other.device_uid = vd_bytes_str("web2");
    take(&p, other);
    assert_int_equal((int)why_history_observed(&p.history), 0);
    columns_are(&p, (const int[COLUMNS]){0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
}

static void what_has_no_past(void **state)
{
    (void)state;
    struct past p;
    begin(&p, login("192.0.2.1", "root", T), reason_of(VD_REASON_RATE, "rule"));
    assert_int_equal(p.history.count, 0);
    assert_true(why_history_begin_ms(&p.history) == INT64_MAX);
    score_free(p.score);
    /* A day is read for two days at most; a first one has no line. */
    struct vd_told_reason day = reason_of(VD_REASON_DISTINCT, "user");
    day.window_seconds = 86400;
    begin(&p, login("192.0.2.1", "root", T), day);
    assert_int_equal(p.history.bucket_seconds, 4 * 3600);
    assert_true(why_history_begin_ms(&p.history) >= T - INT64_C(4) * 86400000);
    score_free(p.score);
    begin(&p, login("192.0.2.1", "root", T), reason_of(VD_REASON_FIRST, "user"));
    assert_int_equal(p.history.bucket_seconds, 600);
    assert_true(why_history_line(&p.history) < 0);
    score_free(p.score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_the_entity_alone),
        cmocka_unit_test(different_values_of_each_window),
        cmocka_unit_test(a_silence_goes_by_names),
        cmocka_unit_test(what_has_no_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
