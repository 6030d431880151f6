/* The entity table: bounded, and what is old gives way to what is new. */
#include "entities.h"

#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/random.h>

#include "unit.h"

static void refuses_no_room(void **state)
{
    (void)state;
    struct entities t;
    assert_int_equal(entities_init(&t, 0), VD_EINVAL);
    assert_int_equal(entities_init(&t, 7), VD_EINVAL);
    assert_int_equal(entities_init(&t, SIZE_MAX), VD_EINVAL);
    for (size_t n = 1; n <= 2; n++) {
        vd_memory_fail_at(n);
        assert_int_equal(entities_init(&t, 64), VD_ENOMEM);
    }
    vd_memory_fail_at(0);
    entities_deinit(&t); /* idempotent */
}

static void finds_what_it_made(void **state)
{
    (void)state;
    struct entities t;
    struct vd_random random = {3};
    uint64_t keys[100];
    bool is_new;
    assert_int_equal(entities_init(&t, 4096), 0);
    for (uint32_t i = 0; i < 100; i++) {
        keys[i] = vd_random_next(&random);
        struct entity *e = entities_get(&t, keys[i], &is_new);
        assert_true(is_new);
        assert_int_equal((uintptr_t)e % 64, 0);
        assert_int_equal(e->last_seconds, 0);
        e->last_seconds = i;
    }
    for (uint32_t i = 0; i < 100; i++) {
        entities_prefetch_tags(&t, keys[i]);
        entities_prefetch(&t, keys[i]);
        struct entity *e = entities_get(&t, keys[i], &is_new);
        assert_false(is_new);
        assert_int_equal(e->last_seconds, i);
    }
    assert_int_equal(t.live, 100);
    assert_int_equal(t.evictions, 0);
    entities_deinit(&t);
}

/* Keys that share set and tag are told apart by the rest. */
static void a_tag_is_not_a_key(void **state)
{
    (void)state;
    struct entities t;
    bool is_new;
    assert_int_equal(entities_init(&t, 8), 0);
    for (uint64_t i = 0; i < 8; i++)
        entities_get(&t, i << 8, &is_new)->last_seconds = (uint32_t)i;
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(entities_get(&t, i << 8, &is_new)->last_seconds, i);
        assert_false(is_new);
    }
    entities_deinit(&t);
}

static void the_oldest_gives_way(void **state)
{
    (void)state;
    struct entities t;
    bool is_new;
    assert_int_equal(entities_init(&t, 8), 0);
    for (uint64_t key = 1; key <= 8; key++)
        entities_get(&t, key, &is_new)->last_seconds = key == 5 ? 10 : 100;
    entities_get(&t, 99, &is_new)->last_seconds = 100;
    assert_true(is_new);
    entities_get(&t, 4, &is_new);
    assert_false(is_new);
    assert_int_equal(t.live, 8);
    assert_int_equal(t.evictions, 1);
    entities_get(&t, 5, &is_new);
    assert_true(is_new);
    entities_deinit(&t);
}

static void a_flood_stays_in_its_bounds(void **state)
{
    (void)state;
    enum { FLOOD = 100000, MAX = 1024 };
    struct entities t;
    struct vd_random random = {11};
    bool is_new;
    assert_int_equal(entities_init(&t, MAX), 0);
    struct entity *hot = entities_get(&t, 42, &is_new);
    hot->rings[ENTITY_RINGS - 1].counts[0] = 50;
    for (uint32_t i = 0; i < FLOOD; i++) {
        uint32_t now = 1000 + i / 10000; /* thousands of newcomers within a second */
        hot = entities_get(&t, 42, &is_new);
        assert_false(is_new && i > 0);
        hot->last_seconds = now;
        struct entity *e = entities_get(&t, vd_random_next(&random), &is_new);
        e->last_seconds = now;
        e->rings[ENTITY_RINGS - 1].counts[0] = 1;
        assert_true(e >= t.slots && e < t.slots + MAX);
    }
    assert_true(t.live <= MAX);
    assert_int_equal(t.live + t.evictions, FLOOD + 1);
    entities_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_no_room),
        cmocka_unit_test(finds_what_it_made),
        cmocka_unit_test(a_tag_is_not_a_key),
        cmocka_unit_test(the_oldest_gives_way),
        cmocka_unit_test(a_flood_stays_in_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
