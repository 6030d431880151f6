/* The tail against scipy's, and that it never falls where a count rises. */
#include "tail.h"

#include <math.h>

#include "tail_table.h"
#include "unit.h"

enum { ROWS = sizeof TAIL_TABLE / sizeof *TAIL_TABLE };
static const double TOLERANCE = 1e-6;

static void agrees_with_scipy(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct rate rate = {TAIL_TABLE[i].mean, TAIL_TABLE[i].variance};
        double got = tail_surprise(TAIL_TABLE[i].count, rate, TAIL_TABLE[i].given);
        if (fabs(got - TAIL_TABLE[i].surprise) > TOLERANCE)
            fail_msg("%u of %g, %g: %.9f, want %.9f", TAIL_TABLE[i].count, rate.mean, rate.variance, got,
                     TAIL_TABLE[i].surprise);
    }
}

static void one_more_never_surprises_less(void **state)
{
    (void)state;
    static const double means[] = {1e-6, 1e-3, 0.05, 0.7, 1, 3, 7.5, 12, 90, 2000};
    static const double dispersions[] = {1, 1.001, 1.5, 2, 5, 50, 500};
    for (size_t m = 0; m < sizeof means / sizeof *means; m++)
        for (size_t d = 0; d < sizeof dispersions / sizeof *dispersions; d++) {
            struct rate rate = {means[m], means[m] * dispersions[d]};
            enum tail_given given = d % 2 == 0 ? TAIL_OF_ANY : TAIL_NOT_EMPTY;
            double last = 0;
            for (uint32_t count = 0; count < 3000; count += count < 40 ? 1 : 37) {
                double now = tail_surprise(count, rate, given);
                if (!isfinite(now) || now < last - 1e-9)
                    fail_msg("%u of %g, %g: %.12f after %.12f", count, rate.mean, rate.variance, now, last);
                last = now;
            }
            assert_true(last > 0.1);
        }
}

static void what_is_usual_does_not_surprise(void **state)
{
    (void)state;
    assert_true(tail_surprise(0, (struct rate){1e-6, 2e-6}, TAIL_NOT_EMPTY) == 0);
    assert_true(tail_surprise(1, (struct rate){1e-6, 2e-6}, TAIL_NOT_EMPTY) == 0);
    assert_true(tail_surprise(0, (struct rate){1e-6, 2e-6}, TAIL_OF_ANY) == 0);
    assert_true(tail_surprise(1, (struct rate){1e-6, 2e-6}, TAIL_OF_ANY) > 5);
    assert_true(tail_surprise(7, (struct rate){8, 16}, TAIL_NOT_EMPTY) == 0);
    assert_true(tail_surprise(100, (struct rate){100, 1000}, TAIL_NOT_EMPTY) == 0);
}

/* Counts saturate: the largest sum there is must still give a number. */
static void extremes_are_finite(void **state)
{
    (void)state;
    const uint32_t most = 6 * UINT16_MAX;
    assert_true(isfinite(tail_surprise(most, (struct rate){1e-6, 2e-6}, TAIL_NOT_EMPTY)));
    assert_true(isfinite(tail_surprise(most, (struct rate){1e5, 1e5}, TAIL_NOT_EMPTY)));
    assert_true(isfinite(tail_surprise(most, (struct rate){1e5, 1e12}, TAIL_NOT_EMPTY)));
    assert_true(tail_surprise(most, (struct rate){1, 2}, TAIL_NOT_EMPTY) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_scipy),
        cmocka_unit_test(one_more_never_surprises_less),
        cmocka_unit_test(what_is_usual_does_not_surprise),
        cmocka_unit_test(extremes_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
