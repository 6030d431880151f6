/* Rings against a plain list of events: the sum, what is late, and what a window teaches. */
#include "ring.h"

#include <math.h>
#include <vedette/random.h>

#include "unit.h"

enum { EVENTS = 2000, BIRTH = 600 }; /* BIRTH: first bucket, at the beginning of a window */

static struct peers peers_first(void)
{
    return (struct peers){.baseline = {1, 2}, .windows = 1};
}

/* A ring and its newest bucket, as an entity would know it. */
struct course {
    struct ring ring;
    uint32_t head;
    struct peers peers;
    bool clip;
};

static struct course course_of(bool clip)
{
    struct course c = {.head = BIRTH, .peers = peers_first(), .clip = clip};
    ring_begin(&c.ring, &c.peers);
    return c;
}

static void go_to(struct course *c, uint32_t bucket)
{
    ring_advance(&c->ring, (struct ring_step){c->head, bucket, c->clip}, &c->peers);
    c->head = bucket > c->head ? bucket : c->head;
}

static enum ring_place add(struct course *c, uint32_t bucket, uint16_t count)
{
    uint32_t sum;
    enum ring_place place = ring_add(&c->ring, c->head, bucket, count, &sum);
    assert_int_equal(sum, ring_sum(&c->ring));
    return place;
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
    struct vd_random random = {7};
    struct course c = course_of(true);
    for (size_t i = 0; i < EVENTS; i++) {
        uint32_t ahead =
            (uint32_t)vd_random_below(&random, 4) > 0 ? 0 : (uint32_t)vd_random_below(&random, 9);
        uint32_t behind =
            (uint32_t)vd_random_below(&random, 3) > 0 ? 0 : (uint32_t)vd_random_below(&random, 8);
        uint32_t bucket = c.head + ahead - behind, count = 1 + (uint32_t)vd_random_below(&random, 3);
        go_to(&c, bucket);
        enum ring_place place = add(&c, bucket, (uint16_t)count);
        uint32_t late = c.head - bucket;
        assert_int_equal(place, late == 0 ? RING_NEWEST : late < RING_BUCKETS ? RING_LATE : RING_MISSED);
        seen[i] = (struct seen){bucket, place == RING_MISSED ? 0 : count};
        assert_int_equal(ring_sum(&c.ring), sum_of(seen, i + 1, c.head));
    }
}

static void counts_saturate(void **state)
{
    (void)state;
    struct course c = course_of(false);
    for (int i = 0; i < 70; i++)
        add(&c, BIRTH, 1000);
    assert_int_equal(c.ring.counts[BIRTH % RING_BUCKETS], UINT16_MAX);
    for (uint32_t bucket = BIRTH + 1; bucket < BIRTH + RING_BUCKETS; bucket++) {
        go_to(&c, bucket);
        add(&c, bucket, UINT16_MAX);
    }
    assert_int_equal(ring_sum(&c.ring), RING_BUCKETS * UINT16_MAX);
    go_to(&c, BIRTH + 2 * RING_BUCKETS);
    assert_int_equal(ring_sum(&c.ring), 0);
}

static void a_window_is_learnt_at_its_end(void **state)
{
    (void)state;
    struct course c = course_of(false);
    add(&c, BIRTH, 12);
    go_to(&c, BIRTH + RING_BUCKETS - 1);
    assert_int_equal(c.ring.windows, 0);
    go_to(&c, BIRTH + RING_BUCKETS);
    assert_int_equal(c.ring.windows, 1);
    assert_true(fabs((double)c.ring.usual.mean - 12) < 1e-6);
    assert_true(c.peers.windows == 2);
}

static void idle_windows_are_learnt_on_return(void **state)
{
    (void)state;
    struct course c = course_of(false);
    add(&c, BIRTH, 10);
    go_to(&c, BIRTH + 5 * RING_BUCKETS);
    assert_int_equal(c.ring.windows, 5); /* one of ten, four of nothing */
    assert_true(fabs((double)c.ring.usual.mean - 2) < 1e-5);
    uint16_t before = c.ring.quiet_limit;
    go_to(&c, BIRTH + 100000 * RING_BUCKETS);
    assert_int_equal(c.ring.windows, UINT16_MAX);
    assert_true(c.ring.quiet_limit < before);
    assert_true(c.peers.windows < 6000); /* one entity's absence has its limit among the peers */
}

/* Poisoning a baseline is slow: a window of any height moves it by so much and no more. */
static void a_burst_is_learnt_in_part(void **state)
{
    (void)state;
    for (int clip = 0; clip <= 1; clip++) {
        struct course c = course_of(clip);
        add(&c, BIRTH, 1000);
        go_to(&c, BIRTH + RING_BUCKETS);
        if (clip)
            assert_true(c.ring.usual.mean < 16);
        else
            assert_true(c.ring.usual.mean > 999);
    }
    struct course quiet = course_of(true);
    for (uint32_t i = 0; i < 500; i++) {
        go_to(&quiet, BIRTH + i * RING_BUCKETS);
        add(&quiet, quiet.head, 4);
    }
    struct rate before = ring_expect(&quiet.ring, &quiet.peers);
    go_to(&quiet, quiet.head + 1);
    add(&quiet, quiet.head, 60000);
    go_to(&quiet, quiet.head + RING_BUCKETS);
    double most = 0.02 * 8 * sqrt(before.variance) * 1.1;
    assert_true(ring_expect(&quiet.ring, &quiet.peers).mean <= before.mean + most);
}

static void going_back_changes_nothing(void **state)
{
    (void)state;
    struct course c = course_of(false);
    add(&c, BIRTH, 3);
    struct ring before = c.ring;
    go_to(&c, BIRTH - 1);
    go_to(&c, 0);
    assert_int_equal(add(&c, 0, 1), RING_MISSED);
    assert_memory_equal(&c.ring, &before, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_is_that_of_the_list),       cmocka_unit_test(counts_saturate),
        cmocka_unit_test(a_window_is_learnt_at_its_end), cmocka_unit_test(idle_windows_are_learnt_on_return),
        cmocka_unit_test(a_burst_is_learnt_in_part),     cmocka_unit_test(going_back_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
