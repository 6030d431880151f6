/* The order of sessions, without sessions: what collector/session.c does to one is noted here. */
#include "sessions.h"

#include "unit.h"

enum { COUNT = 4, NOTES = 16 };

struct session {
    struct session_links links;
    char name;
    bool known;
    const char *address;
    size_t unfinished_bytes;
    uint64_t behind;
    bool reads, on_hold;
    struct flow *stops; /* what it has read already stops the flow again */
};

static char notes[NOTES];

static void note(const struct session *s)
{
    size_t len = strlen(notes);
    assert_true(len + 1 < sizeof notes);
    notes[len] = s->name;
}

struct session_links *session_links(struct session *s)
{
    return &s->links;
}
const char *session_address(const struct session *s)
{
    return s->address;
}
bool session_authenticated(const struct session *s)
{
    return s->known;
}
size_t session_unfinished_bytes(const struct session *s)
{
    return s->unfinished_bytes;
}
uint64_t session_behind(const struct session *s)
{
    return s->behind;
}
void session_flush(struct session *s)
{
    note(s);
}
void session_tick(struct session *s, uint64_t now_ms)
{
    (void)now_ms;
    note(s);
}
void session_pause(struct session *s)
{
    note(s);
}
bool session_resume(struct session *s)
{
    note(s);
    bool was_paused = !s->reads;
    s->reads = true;
    return was_paused;
}
bool session_on_hold(const struct session *s)
{
    return s->on_hold;
}
void session_go_on(struct session *s)
{
    note(s);
    note(s);
    s->on_hold = s->stops != NULL;
    s->reads = !s->on_hold;
    if (s->stops != NULL)
        s->stops->stopped = true;
}
void session_move(struct session *s)
{
    note(s);
}
void session_end(struct session *s, enum vd_goodbye_code code, const char *reason, uint32_t retry_after_ms)
{
    (void)code, (void)reason, (void)retry_after_ms;
    note(s);
}

static void assert_noted(const char *expected)
{
    assert_string_equal(notes, expected);
    memset(notes, 0, sizeof notes);
}

struct world {
    struct sessions list;
    struct session all[COUNT]; /* a, b, c, d */
    struct flow flow;
};

static void setup(struct world *w)
{
    *w = (struct world){0};
    memset(notes, 0, sizeof notes);
    for (size_t i = 0; i < COUNT; i++) {
        w->all[i].name = (char)('a' + i);
        sessions_add(&w->list, &w->all[i]);
    }
}

static void who_was_served_comes_last(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    sessions_served(&w.list, &w.all[0]);
    sessions_served(&w.list, &w.all[2]);
    assert_false(sessions_resume(&w.list, &w.flow));
    assert_noted("bdac");
    sessions_served(&w.list, &w.all[2]);
    sessions_pause(&w.list);
    assert_noted("bdac");
}

/* Twice noted: it took what was read already. */
static void who_waited_is_read_before_more_is_taken_of_who_was_read(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.all[0].on_hold = w.all[2].on_hold = true;
    assert_true(sessions_resume(&w.list, &w.flow));
    assert_noted("aab");
    assert_false(sessions_resume(&w.list, &w.flow));
    assert_noted("abccd");
}

static void nobody_goes_on_once_the_flow_is_stopped_again(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.all[0].reads = w.all[1].on_hold = true;
    w.all[1].stops = &w.flow;
    assert_false(sessions_resume(&w.list, &w.flow));
    assert_noted("abb");
    assert_false(sessions_resume(&w.list, &w.flow));
    assert_noted("");
}

static void who_has_gone_is_in_no_list(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    for (size_t i = 0; i < COUNT; i++)
        sessions_dirty(&w.list, &w.all[i]);
    sessions_remove(&w.list, &w.all[1]);
    sessions_remove(&w.list, &w.all[3]);
    sessions_flush(&w.list);
    assert_noted("ca");
    sessions_end(&w.list, VD_GOODBYE_SHUTDOWN, "");
    assert_noted("ac");
    sessions_remove(&w.list, &w.all[0]);
    sessions_remove(&w.list, &w.all[2]);
    assert_null(w.list.first);
    assert_null(w.list.last);
    sessions_add(&w.list, &w.all[0]);
    assert_ptr_equal(w.list.first, w.list.last);
}

static void acks_are_written_once(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    sessions_dirty(&w.list, &w.all[1]);
    sessions_dirty(&w.list, &w.all[1]);
    sessions_flush(&w.list);
    sessions_flush(&w.list);
    assert_noted("b");
}

static void a_tick_sums_up(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.all[3].known = true;
    w.all[1].unfinished_bytes = 5;
    w.all[2].unfinished_bytes = 7;
    struct sessions_sum sum = sessions_tick(&w.list, 1);
    assert_int_equal(sum.unknown, 3);
    assert_int_equal(sum.unfinished_bytes, 12);
    assert_noted("abcd");
}

static void what_agents_hold_is_summed_up(void **state)
{
    (void)state;
    struct world w;
    struct metrics metrics = {.behind_events = 5, .backlog_sessions = 5};
    setup(&w);
    w.all[0].behind = CONVERSATION_BACKLOG_EVENTS;
    w.all[2].behind = CONVERSATION_BACKLOG_EVENTS + 1;
    sessions_measure(&w.list, &metrics);
    assert_int_equal(metrics.behind_events, 2 * CONVERSATION_BACKLOG_EVENTS + 1);
    assert_int_equal(metrics.backlog_sessions, 1);
}

static void one_host_is_a_crowd(void **state)
{
    (void)state;
    struct session all[] = {{.address = "192.0.2.1:1"},
                            {.address = "192.0.2.1:2"},
                            {.address = "192.0.2.11:1"},
                            {.address = "192.0.2.1:3", .known = true},
                            {.address = "[2001:db8::1]:1"}};
    struct sessions list = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sessions_add(&list, &all[i]);
    assert_true(sessions_crowded(&list, &all[1], 1));
    assert_false(sessions_crowded(&list, &all[1], 2)); /* the third has shown who it is */
    assert_false(sessions_crowded(&list, &all[2], 1));
    assert_false(sessions_crowded(&list, &all[4], 1));
    assert_true(sessions_crowded(&list, &all[4], 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_served_comes_last),
        cmocka_unit_test(who_waited_is_read_before_more_is_taken_of_who_was_read),
        cmocka_unit_test(nobody_goes_on_once_the_flow_is_stopped_again),
        cmocka_unit_test(who_has_gone_is_in_no_list),
        cmocka_unit_test(acks_are_written_once),
        cmocka_unit_test(a_tick_sums_up),
        cmocka_unit_test(what_agents_hold_is_summed_up),
        cmocka_unit_test(one_host_is_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
