/* The growable buffer: limit, cursors, and what stays when it refuses. */
#include <vedette/buffer.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "unit.h"

static void bytes_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct vd_buffer b;
    uint8_t in = 0, out = 0;
    vd_buffer_init(&b, 1000);
    /* Appends 7 and takes 5 until it is full: every alignment of the cursors, growth and compaction included.
     */
    while (vd_buffer_len(&b) + 7 <= b.limit) {
        for (int i = 0; i < 7; i++)
            assert_int_equal(vd_buffer_append(&b, &(uint8_t){in++}, 1), 0);
        for (int i = 0; i < 5; i++)
            assert_int_equal(vd_buffer_bytes(&b).data[i], out++);
        vd_buffer_consume(&b, 5);
    }
    while (vd_buffer_len(&b) > 0) {
        assert_int_equal(vd_buffer_bytes(&b).data[0], out++);
        vd_buffer_consume(&b, 1);
    }
    assert_int_equal(in, out);
    assert_true(b.cap <= b.limit);
    vd_buffer_deinit(&b);
}

static void the_limit_is_exact_and_a_refusal_changes_nothing(void **state)
{
    (void)state;
    struct vd_buffer b;
    vd_buffer_init(&b, 5);
    assert_int_equal(vd_buffer_append(&b, "abcde", 5), 0);
    assert_int_equal(vd_buffer_append(&b, "f", 1), VD_ELIMIT);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&b), vd_bytes_str("abcde")));
    vd_buffer_consume(&b, 2);
    assert_int_equal(vd_buffer_append(&b, "fg", 2), 0);
    assert_int_equal(vd_buffer_append(&b, "h", 1), VD_ELIMIT);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&b), vd_bytes_str("cdefg")));
    vd_buffer_deinit(&b);
}

static void a_length_near_the_end_of_size_t_is_refused(void **state)
{
    (void)state;
    struct vd_buffer b;
    uint8_t *where = NULL;
    vd_buffer_init(&b, SIZE_MAX);
    assert_int_equal(vd_buffer_append(&b, "abc", 3), 0);
    assert_int_equal(vd_buffer_reserve(&b, SIZE_MAX - 2, &where), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&b), 3);
    vd_buffer_deinit(&b);
}

static void without_memory_it_stays_as_it_was(void **state)
{
    (void)state;
    struct vd_buffer b;
    uint8_t *where;
    vd_buffer_init(&b, 1 << 20);
    assert_int_equal(vd_buffer_append_str(&b, "kept"), 0);
    vd_memory_fail_at(1);
    assert_int_equal(vd_buffer_reserve(&b, 100000, &where), VD_ENOMEM);
    vd_memory_fail_at(0);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&b), vd_bytes_str("kept")));
    assert_int_equal(vd_buffer_reserve(&b, 100000, &where), 0);
    vd_buffer_deinit(&b);
}

static void printf_appends_without_its_terminator(void **state)
{
    (void)state;
    struct vd_buffer b;
    vd_buffer_init(&b, 12);
    assert_int_equal(vd_buffer_printf(&b, "%s=%d", "n", 42), 0);
    assert_int_equal(vd_buffer_printf(&b, ";"), 0);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&b), vd_bytes_str("n=42;")));
    assert_int_equal(vd_buffer_printf(&b, "%s", "far too long"), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&b), 5);
    vd_buffer_deinit(&b);
}

static void idle_memory_is_given_back(void **state)
{
    (void)state;
    struct vd_buffer b;
    vd_buffer_init(&b, 100);
    assert_int_equal(vd_buffer_append_str(&b, "x"), 0);
    vd_buffer_release_idle(&b);
    assert_non_null(b.base);
    vd_buffer_consume(&b, 1);
    vd_buffer_release_idle(&b);
    assert_null(b.base);
    assert_int_equal(vd_buffer_append_str(&b, "again"), 0);
    vd_buffer_clear(&b);
    assert_int_equal(vd_buffer_len(&b), 0);
    vd_buffer_deinit(&b);
    vd_buffer_deinit(&b);
    struct vd_buffer null = VD_BUFFER_NULL;
    vd_buffer_deinit(&null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(the_limit_is_exact_and_a_refusal_changes_nothing),
        cmocka_unit_test(a_length_near_the_end_of_size_t_is_refused),
        cmocka_unit_test(without_memory_it_stays_as_it_was),
        cmocka_unit_test(printf_appends_without_its_terminator),
        cmocka_unit_test(idle_memory_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
