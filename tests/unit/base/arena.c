/* The arena: alignment, limit, reset. */
#include <vedette/arena.h>

#include <vedette/memory.h>

#include "unit.h"

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct vd_arena a;
    uint8_t *blocks[100];
    vd_arena_init(&a, 256, 1 << 20);
    for (unsigned i = 0; i < 100; i++) {
        blocks[i] = vd_arena_alloc(&a, i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i * 7);
    }
    for (unsigned i = 0; i < 100; i++)
        for (unsigned j = 0; j < i * 7; j++)
            assert_int_equal(blocks[i][j], i);
    vd_arena_deinit(&a);
}

static void the_limit_holds_until_a_reset(void **state)
{
    (void)state;
    struct vd_arena a;
    vd_arena_init(&a, 64, 1024);
    for (int round = 0; round < 3; round++) {
        assert_non_null(vd_arena_alloc(&a, 512));
        assert_non_null(vd_arena_alloc(&a, 512));
        assert_null(vd_arena_alloc(&a, 1));
        vd_arena_reset(&a);
    }
    assert_null(vd_arena_alloc(&a, 1025));
    assert_null(vd_arena_alloc(&a, SIZE_MAX));
    assert_null(vd_arena_alloc(&a, SIZE_MAX - 8));
    assert_non_null(vd_arena_alloc(&a, 1));
    vd_arena_deinit(&a);
}

static void strings_are_terminated_copies(void **state)
{
    (void)state;
    struct vd_arena a;
    vd_arena_init(&a, 64, 1024);
    char from[] = "abcdef";
    char *copy = vd_arena_string(&a, vd_bytes_of(from, 3));
    from[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(vd_arena_string(&a, vd_bytes_of(NULL, 0)), "");
    vd_arena_deinit(&a);
}

static void it_survives_a_lack_of_memory(void **state)
{
    (void)state;
    struct vd_arena a;
    vd_arena_init(&a, 64, 4096);
    vd_memory_fail_at(1);
    assert_null(vd_arena_alloc(&a, 10));
    assert_non_null(vd_arena_alloc(&a, 10));
    vd_memory_fail_at(1);
    assert_null(vd_arena_alloc(&a, 1000));
    vd_memory_fail_at(0);
    assert_non_null(vd_arena_alloc(&a, 1000));
    vd_arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart),
        cmocka_unit_test(the_limit_holds_until_a_reset),
        cmocka_unit_test(strings_are_terminated_copies),
        cmocka_unit_test(it_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
