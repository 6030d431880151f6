/* Tail and what rotation does to a log file: renamed, truncated, recreated, deleted, once or more often. */
#include "tail_rig.h"

#include <vedette/error.h>

static void test_rotation_by_rename(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    tail_append(&p, "log", "b\n");
    tail_move(&p, "log", "log.1");
    tail_append(&p, "log", "d\n");
    /* The daemon has the old file open still. */
    tail_append(&p, "log.1", "c\n");
    tail_wait(&p);
    pulled_expect(&p, "a|b|c|d");
    pulled_deinit(&p);
}

static void test_rotated_while_away(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    tail_append(&p, "log", "b\n");
    tail_move(&p, "log", "log.1");
    tail_append(&p, "log.2", "not ours\n");
    tail_set_age(&p, "log.2", 60);
    tail_append(&p, "log", "c\n");
    tail_open_at(&p, "log", (struct tail_config){.from_end = true});
    pulled_all(&p);
    pulled_expect(&p, "a|b|c");
    pulled_deinit(&p);
}

/* Files that came and were rotated away while nobody followed are read too, in their order; what is older, or
 * no rotated log, is not. */
static void test_rotated_more_than_once_while_away(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    tail_append(&p, "log", "b\n");
    tail_move(&p, "log", "log.3");
    tail_append(&p, "log.2", "c\n");
    tail_append(&p, "log.1", "d\n");
    tail_append(&p, "log.4", "old\n");
    tail_append(&p, "log.1.gz", "packed\n");
    tail_append(&p, "logger", "another log\n");
    tail_set_age(&p, "log.4", 40);
    tail_set_age(&p, "log.3", 30);
    tail_set_age(&p, "log.2", 20);
    tail_set_age(&p, "log.1", 10);
    tail_append(&p, "log", "e\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "a|b|c|d|e");
    pulled_deinit(&p);
}

/* A sink that is full for long: what is rotated away meanwhile, even deleted, is read all the same. */
static void test_rotated_while_the_sink_is_full(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\nb\n");
    tail_open_at(&p, "log", (struct tail_config){.poll_ms = 10});
    p.room = 1;
    assert_int_equal(pulled_all(&p), SOURCE_FULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unlink(tail_in_folder(&p, "log")), 0);
        tail_append(&p, "log", i == 0 ? "c\n" : "d\n");
        tail_wait(&p);
    }
    p.room = PULLED_MAX;
    pulled_all(&p);
    pulled_expect(&p, "a|b|c|d");
    pulled_deinit(&p);
}

static void test_truncation(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "first line\nsecond line\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    tail_rewrite(&p, "log", "third\n");
    pulled_all(&p);
    pulled_expect(&p, "third");
    pulled_deinit(&p);
}

/* copytruncate, and then as much written as there was before: only the first bytes tell. */
static void test_truncation_and_more(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "1111\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    tail_append(&p, "log.1", "1111\n");
    tail_rewrite(&p, "log", "2222\n3333\n");
    pulled_all(&p);
    pulled_expect(&p, "2222|3333");
    pulled_deinit(&p);
}

/* The cursor's inode with other first bytes is another file. */
static void test_recreated_in_the_same_inode(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "old one\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    pulled_forget(&p);
    tail_rewrite(&p, "log", "new one\nnew two\n");
    tail_open_at(&p, "log", (struct tail_config){.from_end = true});
    pulled_all(&p);
    pulled_expect(&p, "new one|new two");
    pulled_expect_lost(&p, VD_GAP_SOURCE_ROTATED, "a file that was read up to byte 8 is gone");
    pulled_deinit(&p);
}

static void test_gone_while_away(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "a\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    tail_append(&p, "log", "b\n");
    assert_int_equal(unlink(tail_in_folder(&p, "log")), 0);
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "a");
    pulled_expect_lost(&p, VD_GAP_SOURCE_ROTATED, "a file that was read up to byte 2 is gone");
    pulled_close(&p);
    /* The cursor that was told with the loss knows the file no more: it is not told again. */
    tail_open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_deinit(&p);
}

static void test_truncated_before_it_was_read(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    tail_append(&p, "log", "1\n22\n333\n");
    tail_open_at(&p, "log", (struct tail_config){0});
    p.room = 1;
    assert_int_equal(pulled_all(&p), SOURCE_FULL);
    tail_rewrite(&p, "log", "x\n");
    p.room = PULLED_MAX;
    pulled_all(&p);
    pulled_expect(&p, "1|22|x");
    pulled_expect_lost(&p, VD_GAP_SOURCE_ROTATED, "/log");
    assert_true(strstr(p.detail, "4 bytes of ") == p.detail);
    pulled_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation_by_rename),
        cmocka_unit_test(test_rotated_while_away),
        cmocka_unit_test(test_rotated_more_than_once_while_away),
        cmocka_unit_test(test_rotated_while_the_sink_is_full),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_truncation_and_more),
        cmocka_unit_test(test_recreated_in_the_same_inode),
        cmocka_unit_test(test_gone_while_away),
        cmocka_unit_test(test_truncated_before_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
