/* Calibration: order, halving, nominal levels; and first ones, different values and series beside it. */
#include "calibration.h"

#include <math.h>
#include <vedette/random.h>

#include "distinct.h"
#include "novelty.h"
#include "series.h"
#include "unit.h"

static struct calibration_scale scale;

static int make_scale(void **state)
{
    (void)state;
    calibration_scale_init(&scale);
    return 0;
}

/* Figures of windows with an exponential tail: -log10 of a uniform number. */
static double figure(struct vd_random *random)
{
    return -log10(1 - vd_random_unit(random) + 1e-12);
}

static struct calibration filled(int windows)
{
    struct calibration c = {0};
    struct vd_random random = {3};
    for (int i = 0; i < windows; i++)
        calibration_feed(&c, calibration_place_of(&scale, figure(&random)).bin, 1);
    return c;
}

static void a_place_lies_between_its_edges(void **state)
{
    (void)state;
    double x = 0.001;
    for (int step = 0; step < 1240; step++) {
        struct calibration_place place = calibration_place_of(&scale, x);
        assert_true(scale.edges[place.bin] <= x && x < scale.edges[place.bin + 1]);
        assert_true(place.share >= 0 && place.share <= 1);
        x *= 1.01;
    }
    assert_int_equal(calibration_place_of(&scale, 1e300).bin, CALIBRATION_BINS - 1);
    assert_int_equal(calibration_place_of(&scale, NAN).bin, 0);
    for (int b = 0; b < CALIBRATION_BINS; b++) /* independently: 2^(b/12) - 1 */
        assert_true(fabs(scale.edges[b] - (exp2(b / 12.0) - 1)) < 1e-6 * (1 + scale.edges[b]));
}

static void a_larger_figure_never_surprises_less(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 7, 40, 1000, 300000}; /* the last is halved */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int nominal = 0; nominal <= 1; nominal++) {
            struct calibration rank = filled(sizes[i]), verdict = rank;
            double last_rank = 0, last_verdict = -1e-9;
            double x = 0.01;
            for (int step = 0; step < 358; step++) {
                struct calibration_place place = calibration_place_of(&scale, x);
                double r = calibration_rank(&rank, &scale, place, 1, (double)rank.total, nominal);
                double v = calibration_verdict(&verdict, &scale, place, 1);
                assert_true(isfinite(r) && isfinite(v));
                assert_true(r >= last_rank - 1e-6 && v >= last_verdict - 1e-6);
                last_rank = r;
                last_verdict = v;
                x *= 1.03;
            }
        }
}

static void a_verdict_is_what_windows_do(void **state)
{
    (void)state;
    struct calibration c = filled(50000);
    for (int half = 2; half <= 8; half++) {
        double level = half / 2.0;
        double got = calibration_verdict(&c, &scale, calibration_place_of(&scale, level), 1);
        assert_true(fabs(got - level) < 0.18); /* within 1.5 times */
    }
}

/* Thousands of windows with the same figure say nothing of what is beyond it; a handful beyond it does. */
static void a_lump_is_no_tail(void **state)
{
    (void)state;
    struct calibration rank = {0}, verdict;
    for (int i = 0; i < 10000; i++)
        calibration_feed(&rank, calibration_place_of(&scale, 0.5).bin, 1);
    for (int i = 0; i < 20; i++)
        calibration_feed(&rank, calibration_place_of(&scale, 6 + i).bin, 1);
    verdict = rank;
    struct calibration_place beyond = calibration_place_of(&scale, 16);
    double r = calibration_rank(&rank, &scale, beyond, 1, (double)rank.total, true);
    assert_true(r > 2.7 && r < 4); /* 9 of 10,020 were there */
    r = calibration_verdict(&verdict, &scale, calibration_place_of(&scale, 6), 1);
    assert_true(r > 2.5 && r < 4.5);
    assert_true(calibration_rank(&rank, &scale, beyond, 2, 1e6, true) > 2.7);
}

static void a_young_verdict_is_that_of_true_ranks(void **state)
{
    (void)state;
    struct vd_random random = {9};
    int above[8] = {0};
    enum { WINDOWS = 400000 };
    for (int i = 0; i < WINDOWS; i++) {
        double a = figure(&random), b = figure(&random), c = figure(&random), top = fmax(a, fmax(b, c));
        for (int level = 0; level < 8; level++)
            above[level] += top + (a + b + c - top) / 2 >= level;
    }
    struct calibration none = {0};
    for (int level = 1; level <= 4; level++) { /* beyond, too few */
        double got = calibration_verdict(&none, &scale, calibration_place_of(&scale, level), 1);
        assert_true(fabs(got + log10((double)above[level] / WINDOWS)) < 0.05);
    }
}

static void halving_keeps_the_order(void **state)
{
    (void)state;
    struct calibration c = filled(199999), half = c;
    for (int i = 0; i < 4; i++)
        calibration_feed(&half, 0, 1);
    assert_true(half.total < 0.6F * c.total);
    for (int b = 1; b < CALIBRATION_BINS; b++)
        for (int other = 1; other < CALIBRATION_BINS; other++)
            if (c.counts[b] < c.counts[other])
                assert_true(half.counts[b] < half.counts[other]);
}

static void the_table_waits_for_the_minute(void **state)
{
    (void)state;
    struct calibration c = filled(100);
    struct calibration_place place = calibration_place_of(&scale, 3);
    double before = calibration_verdict(&c, &scale, place, 1);
    for (int i = 0; i < 1000; i++)
        calibration_feed(&c, place.bin, 1);
    assert_true(calibration_verdict(&c, &scale, place, 1) == before);
    assert_true(calibration_verdict(&c, &scale, place, 2) < before);
}

static void first_is_once(void **state)
{
    (void)state;
    enum { PAIRS = 20000 };
    struct novelty n;
    struct vd_random random = {5};
    assert_int_equal(novelty_init(&n, PAIRS), 0);
    uint64_t missed = 0, first = vd_random_next(&random);
    assert_true(novelty_is_first(&n, first));
    for (int i = 0; i < 10 * PAIRS; i++) {
        uint64_t pair = vd_random_next(&random);
        missed += !novelty_is_first(&n, pair);
        assert_false(novelty_is_first(&n, pair));
        if (i % 1000 == 0) /* what is in use outlives the generations */
            assert_false(novelty_is_first(&n, first));
    }
    assert_true(missed < 10 * PAIRS / 25);
    novelty_deinit(&n);
    uint16_t firsts = 0, seen = 0;
    for (int i = 0; i < 100000; i++)
        novelty_count(&firsts, &seen, i % 10 == 0);
    assert_true(fabs(novelty_surprise(firsts, seen) - 1) < 0.05);
}

static void different_values_are_counted(void **state)
{
    (void)state;
    struct distinct_scale counts;
    distinct_scale_init(&counts);
    struct vd_random random = {8};
    for (int values = 1; values <= 40; values++) {
        double sum = 0;
        for (int round = 0; round < 200; round++) {
            uint64_t bitmap = 0;
            for (int i = 0; i < values; i++)
                bitmap |= distinct_bit(vd_random_next(&random));
            sum += distinct_count(&counts, bitmap);
        }
        assert_true(fabs(sum / 200 - values) < 0.06 * values + 0.1);
    }
    assert_true(distinct_count(&counts, UINT64_MAX) > distinct_count(&counts, UINT64_MAX - 1));
    uint64_t days[2] = {3, 5};
    distinct_days_pass(days, 0);
    assert_true(days[0] == 3 && days[1] == 5);
    distinct_days_pass(days, 1);
    assert_true(days[0] == 0 && days[1] == 3);
    distinct_days_pass(days, 9);
    assert_true(days[0] == 0 && days[1] == 0);
}

static void a_series_shows_its_spikes_and_its_silence(void **state)
{
    (void)state;
    struct series s = {0};
    struct vd_random random = {4};
    double usual = 0, spike = 0, silence = 0;
    for (int i = 0; i < 6000; i++) {
        double value = 100 + 10 * vd_random_unit(&random) + 20 * sin(i * 300 / 86400.0 * 6.2831853);
        value = i == 3000 ? 1000 : i >= 5000 && i < 5020 ? 0 : value;
        double score = series_score(&s, i * INT64_C(300), value);
        assert_true(score >= 0 && score < 1);
        if (i == 3000)
            spike = score;
        else if (i == 5000)
            silence = score;
        else if (i > 1000 && i < 5000 && score > usual)
            usual = score;
    }
    assert_true(spike > 2 * usual && silence > 2 * usual);
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        double score = series_score(&s, INT64_MIN, odd[i]);
        assert_true(isfinite(score) && score >= 0 && score <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_lies_between_its_edges),
        cmocka_unit_test(a_larger_figure_never_surprises_less),
        cmocka_unit_test(a_verdict_is_what_windows_do),
        cmocka_unit_test(a_lump_is_no_tail),
        cmocka_unit_test(a_young_verdict_is_that_of_true_ranks),
        cmocka_unit_test(halving_keeps_the_order),
        cmocka_unit_test(the_table_waits_for_the_minute),
        cmocka_unit_test(first_is_once),
        cmocka_unit_test(different_values_are_counted),
        cmocka_unit_test(a_series_shows_its_spikes_and_its_silence),
    };
    return cmocka_run_group_tests(tests, make_scale, NULL);
}
