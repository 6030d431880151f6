/* Every byte of a spool flipped, its newest segment cut at every length: it opens, tells what is missing, and
 * gives no number twice. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

enum { EVENTS = 40, PER_COMMIT = 10, PATH_BYTES = 256, BEYOND_BYTES = 100, STRIDE = 5 };

static void flip(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Where the zeros begin. */
static off_t used(const char *path)
{
    off_t end = 0;
    FILE *in = fopen(path, "rb");
    for (int c, at = 0; (c = getc(in)) != EOF; at++)
        if (c != 0)
            end = at + 1;
    fclose(in);
    return end;
}

/* Opens after some harm. next: what next was before. */
static void check(struct rig *r, uint64_t next, uint64_t missing_max)
{
    rig_open(r);
    uint64_t now = vd_spool_next(r->s), missing = rig_check_from(r, vd_spool_first(r->s));
    assert_true(now >= next);
    assert_true(missing <= missing_max);
    assert_int_equal(rig_append(r), 0);
    assert_int_equal(vd_spool_commit_now(r->s), 0);
    assert_int_equal(rig_check_from(r, vd_spool_first(r->s)), missing);
    rig_close(r);
    /* What was found once is found again, and no more of it. */
    rig_open(r);
    assert_int_equal(vd_spool_next(r->s), now + 1);
    assert_int_equal(rig_check_from(r, vd_spool_first(r->s)), missing);
    rig_close(r);
}

static void any_byte_may_flip(void **state)
{
    (void)state;
    struct rig r;
    char path[PATH_BYTES];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, EVENTS);
    rig_close(&r);
    struct rig_copy *whole = rig_copy_take(&r);
    rig_segment(&r, true, path, sizeof path);
    off_t end = used(path) + BEYOND_BYTES;
    for (off_t at = 0; at < end; at++) {
        rig_copy_restore(whole);
        flip(path, at);
        rig_open(&r);
        /* One record at most, and never the cursor. */
        if (vd_spool_next(r.s) != EVENTS + 1 || rig_cursor(&r) != EVENTS || r.recovery.holes > 1)
            fail_msg("byte %ld: next %lu, cursor %lu", (long)at, (unsigned long)vd_spool_next(r.s),
                     (unsigned long)rig_cursor(&r));
        assert_true(rig_check_from(&r, 1) <= PER_COMMIT);
        rig_close(&r);
        if (at % STRIDE != 0)
            continue;
        rig_copy_restore(whole);
        flip(path, at);
        check(&r, EVENTS + 1, PER_COMMIT);
    }
    rig_copy_free(whole);
    rig_deinit(&r);
}

static void older_segments_may_be_damaged(void **state)
{
    (void)state;
    enum { MANY = 1500, COARSE = 509 };
    struct rig r;
    char path[PATH_BYTES];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, MANY);
    rig_close(&r);
    struct rig_copy *whole = rig_copy_take(&r);
    rig_segment(&r, false, path, sizeof path);
    off_t end = used(path);
    for (off_t at = 0; at < end; at += COARSE) {
        rig_copy_restore(whole);
        flip(path, at);
        check(&r, MANY + 1, PER_COMMIT);
    }
    /* Nothing of it can be read, or it is gone: its numbers are known to be missing all the same. */
    rig_copy_restore(whole);
    assert_int_equal(truncate(path, 0), 0);
    rig_open(&r);
    assert_int_equal(r.recovery.set_aside_files, 1);
    assert_int_equal(vd_spool_first(r.s), 1);
    uint64_t missing = rig_check_from(&r, 1);
    assert_true(missing > PER_COMMIT && missing < MANY);
    assert_int_equal(rig_cursor(&r), MANY);
    rig_copy_free(whole);
    rig_deinit(&r);
}

static void the_newest_may_be_cut_anywhere(void **state)
{
    (void)state;
    struct rig r;
    struct stat st;
    char path[PATH_BYTES];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, EVENTS);
    rig_close(&r);
    struct rig_copy *whole = rig_copy_take(&r);
    rig_segment(&r, true, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    off_t end = used(path) + BEYOND_BYTES;
    for (off_t at = 0; at <= end; at++) {
        rig_copy_restore(whole);
        assert_int_equal(truncate(path, at == end ? st.st_size - 1 : at), 0);
        memset(r.options.new_stream, 0x5a, VD_STREAM_BYTES);
        rig_open(&r);
        bool same = vd_spool_stream(r.s)[0] == 0xa5;
        assert_int_equal(rig_check_from(&r, vd_spool_first(r.s)) > 0, true);
        assert_true(same ? vd_spool_next(r.s) > EVENTS : vd_spool_next(r.s) == 2);
        rig_close(&r);
    }
    rig_copy_free(whole);
    rig_deinit(&r);
}

/* Behind a successor, even an unreadable newest segment does not bring numbers back. */
static void the_newest_of_several_may_vanish(void **state)
{
    (void)state;
    enum { MANY = 1500 };
    struct rig r;
    char path[PATH_BYTES];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, MANY);
    rig_close(&r);
    struct rig_copy *whole = rig_copy_take(&r);
    rig_segment(&r, true, path, sizeof path);
    for (int gone = 0; gone < 2; gone++) {
        rig_copy_restore(whole);
        assert_int_equal(gone ? unlink(path) : truncate(path, 10), 0);
        rig_open(&r);
        assert_int_equal(vd_spool_stream(r.s)[0], 0xa5);
        assert_true(vd_spool_next(r.s) > MANY);
        assert_true(rig_check_from(&r, 1) > 0);
        uint64_t next = vd_spool_next(r.s);
        rig_close(&r);
        rig_open(&r);
        assert_int_equal(vd_spool_next(r.s), next);
        rig_close(&r);
    }
    rig_copy_free(whole);
    rig_deinit(&r);
}

/* What is not a spool at all, again and again: aside/ does not grow without end. */
static void aside_is_bounded(void **state)
{
    (void)state;
    struct rig r;
    char path[PATH_BYTES];
    rig_init(&r);
    for (int i = 0; i < 30; i++) {
        rig_open(&r);
        rig_fill(&r, 5);
        rig_close(&r);
        rig_segment(&r, true, path, sizeof path);
        FILE *out = fopen(path, "wb");
        fputs("no segment", out);
        fclose(out);
    }
    rig_open(&r);
    assert_int_equal(rig_check_from(&r, vd_spool_first(r.s)) > 0, true);
    snprintf(path, sizeof path, "ls %s/aside | wc -l", r.folder);
    FILE *count = popen(path, "r");
    int files = 0;
    assert_int_equal(fscanf(count, "%d", &files), 1);
    pclose(count);
    assert_true(files > 0 && files <= 8);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_may_flip),
        cmocka_unit_test(older_segments_may_be_damaged),
        cmocka_unit_test(the_newest_may_be_cut_anywhere),
        cmocka_unit_test(the_newest_of_several_may_vanish),
        cmocka_unit_test(aside_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
