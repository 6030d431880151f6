/* Losses become GAP events: few, complete, and none forgotten while the spool cannot take them. */
#include "losses.h"

#include <vedette/error.h>

#include "spool_rig.h"

struct rig {
    struct spool_rig disk;
    struct losses losses;
    struct origin process, tail;
    struct vd_spool_reader *reader;
};

static void init(struct rig *r)
{
    spool_rig_init(&r->disk, VD_SPOOL_LEAST_BYTES);
    losses_init(&r->losses);
    assert_int_equal(origin_init(&r->process, r->disk.spool, "process"), 0);
    assert_int_equal(origin_init(&r->tail, r->disk.spool, "tail:/a"), 0);
    assert_int_equal(vd_spool_reader_new(&r->reader, r->disk.spool), 0);
    vd_spool_seek(r->reader, vd_spool_first(r->disk.spool));
}

static void deinit(struct rig *r)
{
    vd_spool_reader_free(r->reader);
    losses_deinit(&r->losses);
    spool_rig_deinit(&r->disk);
}

static void lose(struct rig *r, struct origin *origin, enum vd_gap_reason reason, uint64_t count,
                 int64_t time_ms)
{
    const struct loss loss = {
        .origin = origin, .reason = reason, .count = count, .detail = vd_bytes_str("because")};
    losses_add(&r->losses, &loss, time_ms);
}

/* The next event of the spool, which must be a GAP; its texts live until the next read. */
static struct vd_gap next_gap(struct rig *r)
{
    struct vd_gap gap;
    assert_int_equal(vd_spool_commit_now(r->disk.spool), 0);
    const struct vd_spool_item *item = vd_spool_peek(r->reader);
    assert_non_null(item);
    assert_true(vd_gap_read(&gap, item->event));
    return gap;
}

static void one_gap_for_many(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    assert_false(losses_tell(&r.losses, RIG_NOW_MS, 0));
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, 3, 5000);
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, 4, 7000);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 100));
    assert_false(losses_tell(&r.losses, RIG_NOW_MS, 100));
    struct vd_gap gap = next_gap(&r);
    assert_int_equal(gap.reason, VD_GAP_SPOOL_FULL);
    assert_int_equal(gap.count, 7);
    assert_int_equal(gap.start_ms, 5000);
    assert_int_equal(gap.end_ms, 7000);
    assert_true(vd_bytes_equal(gap.source, vd_bytes_str("process")));
    assert_int_equal(r.losses.total, 7);
    deinit(&r);
}

static void not_too_often(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, 1, 1);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 100));
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, 2, 2);
    assert_false(losses_tell(&r.losses, RIG_NOW_MS, 100 + LOSSES_TELL_EVERY_MS - 1));
    /* Another reason, or another source, has its own time. */
    lose(&r, &r.process, VD_GAP_SOURCE_OVERRUN, 1, 3);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 101));
    lose(&r, &r.tail, VD_GAP_SPOOL_FULL, 1, 3);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 102));
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 100 + LOSSES_TELL_EVERY_MS));
    assert_int_equal(vd_spool_next(r.disk.spool), 5);
    /* Before the end, at once. */
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, 5, 9);
    assert_true(losses_tell_all(&r.losses, RIG_NOW_MS));
    assert_int_equal(vd_spool_next(r.disk.spool), 6);
    deinit(&r);
}

static void a_part_that_nobody_knows(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 5, 1);
    lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 0, 2);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 0));
    assert_int_equal(next_gap(&r).count, 0);
    deinit(&r);
}

/* The cursor behind the loss is on disk with it. */
static void the_cursor_goes_with_the_gap(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    origin_move(&r.tail, vd_bytes_str("behind it"));
    lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 0, 2);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 0));
    vd_spool_reader_free(r.reader);
    vd_spool_close(r.disk.spool);
    spool_rig_open(&r.disk, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(origin_init(&r.tail, r.disk.spool, "tail:/a"), 0);
    assert_true(vd_bytes_equal(origin_cursor(&r.tail), vd_bytes_str("behind it")));
    assert_int_equal(vd_spool_reader_new(&r.reader, r.disk.spool), 0);
    deinit(&r);
}

/* A spool that is full up to its reserve takes GAPs still; one that is full keeps them waiting. */
static void nothing_is_forgotten_when_full(void **state)
{
    (void)state;
    struct rig r;
    /* Bytes that do not compress. */
    static uint8_t event[2000];
    uint32_t dropped = 0, x = 1;
    init(&r);
    for (int i = 0; i < 4000; i++) {
        for (size_t k = 0; k < sizeof event; k++)
            event[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
        int rc = origin_append(&r.process, VD_SPOOL_LOW, vd_bytes_of(event, sizeof event),
                               (struct vd_bytes){0}, RIG_NOW_MS);
        if (rc == VD_SPOOL_FULL)
            dropped++;
        else
            assert_int_equal(rc, 0);
        assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
    }
    assert_true(dropped > 0);
    lose(&r, &r.process, VD_GAP_SPOOL_FULL, dropped, RIG_NOW_MS);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 0));
    while (origin_append(&r.process, VD_SPOOL_RESERVE, vd_bytes_of(event, sizeof event), (struct vd_bytes){0},
                         1) == 0)
        assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
    uint64_t next = vd_spool_next(r.disk.spool);
    lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 1, RIG_NOW_MS);
    for (int i = 0; i < 100 && losses_tell(&r.losses, RIG_NOW_MS, 0); i++) {
        /* A GAP is smaller than those events: until nothing fits at all. */
        assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
        lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 1, RIG_NOW_MS);
    }
    next = vd_spool_next(r.disk.spool);
    lose(&r, &r.tail, VD_GAP_SOURCE_ROTATED, 9, RIG_NOW_MS);
    vd_spool_trim(r.disk.spool, next - 1);
    assert_true(losses_tell(&r.losses, RIG_NOW_MS, 2 * LOSSES_TELL_EVERY_MS));
    assert_int_equal(vd_spool_commit_now(r.disk.spool), 0);
    vd_spool_seek(r.reader, next);
    assert_true(next_gap(&r).count >= 9);
    deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_gap_for_many),
        cmocka_unit_test(not_too_often),
        cmocka_unit_test(a_part_that_nobody_knows),
        cmocka_unit_test(the_cursor_goes_with_the_gap),
        cmocka_unit_test(nothing_is_forgotten_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
