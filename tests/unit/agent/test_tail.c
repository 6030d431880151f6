/* Tail through everything that happens to a log file. */
#include "tail_rig.h"

#include <sys/stat.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "tail_cursor.h"

static void test_follows(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\nb\r\n\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    assert_int_equal(pulled_all(&p), SOURCE_IDLE);
    pulled_expect(&p, "a|b");
    tail_append(&p, "log", "c\n");
    tail_wait(&p);
    pulled_expect(&p, "c");
    assert_int_equal(p.source->counters.events, 3);
    assert_int_equal(p.source->counters.bytes, 8);
    pulled_deinit(&p);
}

static void test_poll_sees_what_inotify_does_not(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    assert_int_equal(mkdir(tail_in_folder(&p, "d1"), 0700), 0);
    tail_append(&p, "d1/log", "a\n");
    tail_open_at(&p, "d?/log", (struct tail_config){.poll_ms = 20});
    pulled_all(&p);
    pulled_forget(&p);
    tail_append(&p, "d1/log", "b\n");
    tail_wait(&p);
    pulled_expect(&p, "b");
    pulled_deinit(&p);
}

static void test_partial_line_waits(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\nhal");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "a");
    tail_append(&p, "log", "f");
    pulled_all(&p);
    pulled_expect(&p, "");
    tail_append(&p, "log", "\nb\n");
    pulled_all(&p);
    pulled_expect(&p, "half|b");
    pulled_deinit(&p);
}

static void test_from_end(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "old\n");
    tail_open_at(&p, "*og", (struct tail_config){.from_end = true});
    pulled_all(&p);
    tail_append(&p, "log", "new\n");
    /* A file that comes up later is new as a whole. */
    tail_append(&p, "blog", "first\n");
    tail_wait(&p);
    pulled_all(&p);
    pulled_expect(&p, "new|first");
    pulled_deinit(&p);
}

/* Killed before its first event: what is written while it is dead comes all the same, also of a file that
 * comes up only then. */
static void test_from_end_stands_where_it_began(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "old\nhalf a ");
    tail_open_at(&p, "*og", (struct tail_config){.from_end = true});
    pulled_all(&p);
    pulled_all(&p);
    assert_int_equal(p.stands, 1);
    pulled_close(&p);
    tail_append(&p, "log", "line\nmissed\n");
    tail_append(&p, "blog", "first\n");
    tail_open_at(&p, "*og", (struct tail_config){.from_end = true});
    pulled_all(&p);
    assert_int_equal(p.stands, 1); /* it has a cursor */
    pulled_expect(&p, "first|line|missed");
    pulled_close(&p);
    p.cursor_len = 0;
    tail_open_at(&p, "log", (struct tail_config){.from_end = false});
    pulled_all(&p);
    assert_int_equal(p.stands, 1); /* from the beginning nothing can be missed */
    pulled_forget(&p);
    pulled_deinit(&p);
}

static void test_cursor_at_every_line(void **state)
{
    (void)state;
    for (int stop = 1; stop < 8; stop++) {
        struct pulled p;
        pulled_init(&p);
        tail_append(&p, "a.log", "1\n2\n3\n4\n");
        tail_append(&p, "b.log", "5\n6\n7\n8\n");
        tail_open_at(&p, "*.log", (struct tail_config){0});
        p.room = stop;
        assert_int_equal(pulled_all(&p), SOURCE_FULL);
        pulled_close(&p);
        p.room = PULLED_MAX;
        tail_open_at(&p, "*.log", (struct tail_config){0});
        pulled_all(&p);
        pulled_expect(&p, "1|2|3|4|5|6|7|8");
        pulled_deinit(&p);
    }
}

static void test_full_then_goes_on(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "1\n2\n3\n4\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    for (int i = 0; i < 4; i++) {
        p.room = 1;
        assert_int_equal(pulled_all(&p), i < 3 ? SOURCE_FULL : SOURCE_IDLE);
        assert_int_equal(p.count, i + 1);
    }
    pulled_expect(&p, "1|2|3|4");
    pulled_deinit(&p);
}

static void test_once(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "1\n2");
    tail_open_at(&p, "log", (struct tail_config){.once = true});
    p.room = 1;
    assert_int_equal(pulled_all(&p), SOURCE_FULL);
    p.room = PULLED_MAX;
    assert_int_equal(pulled_all(&p), SOURCE_END);
    pulled_expect(&p, "1|2");
    pulled_deinit(&p);
}

/* Seconds before now. */
static void expect_ages(struct pulled *p, int count, const int64_t *ages_s)
{
    assert_int_equal(p->count, count);
    for (int i = 0; i < count; i++)
        if (p->times[i] != PULLED_NOW_MS - ages_s[i] * 1000)
            fail_msg("%s: %lld s ago", p->messages[i], (long long)(PULLED_NOW_MS - p->times[i]) / 1000);
    pulled_forget(p);
}

static void test_a_line_without_a_stamp_is_as_old_as_those_around_it(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log",
                "Traceback\n"
                "2024-12-10T06:00:00Z web1 a: 1\n"
                "  at a frame\n"
                "2024-12-10T05:00:00Z web1 a: 2\n"
                "9999-01-01T00:00:00Z web1 a: 3\n"
                "  at another\n");
    tail_set_time(&p, "log", PULLED_NOW_MS / 1000 - 3600);
    tail_open_at(&p, "log", (struct tail_config){0});
    assert_int_equal(pulled_all(&p), SOURCE_IDLE);
    expect_ages(&p, 6, (const int64_t[]){18 * 3600, 18 * 3600, 18 * 3600, 19 * 3600, 19 * 3600, 19 * 3600});
    /* What is written from here on is of now. */
    tail_append(&p, "log", "2024-12-10T23:00:00Z web1 a: 4\nlive\n");
    pulled_all(&p);
    expect_ages(&p, 2, (const int64_t[]){3600, 0});
    pulled_deinit(&p);
}

static void test_a_file_from_the_future_or_from_no_time_is_of_now(void **state)
{
    (void)state;
    const int64_t modified_s[] = {PULLED_NOW_MS / 1000 + 86400, 0};
    for (size_t i = 0; i < sizeof modified_s / sizeof *modified_s; i++) {
        struct pulled p;
        pulled_init(&p);
        tail_append(&p, "log", "no stamp\n");
        tail_set_time(&p, "log", modified_s[i]);
        tail_open_at(&p, "log", (struct tail_config){0});
        pulled_all(&p);
        expect_ages(&p, 1, (const int64_t[]){0});
        pulled_deinit(&p);
    }
}

static void test_after_truncation_the_last_stamp_says_nothing(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "2024-12-10T06:00:00Z web1 a: 1\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    tail_rewrite(&p, "log", "no stamp\n");
    tail_set_time(&p, "log", PULLED_NOW_MS / 1000 - 60);
    pulled_all(&p);
    expect_ages(&p, 1, (const int64_t[]){60});
    pulled_deinit(&p);
}

static void test_before_any_stamp_the_next_one_counts(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log",
                "a line\n"
                "2024-12-11T05:00:00Z web1 a: of a clock that was wrong\n"
                "another\n"
                "2024-12-10T06:00:00Z web1 a: 1\n");
    tail_set_time(&p, "log", PULLED_NOW_MS / 1000 - 1); /* somebody still writes to it */
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    expect_ages(&p, 4, (const int64_t[]){18 * 3600, -5 * 3600, 18 * 3600, 18 * 3600});
    pulled_deinit(&p);
}

static void test_a_restart_amid_an_old_log_takes_nothing_to_now(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log",
                "2024-12-10T06:00:00Z web1 a: 1\n"
                "  frame\n"
                "  frame\n"
                "2024-12-10T06:01:00Z web1 a: 2\n");
    tail_set_time(&p, "log", PULLED_NOW_MS / 1000 - 1);
    p.room = 2;
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    expect_ages(&p, 2, (const int64_t[]){18 * 3600, 18 * 3600});
    pulled_close(&p);
    p.room = PULLED_MAX;
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    expect_ages(&p, 2, (const int64_t[]){18 * 3600 - 60, 18 * 3600 - 60});
    pulled_deinit(&p);
}

static void test_what_came_while_the_sink_was_full_is_not_of_now(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "2024-12-10T06:00:00Z web1 a: 1\n2024-12-10T07:00:00Z web1 a: 2\n");
    p.room = 1;
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    tail_append(&p, "log", "  frame\n2024-12-10T08:00:00Z web1 a: 3\n");
    p.room = PULLED_MAX;
    pulled_all(&p);
    pulled_all(&p);
    expect_ages(&p, 4, (const int64_t[]){18 * 3600, 17 * 3600, 17 * 3600, 16 * 3600});
    /* All is read: the next ones are under our eyes, also one whose first half came before. */
    tail_append(&p, "log", "li");
    pulled_all(&p);
    tail_append(&p, "log", "ve\n");
    pulled_all(&p);
    expect_ages(&p, 1, (const int64_t[]){0});
    pulled_deinit(&p);
}

static void test_what_was_not_read_for_a_while_is_no_older_than_that(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "2024-12-03T00:00:00Z web1 a: a week ago\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    tail_append(&p, "log", "while nobody read\n");
    pulled_clock_ms += 60 * 1000;
    pulled_all(&p);
    expect_ages(&p, 1, (const int64_t[]){0});
    pulled_deinit(&p);
}

static void test_a_mebibyte_does_no_harm(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    size_t len = 1 << 20;
    char *line = malloc(len);
    memset(line, 'x', len);
    tail_append(&p, "log", "before\n");
    tail_put(&p, "log", "a", line, len);
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "before");
    tail_put(&p, "log", "a", line, len);
    tail_append(&p, "log", "\nafter\n");
    pulled_all(&p);
    assert_int_equal(p.count, 2);
    assert_in_range(strlen(p.messages[0]), 4000, 4096);
    assert_string_equal(p.messages[1], "after");
    free(line);
    pulled_deinit(&p);
}

/* Around the line's cap nothing is lost or doubled. */
static void test_lines_at_the_cap(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "123456789\n1234567890\n12345678901\n123456789012\nx\n");
    tail_open_at(&p, "log", (struct tail_config){.line_max_bytes = 10});
    pulled_all(&p);
    pulled_expect(&p, "123456789|1234567890|1234567890|1234567890|x");
    pulled_deinit(&p);
}

static void test_many_lines_over_many_windows(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    char line[1001];
    memset(line, 'y', sizeof line);
    line[1000] = '\n';
    for (int i = 0; i < 300; i++) {
        line[0] = (char)('A' + i % 26);
        tail_put(&p, "log", "a", line, sizeof line);
    }
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    assert_int_equal(p.count, 300);
    for (int i = 0; i < p.count; i++)
        assert_true(p.messages[i][0] == 'A' + i % 26 && strlen(p.messages[i]) == 1000);
    pulled_deinit(&p);
}

static void test_more_files_than_a_cursor_holds(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    for (int i = 0; i < TAIL_FILES_MAX + 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d.log", i);
        tail_append(&p, name, "x\n");
    }
    tail_open_at(&p, "*.log", (struct tail_config){0});
    pulled_all(&p);
    assert_int_equal(p.count, TAIL_FILES_MAX);
    pulled_deinit(&p);
}

static void test_refused_openings(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    const struct tail_config once = {.once = true};
    assert_int_equal(tail_try_open(&p, "absent", once, (struct vd_bytes){0}), VD_ENOTFOUND);
    assert_int_equal(tail_try_open(&p, ".", (struct tail_config){0}, (struct vd_bytes){0}), VD_EUNSUPPORTED);
    assert_int_equal(tail_try_open(&p, "log", (struct tail_config){0}, vd_bytes_str("junk")), VD_EMALFORMED);
    /* Every truncation of a good cursor, and one that promises too much. */
    uint8_t good[TAIL_CURSOR_MAX_BYTES] = {1, 1}, bad[2] = {1, 200};
    struct tail_cursor cursor;
    assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(good, 2 + TAIL_CURSOR_ENTRY_BYTES)), 0);
    for (size_t len = 1; len < 2 + TAIL_CURSOR_ENTRY_BYTES; len++)
        assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(good, len)), VD_EMALFORMED);
    assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(bad, 2)), VD_EMALFORMED);
    pulled_deinit(&p);
}

static void test_waits_for_a_file(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_open_at(&p, "log", (struct tail_config){.from_end = true});
    assert_int_equal(pulled_all(&p), SOURCE_IDLE);
    tail_append(&p, "log", "a\n");
    tail_wait(&p);
    pulled_expect(&p, "a");
    pulled_deinit(&p);
}

static void test_every_allocation_of_opening_fails(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\n");
    int rc = VD_ENOMEM;
    for (size_t n = 1; n < 32 && rc != 0; n++) {
        vd_memory_fail_at(n);
        rc = tail_try_open(&p, "log", (struct tail_config){0}, (struct vd_bytes){0});
        vd_memory_fail_at(0);
        assert_true(rc == 0 || rc == VD_ENOMEM);
    }
    assert_int_equal(rc, 0);
    pulled_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows),
        cmocka_unit_test(test_poll_sees_what_inotify_does_not),
        cmocka_unit_test(test_partial_line_waits),
        cmocka_unit_test(test_from_end),
        cmocka_unit_test(test_from_end_stands_where_it_began),
        cmocka_unit_test(test_cursor_at_every_line),
        cmocka_unit_test(test_full_then_goes_on),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_a_line_without_a_stamp_is_as_old_as_those_around_it),
        cmocka_unit_test(test_a_file_from_the_future_or_from_no_time_is_of_now),
        cmocka_unit_test(test_after_truncation_the_last_stamp_says_nothing),
        cmocka_unit_test(test_before_any_stamp_the_next_one_counts),
        cmocka_unit_test(test_a_restart_amid_an_old_log_takes_nothing_to_now),
        cmocka_unit_test(test_what_came_while_the_sink_was_full_is_not_of_now),
        cmocka_unit_test(test_what_was_not_read_for_a_while_is_no_older_than_that),
        cmocka_unit_test(test_a_mebibyte_does_no_harm),
        cmocka_unit_test(test_lines_at_the_cap),
        cmocka_unit_test(test_many_lines_over_many_windows),
        cmocka_unit_test(test_more_files_than_a_cursor_holds),
        cmocka_unit_test(test_refused_openings),
        cmocka_unit_test(test_waits_for_a_file),
        cmocka_unit_test(test_every_allocation_of_opening_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
