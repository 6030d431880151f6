/* The n-th operation on the disk fails, is cut short, or is the last before a kill -9, for every n. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vedette/error.h>

#include "file.h"
#include "rig.h"

enum harm { NOTHING, FAIL, FAIL_LASTING, SHORT, KILL, KILL_TORN };
enum { EVENTS = 1600, LASTING = 12, KILLED = 9, OPERATIONS_MAX = 4000, PATH_BYTES = 256 };

static struct {
    enum harm harm;
    int number;   /* errno */
    unsigned at;  /* 1: the next operation */
    unsigned now; /* operations so far */
    int only;     /* operations of this kind count; -1: all */
} plan = {.only = -1};

int vd_spool_fault(enum spool_operation operation, size_t *len)
{
    if (plan.harm == NOTHING || (plan.only >= 0 && (int)operation != plan.only))
        return 0;
    unsigned now = ++plan.now;
    if (now < plan.at || (now > plan.at && plan.harm != FAIL_LASTING && plan.harm != KILL_TORN) ||
        now > plan.at + LASTING)
        return 0;
    switch (plan.harm) {
    case FAIL:
    case FAIL_LASTING:
        return plan.number;
    case SHORT:
        *len = *len > 1 ? *len / 2 : *len;
        return 0;
    case KILL_TORN: /* half of a write reaches the file */
        if (operation == SPOOL_WRITE && now == plan.at) {
            *len = *len > 1 ? *len / 2 : *len;
            return 0;
        }
        _exit(KILLED);
    case KILL:
        _exit(KILLED);
    default:
        return 0;
    }
}

static void plan_set(enum harm harm, int number, unsigned at)
{
    plan.harm = harm;
    plan.number = number;
    plan.at = at;
    plan.now = 0;
    plan.only = -1;
}

/* Opens again and again, as a service does that is restarted. */
static void open_at_last(struct rig *r)
{
    char error[VD_SPOOL_ERROR_BYTES];
    int rc = VD_EIO;
    for (int tries = 0; rc != 0 && tries < 2 * LASTING; tries++)
        rc = vd_spool_open(&r->s, &r->options, &r->recovery, error);
    assert_int_equal(rc, 0);
    r->source = vd_spool_source(r->s, "tail:/var/log/auth.log");
}

/* Fills, over several segments; trims half; tells what is durable at once. */
static void scenario(struct rig *r, volatile uint64_t *durable)
{
    open_at_last(r);
    for (int tries = 0; vd_spool_next(r->s) <= EVENTS && tries < 10 * EVENTS; tries++) {
        int rc = rig_append(r);
        assert_true(rc == 0 || rc == VD_EIO);
        if (rc != 0 || vd_spool_next(r->s) % 130 == 0)
            vd_spool_commit_now(r->s);
        *durable = vd_spool_durable(r->s);
        if (vd_spool_durable(r->s) > EVENTS - 100)
            vd_spool_trim(r->s, EVENTS / 2);
    }
    assert_int_equal(vd_spool_next(r->s), EVENTS + 1);
    for (int tries = 0; vd_spool_commit_now(r->s) != 0; tries++)
        assert_true(tries < 2 * LASTING);
    *durable = vd_spool_durable(r->s);
    assert_int_equal(rig_check_from(r, vd_spool_first(r->s)), 0);
}

static void every_failure_is_survived(enum harm harm, int number)
{
    struct rig r;
    uint64_t durable = 0;
    for (unsigned at = 1; at < OPERATIONS_MAX; at++) {
        rig_init(&r);
        plan_set(harm, number, at);
        scenario(&r, &durable);
        bool reached = plan.now >= at;
        rig_close(&r);
        plan_set(NOTHING, 0, 0);
        rig_open(&r);
        assert_int_equal(vd_spool_next(r.s), EVENTS + 1);
        assert_int_equal(rig_cursor(&r), EVENTS);
        assert_int_equal(r.recovery.holes, 0);
        assert_int_equal(r.recovery.set_aside_files, 0);
        assert_int_equal(rig_check_from(&r, vd_spool_first(r.s)), 0);
        rig_deinit(&r);
        if (!reached)
            return;
    }
    fail_msg("the scenario takes too many operations");
}

static void io_errors(void **state)
{
    (void)state;
    every_failure_is_survived(FAIL, EIO);
}

static void a_disk_full_for_a_while(void **state)
{
    (void)state;
    every_failure_is_survived(FAIL_LASTING, ENOSPC);
}

static void short_writes(void **state)
{
    (void)state;
    every_failure_is_survived(SHORT, 0);
}

/* One child, killed at its n-th operation; false: it ran to its end. */
static bool kill_at(struct rig *r, enum harm harm, unsigned at, volatile uint64_t *durable)
{
    int status;
    *durable = 0;
    pid_t child = fork();
    if (child == 0) {
        plan_set(harm, 0, at);
        scenario(r, durable);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == KILLED || WEXITSTATUS(status) == 0));
    return WEXITSTATUS(status) == KILLED;
}

static void killed_anywhere(enum harm harm)
{
    struct rig r;
    volatile uint64_t *durable =
        mmap(NULL, sizeof *durable, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool killed = true;
    for (unsigned at = 1; killed; at++) {
        assert_true(at < OPERATIONS_MAX);
        rig_init(&r);
        killed = kill_at(&r, harm, at, durable);
        rig_open(&r);
        assert_true(vd_spool_next(r.s) >= *durable);
        assert_int_equal(rig_cursor(&r), vd_spool_next(r.s) - 1);
        assert_int_equal(r.recovery.holes, 0);
        assert_int_equal(r.recovery.set_aside_files, 0);
        assert_int_equal(rig_check_from(&r, vd_spool_first(r.s)), 0);
        rig_fill(&r, 3);
        rig_close(&r);
        rig_open(&r);
        assert_int_equal(r.recovery.cut_bytes, 0);
        assert_int_equal(rig_check_from(&r, vd_spool_first(r.s)), 0);
        rig_deinit(&r);
    }
    munmap((void *)durable, sizeof *durable);
}

static void kill_9(void **state)
{
    (void)state;
    killed_anywhere(KILL);
}

static void kill_9_midway_in_a_write(void **state)
{
    (void)state;
    killed_anywhere(KILL_TORN);
}

/* A commit of several records of which the disk kept the later ones only, as after a power cut: it never was.
 */
static void an_unsynced_commit_is_cut_whole(void **state)
{
    (void)state;
    struct rig r;
    char path[PATH_BYTES], zeros[16] = {0};
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 10);
    rig_close(&r);
    rig_segment(&r, true, path, sizeof path);
    FILE *in = fopen(path, "rb");
    long end = 0;
    for (int c, at = 0; (c = getc(in)) != EOF; at++)
        end = c != 0 ? (at + 8) & ~7 : end;
    fclose(in);
    pid_t child = fork();
    if (child == 0) {
        rig_open(&r);
        for (int i = 0; i < 700; i++) /* more than a record */
            rig_append(&r);
        plan_set(KILL, 0, 1);
        plan.only = SPOOL_SYNC;
        vd_spool_commit_now(r.s);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), KILLED);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, end), sizeof zeros);
    close(fd);
    rig_open(&r);
    assert_int_equal(vd_spool_next(r.s), 11);
    assert_int_equal(rig_cursor(&r), 10);
    assert_int_equal(r.recovery.holes, 0);
    assert_true(r.recovery.cut_bytes > 1000);
    rig_fill(&r, 20);
    assert_int_equal(rig_check_from(&r, 1), 0);
    rig_deinit(&r);
}

/* While nothing can be written, append says so, and what was taken stays. */
static void sources_stop_while_the_disk_fails(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 10);
    assert_int_equal(rig_append(&r), 0);
    plan_set(FAIL_LASTING, EIO, 1);
    assert_true(vd_spool_commit_due(r.s, 60000));
    assert_int_not_equal(vd_spool_commit_now(r.s), 0);
    assert_int_equal(rig_append(&r), VD_EIO);
    assert_false(vd_spool_commit_due(r.s, 60500)); /* not at once again */
    assert_true(vd_spool_commit_due(r.s, 61000));
    plan_set(NOTHING, 0, 0);
    assert_int_equal(vd_spool_commit_now(r.s), 0);
    assert_int_equal(rig_append(&r), 0);
    assert_int_equal(vd_spool_commit_now(r.s), 0);
    assert_int_equal(rig_check_from(&r, 1), 0);
    assert_int_equal(vd_spool_next(r.s), 13);
    rig_deinit(&r);
}

/* A file whose sync has failed once is not written to again, even where it would take it. */
static void a_failed_file_is_never_trusted(void **state)
{
    (void)state;
    struct rig r;
    char before[PATH_BYTES], after[PATH_BYTES];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 10);
    rig_segment(&r, true, before, sizeof before);
    assert_int_equal(rig_append(&r), 0);
    plan_set(FAIL, EIO, 1);
    plan.only = SPOOL_SYNC;
    assert_int_equal(vd_spool_commit_now(r.s), 0);
    plan_set(NOTHING, 0, 0);
    rig_segment(&r, true, after, sizeof after);
    assert_string_not_equal(before, after);
    assert_non_null(strstr(after, "/00000000000000000011.seg"));
    rig_fill(&r, 5);
    assert_int_equal(rig_check_from(&r, 1), 0);
    rig_close(&r);
    rig_open(&r);
    assert_int_equal(r.recovery.holes, 0);
    assert_int_equal(rig_check_from(&r, 1), 0);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(io_errors),
        cmocka_unit_test(a_disk_full_for_a_while),
        cmocka_unit_test(short_writes),
        cmocka_unit_test(kill_9),
        cmocka_unit_test(kill_9_midway_in_a_write),
        cmocka_unit_test(an_unsynced_commit_is_cut_whole),
        cmocka_unit_test(sources_stop_while_the_disk_fails),
        cmocka_unit_test(a_failed_file_is_never_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
