/* Memory of records: little for little, and full blocks used again. */
#include "blocks.h"

#include "unit.h"

static void a_batch_of_one_takes_little(void **state)
{
    (void)state;
    struct blocks pool;
    struct block *lists[100] = {0};
    blocks_init(&pool, 4);
    for (size_t i = 0; i < 100; i++)
        assert_non_null(blocks_reserve(&pool, &lists[i], 500));
    assert_int_equal(pool.held_bytes, 100 * BLOCK_FIRST_BYTES);
    for (size_t i = 0; i < 100; i++)
        blocks_release(&pool, lists[i]);
    assert_int_equal(pool.held_bytes, 0);
    blocks_deinit(&pool);
}

static void blocks_grow_to_one_size_and_are_used_again(void **state)
{
    (void)state;
    struct blocks pool;
    struct block *list = NULL;
    blocks_init(&pool, 2);
    for (size_t i = 0; i < 100; i++) {
        assert_non_null(blocks_reserve(&pool, &list, 900));
        list->used += 900;
    }
    size_t full = 0;
    for (const struct block *b = list; b != NULL; b = b->next)
        full += b->cap + sizeof *b == BLOCK_BYTES;
    assert_true(full > 2);
    blocks_release(&pool, list);
    assert_int_equal(pool.free_count, 2);
    assert_int_equal(pool.held_bytes, 2 * BLOCK_BYTES);
    list = NULL;
    assert_non_null(blocks_reserve(&pool, &list, BLOCK_BYTES / 2));
    assert_int_equal(pool.free_count, 1);
    blocks_release(&pool, list);
    blocks_deinit(&pool);
    assert_int_equal(pool.held_bytes, 0);
}

static void a_large_record_has_a_block_of_its_own(void **state)
{
    (void)state;
    struct blocks pool;
    struct block *list = NULL;
    blocks_init(&pool, 2);
    assert_non_null(blocks_reserve(&pool, &list, 10 * BLOCK_BYTES));
    list->used += 10 * BLOCK_BYTES;
    assert_non_null(blocks_reserve(&pool, &list, 1));
    assert_int_equal(list->cap + sizeof *list, BLOCK_BYTES);
    blocks_release(&pool, list);
    assert_int_equal(pool.held_bytes, BLOCK_BYTES);
    blocks_deinit(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_of_one_takes_little),
        cmocka_unit_test(blocks_grow_to_one_size_and_are_used_again),
        cmocka_unit_test(a_large_record_has_a_block_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
