/* Group commit in a real loop: how often, when it fails, and when it is closed in the middle. */
#include "committer.h"

#include <vedette/error.h>

#include "spool_rig.h"

struct rig {
    struct spool_rig disk;
    uv_loop_t loop;
    struct committer *committer;
    int source, durables, closes;
};

static int64_t now_ms(void)
{
    return RIG_NOW_MS;
}

static void on_durable(void *owner)
{
    ((struct rig *)owner)->durables++;
}

static void on_close(void *owner)
{
    ((struct rig *)owner)->closes++;
}

static void init(struct rig *r, uint64_t age_ms, bool always)
{
    *r = (struct rig){0};
    spool_rig_init(&r->disk, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(uv_loop_init(&r->loop), 0);
    r->source = vd_spool_source(r->disk.spool, "tail");
    const struct committer_options options = {.loop = &r->loop,
                                              .spool = r->disk.spool,
                                              .age_ms = age_ms,
                                              .always = always,
                                              .now_ms = now_ms,
                                              .owner = r,
                                              .durable = on_durable};
    assert_int_equal(committer_start(&r->committer, &options), 0);
}

static void deinit(struct rig *r)
{
    if (r->committer != NULL)
        committer_close(r->committer, on_close);
    assert_int_equal(r->closes, 0);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->closes, 1);
    assert_int_equal(uv_loop_close(&r->loop), 0);
    spool_rig_deinit(&r->disk);
}

static int append(struct rig *r, size_t len)
{
    static const uint8_t event[128 * 1024];
    int rc = vd_spool_append(r->disk.spool, r->source, VD_SPOOL_NORMAL, vd_bytes_of(event, len),
                             vd_bytes_str("c"), RIG_NOW_MS);
    committer_wake(r->committer, false);
    return rc;
}

/* Until all that was appended is durable. */
static void run(struct rig *r)
{
    while (vd_spool_durable(r->disk.spool) < vd_spool_next(r->disk.spool))
        uv_run(&r->loop, UV_RUN_ONCE);
}

static void a_group_is_one_commit(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 20, false);
    for (int i = 0; i < 50; i++)
        assert_int_equal(append(&r, 100), 0);
    assert_int_equal(vd_spool_durable(r.disk.spool), 1);
    run(&r);
    assert_int_equal(r.durables, 1);
    assert_int_equal(vd_spool_durable(r.disk.spool), 51);
    deinit(&r);
}

static void a_cursor_alone_is_committed_too(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 20, false);
    assert_int_equal(vd_spool_note(r.disk.spool, r.source, vd_bytes_str("end"), RIG_NOW_MS), 0);
    committer_wake(r.committer, false);
    while (r.durables == 0)
        uv_run(&r.loop, UV_RUN_ONCE);
    assert_false(vd_spool_pending(r.disk.spool));
    assert_int_equal(vd_spool_next(r.disk.spool), 1);
    committer_wake(r.committer, false); /* and that was all */
    assert_int_equal(append(&r, 100), 0);
    run(&r);
    assert_int_equal(r.durables, 2);
    deinit(&r);
}

/* The age is too long to be waited for: it is the bytes that are due. */
static void enough_bytes_do_not_wait(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1000000, false);
    assert_int_equal(append(&r, 64 * 1024), 0);
    run(&r);
    assert_int_equal(r.durables, 1);
    deinit(&r);
}

/* Nor does what has gathered elsewhere; and asked for with nothing there, it is not remembered. */
static void what_has_gathered_does_not_wait(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1000000, false);
    committer_wake(r.committer, true);
    assert_int_equal(append(&r, 10), 0);
    assert_false(committer_busy(r.committer));
    committer_wake(r.committer, true);
    run(&r);
    assert_int_equal(r.durables, 1);
    deinit(&r);
}

static void always_means_now(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1000000, true);
    for (uint64_t i = 1; i < 4; i++) {
        assert_int_equal(append(&r, 10), 0);
        run(&r);
        assert_int_equal(vd_spool_durable(r.disk.spool), i + 1);
    }
    deinit(&r);
}

/* What comes while a commit is under way is committed after it, unasked. */
static void the_next_follows(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1, true);
    for (int i = 0; i < 10; i++)
        assert_int_equal(append(&r, 10), 0);
    run(&r);
    assert_int_equal(vd_spool_durable(r.disk.spool), 11);
    assert_int_equal(r.durables, 2);
    deinit(&r);
}

static void a_disk_that_fails_and_mends(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1, false);
    assert_int_equal(append(&r, 10), 0);
    spool_rig_break_disk(true);
    while (!committer_fails(r.committer))
        uv_run(&r.loop, UV_RUN_ONCE);
    assert_int_equal(r.durables, 0);
    assert_int_equal(append(&r, 10), VD_EIO);
    spool_rig_break_disk(false);
    run(&r);
    assert_false(committer_fails(r.committer));
    assert_int_equal(r.durables, 1);
    assert_int_equal(append(&r, 10), 0);
    run(&r);
    deinit(&r);
}

static void closed_in_the_middle(void **state)
{
    (void)state;
    struct rig r;
    init(&r, 1, true);
    assert_int_equal(append(&r, 10), 0);
    deinit(&r);
    init(&r, 1000000, false);
    assert_int_equal(append(&r, 10), 0);
    deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_one_commit),
        cmocka_unit_test(a_cursor_alone_is_committed_too),
        cmocka_unit_test(enough_bytes_do_not_wait),
        cmocka_unit_test(what_has_gathered_does_not_wait),
        cmocka_unit_test(always_means_now),
        cmocka_unit_test(the_next_follows),
        cmocka_unit_test(a_disk_that_fails_and_mends),
        cmocka_unit_test(closed_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
