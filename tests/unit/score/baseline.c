/* Baselines: forgetting at once is forgetting step by step, and who knows nothing leans on the peers. */
#include "baseline.h"

#include <math.h>

#include "unit.h"

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

static const struct peers PEERS = {.baseline = {1, 2}, .windows = 1};

static void learns_mean_and_variance(void **state)
{
    (void)state;
    static const double values[] = {3, 7, 5, 9, 1};
    struct baseline b = {0};
    for (int i = 0; i < 5; i++)
        baseline_learn(&b, values[i], i, BASELINE_SLOWEST);
    assert_near(b.mean, 5, 1e-5); /* while it is young: the plain mean and variance */
    assert_near(b.variance, 8, 1e-5);
}

static void forgets_at_its_slowest_pace(void **state)
{
    (void)state;
    struct baseline b = {.mean = 100};
    baseline_learn(&b, 0, 60000, BASELINE_SLOWEST);
    assert_near(b.mean, 98, 1e-4);
}

static void idle_is_many_windows_of_nothing(void **state)
{
    (void)state;
    static const double befores[] = {0, 1, 5, 47, 48, 49, 50, 51, 300};
    static const uint32_t idles[] = {1, 2, 40, 60, 200};
    for (size_t i = 0; i < sizeof befores / sizeof *befores; i++)
        for (size_t j = 0; j < sizeof idles / sizeof *idles; j++) {
            struct baseline once = {6, 11}, stepped = once;
            baseline_idle(&once, idles[j], befores[i], BASELINE_SLOWEST);
            for (uint32_t k = 0; k < idles[j]; k++)
                baseline_learn(&stepped, 0, befores[i] + k, BASELINE_SLOWEST);
            assert_near(once.mean, stepped.mean, 1e-5);
            assert_near(once.variance, stepped.variance, 1e-4);
        }
}

static void the_new_are_judged_by_their_peers(void **state)
{
    (void)state;
    struct baseline own = {50, 60};
    struct rate young = baseline_expect(&own, 0, &PEERS), old = baseline_expect(&own, 1000, &PEERS);
    assert_near(young.mean, 1, 1e-9);
    assert_near(young.variance, 3, 1e-9); /* 2, widened for what is not known */
    assert_near(old.mean, 50, 0.2);
    assert_near(baseline_maturity(0), 0, 0);
    assert_near(baseline_maturity(2), 0.5, 1e-9);
}

static void no_rate_is_known_too_well(void **state)
{
    (void)state;
    struct baseline own = {100, 0}, idle = {0, 0};
    assert_near(baseline_expect(&own, 1e6, &PEERS).variance, 100 + 0.1 * 100 * 100, 1);
    struct rate r = baseline_expect(&idle, 60000, &PEERS);
    assert_true(r.mean > 0 && r.variance >= 2 * r.mean);
    struct peers nothing = {.windows = 1e9};
    r = baseline_expect(&idle, 60000, &nothing);
    assert_true(r.mean >= 1e-6 && r.variance >= 2e-6);
}

static void limits(void **state)
{
    (void)state;
    struct rate small = {1e-6, 2e-6}, middle = {100, 400}, huge = {1e6, 1e11};
    assert_int_equal(baseline_quiet_limit(small), 0);
    assert_int_equal(baseline_quiet_limit(middle), 130);
    assert_int_equal(baseline_quiet_limit(huge), UINT16_MAX);
    assert_near(baseline_clip(small), 8, 0.1);
    assert_near(baseline_clip(middle), 260, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_mean_and_variance),
        cmocka_unit_test(forgets_at_its_slowest_pace),
        cmocka_unit_test(idle_is_many_windows_of_nothing),
        cmocka_unit_test(the_new_are_judged_by_their_peers),
        cmocka_unit_test(no_rate_is_known_too_well),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
