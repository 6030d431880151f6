/* Sets of numbers as stretches, against a plain table of the same numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "intervals.h"

enum { NUMBERS = 200 };

static void add(struct intervals *set, uint64_t from, uint64_t to)
{
    assert_int_equal(intervals_add(set, from, to), 0);
}

static void test_neighbours_become_one(void **state)
{
    struct intervals set = {0};
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        add(&set, i, i);
    assert_int_equal(set.count, 1);
    add(&set, 1002, 1005);
    assert_int_equal(set.count, 2);
    add(&set, 1001, 1001);
    assert_int_equal(set.count, 1);
    assert_int_equal(set.at[0].from, 1);
    assert_int_equal(set.at[0].to, 1005);
    intervals_deinit(&set);
    intervals_deinit(&set);
}

static void check(const struct intervals *set, const bool *table)
{
    uint64_t within = 0;
    for (uint64_t i = 0; i < NUMBERS; i++) {
        assert_int_equal(intervals_has(set, i), table[i]);
        within += table[i] && i >= 20 && i <= 150;
    }
    assert_int_equal(intervals_within(set, (struct interval){20, 150}), within);
    for (size_t i = 0; i + 1 < set->count; i++)
        assert_true(set->at[i].to + 1 < set->at[i + 1].from);
}

static uint64_t random_number(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void test_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct intervals set = {0};
        bool table[NUMBERS] = {0};
        uint64_t random = seed;
        for (int i = 0; i < 30; i++) {
            uint64_t from = random_number(&random) % NUMBERS;
            uint64_t to = from + random_number(&random) % 9;
            to = to < NUMBERS ? to : NUMBERS - 1;
            add(&set, from, to);
            memset(&table[from], true, (size_t)(to - from + 1));
            check(&set, table);
        }
        intervals_deinit(&set);
    }
}

static void test_holes_of_two_sets(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct intervals a = {0}, b = {0};
        bool table[NUMBERS] = {0};
        uint64_t random = seed, from = 0;
        for (int i = 0; i < 40; i++) {
            uint64_t number = random_number(&random) % (NUMBERS - 4);
            add(i % 2 == 0 ? &a : &b, number, number + 3);
            memset(&table[number], true, 4);
        }
        struct interval hole;
        while (intervals_hole(&a, &b, (struct interval){from, NUMBERS - 1}, &hole)) {
            assert_true(hole.from >= from && hole.to >= hole.from && hole.to < NUMBERS);
            for (; from < hole.from; from++)
                assert_true(table[from]);
            for (; from <= hole.to; from++)
                assert_false(table[from]);
        }
        for (; from < NUMBERS; from++)
            assert_true(table[from]);
        intervals_deinit(&a);
        intervals_deinit(&b);
    }
}

static void test_what_is_refused(void **state)
{
    struct intervals set = {0};
    (void)state;
    assert_int_equal(intervals_add(&set, 2, 1), VD_EINVAL);
    assert_int_equal(intervals_add(&set, 1, UINT64_MAX), VD_EINVAL);
    vd_memory_fail_at(1);
    assert_int_equal(intervals_add(&set, 1, 2), VD_ENOMEM);
    assert_int_equal(set.count, 0);
    add(&set, 0, INTERVALS_NUMBER_MAX);
    assert_true(intervals_has(&set, INTERVALS_NUMBER_MAX));
    assert_false(intervals_has(&set, INTERVALS_NUMBER_MAX + 1));
    intervals_deinit(&set);
}

static void test_there_is_an_end_to_it(void **state)
{
    struct intervals set = {0};
    (void)state;
    for (uint64_t i = 0; i < INTERVALS_MAX; i++)
        add(&set, 2 * i, 2 * i);
    assert_int_equal(intervals_add(&set, 3 * (uint64_t)INTERVALS_MAX, 3 * (uint64_t)INTERVALS_MAX),
                     VD_ELIMIT);
    add(&set, 1, 1);
    assert_int_equal(set.count, INTERVALS_MAX - 1);
    intervals_deinit(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_become_one), cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_holes_of_two_sets),     cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_there_is_an_end_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
