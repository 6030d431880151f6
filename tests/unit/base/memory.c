/* Arrays that grow, and what is left when they cannot. */
#include <vedette/memory.h>

#include <stdint.h>

#include "unit.h"

static void an_array_grows_and_keeps_what_it_has(void **state)
{
    (void)state;
    size_t cap = 0;
    uint64_t *items = NULL;
    for (uint64_t i = 0; i < 100; i++) {
        if (i == cap)
            items = vd_grow(items, &cap, 3, sizeof *items);
        assert_non_null(items);
        assert_true(cap > i);
        items[i] = i;
    }
    assert_int_equal(cap, 192);
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(items[i], i);
    vd_free(items);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    size_t cap = 0;
    uint64_t *items = vd_grow(NULL, &cap, 2, sizeof *items);
    assert_non_null(items);
    items[1] = 7;
    vd_memory_fail_at(1);
    assert_null(vd_grow(items, &cap, 2, sizeof *items));
    assert_int_equal(cap, 2);
    assert_int_equal(items[1], 7);
    cap = SIZE_MAX / 4;
    assert_null(vd_grow(items, &cap, 2, sizeof *items));
    assert_int_equal(cap, SIZE_MAX / 4);
    vd_free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_grows_and_keeps_what_it_has),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
