/* The outbox: order, bounds, cursors, and readers, against a plain model of it. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/random.h>

#include "outbox.h"

static const uint8_t STREAM[VD_STREAM_BYTES] = {1, 2, 3};

static struct outbox *outbox_of(size_t max_bytes)
{
    struct outbox *o;
    assert_int_equal(outbox_new(&o, max_bytes, STREAM), 0);
    return o;
}

static int append(struct outbox *o, const char *event, const char *cursor)
{
    return outbox_append(o, 1, vd_bytes_str(event), vd_bytes_str(cursor));
}

static void what_goes_in_comes_out_in_order(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(1 << 20);
    struct outbox_reader r;
    struct vd_bytes event;
    assert_int_equal(append(o, "one", "1"), 0);
    assert_int_equal(append(o, "two", "2"), 0);
    outbox_seek(o, &r, 1);
    assert_int_equal(outbox_peek(&r), 3);
    assert_true(outbox_read(&r, &event));
    assert_true(vd_bytes_equal(event, vd_bytes_str("one")));
    assert_true(outbox_read(&r, &event));
    assert_false(outbox_read(&r, &event));
    assert_int_equal(append(o, "three", "3"), 0); /* a reader at the end goes on when there is more */
    assert_true(outbox_read(&r, &event));
    assert_true(vd_bytes_equal(event, vd_bytes_str("three")));
    outbox_free(o);
}

static void the_cursor_is_that_of_the_last_event_trimmed(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(1 << 20);
    append(o, "one", "c1");
    append(o, "two", "c2");
    append(o, "three", "");
    assert_int_equal(outbox_cursor(o, 1).len, 0);
    outbox_trim(o, 1);
    assert_true(vd_bytes_equal(outbox_cursor(o, 1), vd_bytes_str("c1")));
    outbox_trim(o, 3);
    assert_true(vd_bytes_equal(outbox_cursor(o, 1), vd_bytes_str("c2"))); /* an event without one leaves it */
    assert_int_equal(outbox_cursor(o, 2).len, 0);
    outbox_free(o);
}

static void full_is_told_and_trimming_makes_room(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(1600);
    char event[101] = {0};
    unsigned taken = 0;
    memset(event, 'x', 100);
    while (append(o, event, "") == 0)
        taken++;
    assert_int_equal(append(o, event, ""), OUTBOX_FULL);
    assert_true(taken >= 13 && taken <= 15);
    assert_int_equal(outbox_next(o), taken + 1);
    outbox_trim(o, 1);
    assert_int_equal(append(o, event, ""), 0);
    outbox_free(o);
}

static void what_can_never_fit_is_told(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(1000);
    static char large[VD_EVENT_MAX_BYTES + 2];
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(append(o, large, ""), VD_ELIMIT);
    large[1000] = '\0';
    assert_int_equal(append(o, large, ""), VD_ELIMIT);
    assert_int_equal(append(o, "", ""), VD_ELIMIT);
    assert_int_equal(outbox_append(o, OUTBOX_SOURCES_MAX, vd_bytes_str("x"), (struct vd_bytes){0}),
                     VD_ELIMIT);
    outbox_free(o);
}

static void trimming_beyond_the_end_or_twice_does_no_harm(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(1 << 20);
    outbox_trim(o, 5);
    append(o, "one", "");
    outbox_trim(o, 100);
    outbox_trim(o, 1);
    assert_int_equal(outbox_first(o), 2);
    assert_int_equal(outbox_next(o), 2);
    assert_int_equal(outbox_bytes(o), 0);
    append(o, "two", "");
    struct outbox_reader r;
    struct vd_bytes event;
    outbox_seek(o, &r, 2);
    assert_true(outbox_read(&r, &event));
    assert_true(vd_bytes_equal(event, vd_bytes_str("two")));
    outbox_free(o);
}

/* Thousands of random steps beside a model that is just two numbers: the n-th event is made from n. */
static size_t nth_event(uint64_t n, uint8_t *out)
{
    size_t len = 1 + (n * 2654435761u) % 900;
    memset(out, (int)(n % 251), len);
    return len;
}

static void a_long_random_life(void **state)
{
    (void)state;
    struct outbox *o = outbox_of(256 * 1024);
    struct vd_random random = {.state = 7};
    uint8_t expected[1024];
    uint64_t first = 1, next = 1;
    for (int step = 0; step < 20000; step++) {
        uint64_t dice = vd_random_below(&random, 10);
        if (dice < 6) {
            size_t len = nth_event(next, expected);
            int rc = outbox_append(o, 0, vd_bytes_of(expected, len), vd_bytes_of(&next, sizeof next));
            assert_true(rc == 0 || rc == OUTBOX_FULL);
            next += rc == 0;
        } else if (dice < 8) {
            uint64_t mark = first - 1 + vd_random_below(&random, next - first + 1);
            outbox_trim(o, mark);
            first = mark + 1;
        } else {
            struct outbox_reader r;
            struct vd_bytes event;
            uint64_t seq = first + vd_random_below(&random, next - first + 1);
            outbox_seek(o, &r, seq);
            for (; outbox_read(&r, &event); seq++)
                assert_true(vd_bytes_equal(event, vd_bytes_of(expected, nth_event(seq, expected))));
            assert_int_equal(seq, next);
        }
        assert_int_equal(outbox_first(o), first);
        assert_int_equal(outbox_next(o), next);
        assert_true(outbox_bytes(o) <= 256 * 1024);
    }
    outbox_free(o);
}

static void without_memory_nothing_is_taken(void **state)
{
    (void)state;
    struct outbox *o;
    vd_memory_fail_at(1);
    assert_int_equal(outbox_new(&o, 1000, STREAM), VD_ENOMEM);
    o = outbox_of(1 << 20);
    vd_memory_fail_at(1);
    assert_int_equal(append(o, "one", ""), VD_ENOMEM);
    assert_int_equal(outbox_next(o), 1);
    assert_int_equal(append(o, "one", ""), 0);
    outbox_free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out_in_order),
        cmocka_unit_test(the_cursor_is_that_of_the_last_event_trimmed),
        cmocka_unit_test(full_is_told_and_trimming_makes_room),
        cmocka_unit_test(what_can_never_fit_is_told),
        cmocka_unit_test(trimming_beyond_the_end_or_twice_does_no_harm),
        cmocka_unit_test(a_long_random_life),
        cmocka_unit_test(without_memory_nothing_is_taken),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
