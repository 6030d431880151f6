/* Rings against a plain list of events: the sum, what is late, and what a window teaches. */
#include "ring.h"

#include <math.h>
#include <vedette/random.h>

#include "unit.h"

enum { EVENTS = 2000, BIRTH = 600 }; /* BIRTH: first bucket, at the begin of a window */

static struct peers peers_first(void)
{
    return (struct peers){.baseline = {1, 2}, .windows = 1};
}

struct seen {
    uint32_t bucket, count;
};

static uint32_t sum_of(const struct seen *seen, size_t len, uint32_t head)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        if (seen[i].bucket <= head && head - seen[i].bucket < RING_BUCKETS)
            sum += seen[i].count;
    return sum;
}

static void sum_is_that_of_the_list(void **state)
{
    (void)state;
    static struct seen seen[EVENTS];
    struct peers peers = peers_first();
    struct ring_lesson lesson = {.peers = &peers, .birth = BIRTH, .clip = true};
    struct vd_random random = {7};
    struct ring r;
    ring_begin(&r, BIRTH, &peers);
    for (size_t i = 0; i < EVENTS; i++) {
        uint32_t ahead =
            (uint32_t)vd_random_below(&random, 4) > 0 ? 0 : (uint32_t)vd_random_below(&random, 9);
        uint32_t behind =
            (uint32_t)vd_random_below(&random, 3) > 0 ? 0 : (uint32_t)vd_random_below(&random, 8);
        uint32_t bucket = r.head + ahead - behind, count = 1 + (uint32_t)vd_random_below(&random, 3);
        ring_advance(&r, bucket, &lesson);
        enum ring_place place = ring_add(&r, bucket, (uint16_t)count);
        uint32_t late = r.head - bucket;
        assert_int_equal(place, late == 0 ? RING_NEWEST : late < RING_BUCKETS ? RING_LATE : RING_MISSED);
        seen[i] = (struct seen){bucket, place == RING_MISSED ? 0 : count};
        assert_int_equal(r.sum, sum_of(seen, i + 1, r.head));
    }
}

static void counts_saturate(void **state)
{
    (void)state;
    struct peers peers = peers_first();
    struct ring r;
    ring_begin(&r, BIRTH, &peers);
    for (int i = 0; i < 70; i++)
        ring_add(&r, BIRTH, 1000);
    assert_int_equal(r.counts[BIRTH % RING_BUCKETS], UINT16_MAX);
    assert_int_equal(r.sum, UINT16_MAX);
    struct ring_lesson lesson = {.peers = &peers, .birth = BIRTH};
    ring_advance(&r, BIRTH + RING_BUCKETS, &lesson);
    assert_int_equal(r.sum, 0); /* what was added is what leaves */
}

static void the_birth_window_teaches_nothing(void **state)
{
    (void)state;
    struct peers peers = peers_first();
    struct ring_lesson lesson = {.peers = &peers, .birth = BIRTH + 3};
    struct ring r;
    ring_begin(&r, BIRTH + 3, &peers);
    ring_add(&r, BIRTH + 3, 40);
    ring_advance(&r, BIRTH + RING_BUCKETS, &lesson);
    assert_int_equal(r.windows, 0);
    ring_add(&r, BIRTH + RING_BUCKETS, 12);
    ring_advance(&r, BIRTH + 2 * RING_BUCKETS + 1, &lesson);
    assert_int_equal(r.windows, 1);
    assert_true(fabs((double)r.usual.mean - 12) < 1e-6);
    assert_true(peers.windows == 2);
}

static void idle_windows_are_learnt_on_return(void **state)
{
    (void)state;
    struct peers peers = peers_first();
    struct ring_lesson lesson = {.peers = &peers, .birth = 0};
    struct ring r;
    ring_begin(&r, BIRTH, &peers);
    ring_add(&r, BIRTH, 10);
    ring_advance(&r, BIRTH + 5 * RING_BUCKETS, &lesson);
    assert_int_equal(r.windows, 5); /* one of ten, four of nothing */
    assert_true(fabs((double)r.usual.mean - 2) < 1e-5);
    uint16_t before = r.quiet_limit;
    ring_advance(&r, BIRTH + 100000 * RING_BUCKETS, &lesson);
    assert_int_equal(r.windows, UINT16_MAX);
    assert_true(r.quiet_limit < before);
    assert_true(peers.windows < 6000); /* one entity's absence has its limit among the peers */
}

static void a_burst_is_learnt_in_part(void **state)
{
    (void)state;
    for (int clip = 0; clip <= 1; clip++) {
        struct peers peers = peers_first();
        struct ring_lesson lesson = {.peers = &peers, .birth = 0, .clip = clip};
        struct ring r;
        ring_begin(&r, BIRTH, &peers);
        ring_add(&r, BIRTH, 1000);
        ring_advance(&r, BIRTH + RING_BUCKETS, &lesson);
        if (clip)
            assert_true(r.usual.mean < 16);
        else
            assert_true(r.usual.mean > 999);
    }
}

static void going_back_changes_nothing(void **state)
{
    (void)state;
    struct peers peers = peers_first();
    struct ring_lesson lesson = {.peers = &peers, .birth = BIRTH};
    struct ring r;
    ring_begin(&r, BIRTH, &peers);
    ring_add(&r, BIRTH, 3);
    struct ring before = r;
    ring_advance(&r, BIRTH - 1, &lesson);
    ring_advance(&r, 0, &lesson);
    assert_int_equal(ring_add(&r, 0, 1), RING_MISSED);
    assert_memory_equal(&r, &before, sizeof r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_is_that_of_the_list),
        cmocka_unit_test(counts_saturate),
        cmocka_unit_test(the_birth_window_teaches_nothing),
        cmocka_unit_test(idle_windows_are_learnt_on_return),
        cmocka_unit_test(a_burst_is_learnt_in_part),
        cmocka_unit_test(going_back_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
