/* Batches from a spool: in order, within their limits, and a hole told by itself. */
#include "batch.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>
#include <vedette/gap.h>

#include "spool_rig.h"

struct rig {
    struct spool_rig disk;
    struct vd_spool_reader *reader;
    struct batch batch;
    struct batch_limits limits;
    int source;
};

static void init(struct rig *r)
{
    spool_rig_init(&r->disk, VD_SPOOL_LEAST_BYTES);
    r->source = vd_spool_source(r->disk.spool, "tail");
    assert_int_equal(vd_spool_reader_new(&r->reader, r->disk.spool), 0);
    batch_init(&r->batch);
    r->limits = (struct batch_limits){
        .max_events = 10, .max_bytes = 4096, .room = 100000, .event_max_bytes = VD_EVENT_MAX_BYTES};
}

static void deinit(struct rig *r)
{
    vd_spool_reader_free(r->reader);
    batch_deinit(&r->batch);
    spool_rig_deinit(&r->disk);
}

static void append(struct rig *r, int count, size_t len)
{
    static const uint8_t event[10000];
    for (int i = 0; i < count; i++)
        assert_int_equal(vd_spool_append(r->disk.spool, r->source, VD_SPOOL_NORMAL, vd_bytes_of(event, len),
                                         vd_bytes_str("c"), RIG_NOW_MS),
                         0);
    assert_int_equal(vd_spool_commit_now(r->disk.spool), 0);
}

static int fill(struct rig *r, uint64_t expected)
{
    return batch_fill(&r->batch, r->reader, &r->limits, expected, vd_spool_next(r->disk.spool), RIG_NOW_MS);
}

/* The batch as a collector reads it. */
static struct vd_batch read_batch(struct rig *r)
{
    const struct vd_batch_limits limits = {.max_events = 100, .event_max_bytes = VD_EVENT_MAX_BYTES};
    struct vd_batch batch;
    assert_int_equal(vd_batch_read(&batch, vd_buffer_bytes(&r->batch.payload), &limits), 0);
    assert_int_equal(batch.event_count, r->batch.event_count);
    assert_int_equal(batch.head.first_seq, r->batch.head.first_seq);
    return batch;
}

static void by_count(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    append(&r, 25, 10);
    vd_spool_seek(r.reader, 1);
    assert_int_equal(fill(&r, 1), 10);
    struct vd_batch batch = read_batch(&r);
    assert_int_equal(batch.head.first_seq, 1);
    assert_int_equal(batch.head.next, 26);
    assert_int_equal(batch.head.lost, 0);
    assert_int_equal(r.batch.event_bytes, 100);
    assert_int_equal(fill(&r, 11), 10);
    assert_int_equal(read_batch(&r).head.first_seq, 11);
    assert_int_equal(fill(&r, 21), 5);
    assert_int_equal(fill(&r, 26), 0);
    deinit(&r);
}

/* Every batch names the chain over all events before it. */
static void the_chain_goes_on(void **state)
{
    (void)state;
    struct rig r;
    uint64_t chain = 0;
    struct vd_bytes event;
    init(&r);
    append(&r, 35, 10);
    vd_spool_seek(r.reader, 1);
    for (uint64_t expected = 1; expected < 36;) {
        int count = fill(&r, expected);
        struct vd_batch batch = read_batch(&r);
        assert_true(count > 0);
        assert_true(batch.head.chain == chain);
        while (vd_batch_next(&batch, &event))
            chain = vd_chain_next(chain, event);
        expected += (uint64_t)count;
    }
    deinit(&r);
}

static void by_bytes_and_room(void **state)
{
    (void)state;
    struct rig r;
    init(&r);
    append(&r, 3, 3000);
    append(&r, 1, 9000);
    append(&r, 1, 1000);
    vd_spool_seek(r.reader, 1);
    assert_int_equal(fill(&r, 1), 1);
    assert_true(vd_buffer_len(&r.batch.payload) <= r.limits.max_bytes);
    r.limits.room = 3000;
    assert_int_equal(fill(&r, 2), 0);
    r.limits.room = 3100;
    assert_int_equal(fill(&r, 2), 1);
    r.limits.room = 100000;
    assert_int_equal(fill(&r, 3), 1);
    /* One that is larger than a batch should be goes alone. */
    assert_int_equal(fill(&r, 4), 1);
    assert_int_equal(fill(&r, 5), 1);
    deinit(&r);
}

/* It keeps its number, and those around it go as they are. */
static void a_gap_stands_for_what_the_collector_would_not_take(void **state)
{
    (void)state;
    struct rig r;
    struct vd_bytes event;
    init(&r);
    append(&r, 2, 10);
    append(&r, 1, 2001);
    append(&r, 2, 2000);
    r.limits.event_max_bytes = 2000;
    vd_spool_seek(r.reader, 1);
    assert_int_equal(fill(&r, 1), 2);
    assert_false(r.batch.too_large);
    assert_int_equal(fill(&r, 3), 1);
    assert_true(r.batch.too_large);
    struct vd_batch batch = read_batch(&r);
    assert_int_equal(batch.head.first_seq, 3);
    assert_int_equal(batch.head.lost, 0);
    assert_true(batch.head.chain == 0);
    assert_true(vd_batch_next(&batch, &event));
    assert_true(vd_gap_stands_at(event, 3));
    assert_int_equal(fill(&r, 4), 2);
    assert_false(r.batch.too_large);
    assert_true(read_batch(&r).head.chain != 0);
    deinit(&r);
}

/* Some bytes in the first segment are others: what is there is damaged when it is read. */
static void damage(struct rig *r)
{
    char pattern[128];
    glob_t found;
    uint8_t junk[512];
    snprintf(pattern, sizeof pattern, "%s/stream-*/*.seg", r->disk.folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    int fd = open(found.gl_pathv[0], O_RDWR);
    assert_true(fd >= 0);
    memset(junk, 0xa5, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 4096 + 100), sizeof junk);
    close(fd);
    globfree(&found);
}

/* Whatever the damage cost, all numbers come: as events, or as a GAP that stands for them. */
static void a_hole_is_a_batch_of_its_own(void **state)
{
    (void)state;
    struct rig r;
    uint64_t expected = 1;
    int holes = 0;
    init(&r);
    for (int i = 0; i < 100; i++)
        append(&r, 3, 100);
    damage(&r);
    vd_spool_seek(r.reader, 1);
    while (expected < vd_spool_durable(r.disk.spool)) {
        assert_true(fill(&r, expected) > 0);
        struct vd_batch batch = read_batch(&r);
        struct vd_bytes event;
        struct vd_gap gap;
        assert_int_equal(batch.head.first_seq - batch.head.lost, expected);
        expected = batch.head.first_seq + batch.event_count;
        assert_true(vd_batch_next(&batch, &event));
        if (!vd_gap_read(&gap, event)) {
            assert_int_equal(batch.head.lost, 0);
            continue;
        }
        holes++;
        assert_int_equal(r.batch.event_count, 1);
        assert_int_equal(gap.reason, VD_GAP_SPOOL_DAMAGED);
        assert_int_equal(gap.from, batch.head.first_seq - batch.head.lost);
        assert_int_equal(gap.to, batch.head.first_seq);
        assert_int_equal(gap.count, batch.head.lost + 1);
    }
    assert_true(holes > 0);
    deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_count),
        cmocka_unit_test(the_chain_goes_on),
        cmocka_unit_test(by_bytes_and_room),
        cmocka_unit_test(a_gap_stands_for_what_the_collector_would_not_take),
        cmocka_unit_test(a_hole_is_a_batch_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
