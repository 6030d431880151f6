/* Time as text, error codes as text and as exit codes, and small randomness. */
#include <vedette/clock.h>

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <vedette/error.h>
#include <vedette/random.h>
#include <vedette/service.h>

#include "unit.h"

static void times_have_a_text(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1795377600123, "2026-11-22T20:00:00.123Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "-"},
        {INT64_MAX, "-"},
        {INT64_MIN, "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[VD_TIME_TEXT_BYTES];
        assert_int_equal(vd_time_text(cases[i].ms, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

static void the_clocks_agree_with_themselves(void **state)
{
    (void)state;
    int64_t ms = vd_clock_monotonic_ms(), ns = vd_clock_monotonic_ns();
    assert_true(ns / 1000000 >= ms);
    assert_true(vd_clock_monotonic_ms() >= ms);
    assert_true(vd_clock_real_ms() > 1700000000000);
}

static void every_error_has_a_text_and_an_exit_code(void **state)
{
    (void)state;
    static const int errors[] = {
#define CODE(name, code, text) code,
        VD_ERRORS(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        assert_string_not_equal(vd_error_text(errors[i]), "unknown error");
        assert_in_range(vd_exit_code(errors[i]), EX__BASE, EX__MAX);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(vd_error_text(errors[i]), vd_error_text(errors[j]));
    }
    assert_string_equal(vd_error_text(0), "ok");
    assert_string_equal(vd_error_text(-9999), "unknown error");
    assert_int_equal(vd_exit_code(0), 0);
    assert_int_equal(vd_exit_code(VD_ECONFIG), EX_CONFIG);
    assert_int_equal(vd_exit_code(VD_ENOTFOUND), EX_NOINPUT);
    assert_int_equal(vd_exit_code(-9999), EX_SOFTWARE);
}

static void errno_maps_with_either_sign(void **state)
{
    (void)state;
    static const struct {
        int number, error;
    } cases[] = {
        {ENOMEM, VD_ENOMEM}, {ENOENT, VD_ENOTFOUND},   {EADDRINUSE, VD_EEXISTS}, {EACCES, VD_EPERM},
        {ENOSPC, VD_EFULL},  {ETIMEDOUT, VD_ETIMEOUT}, {EPIPE, VD_ECLOSED},      {ENOTTY, VD_EIO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(vd_error_from_errno(cases[i].number), cases[i].error);
        assert_int_equal(vd_error_from_errno(-cases[i].number), cases[i].error);
    }
}

static void the_small_generator_is_splitmix64(void **state)
{
    (void)state;
    struct vd_random r = {.state =
                              1234567}; /* with the sequence that its authors' code gives for this seed */
    assert_true(vd_random_next(&r) == UINT64_C(6457827717110365317));
    assert_true(vd_random_next(&r) == UINT64_C(3203168211198807973));
    for (int i = 0; i < 1000; i++) {
        assert_true(vd_random_below(&r, 7) < 7);
        double unit = vd_random_unit(&r);
        assert_true(unit >= 0 && unit < 1);
    }
    assert_true(vd_random_below(&r, 0) == 0);
}

static void kernel_randomness_differs(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_int_equal(vd_random_bytes(a, sizeof a), 0);
    assert_int_equal(vd_random_bytes(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_a_text),
        cmocka_unit_test(the_clocks_agree_with_themselves),
        cmocka_unit_test(every_error_has_a_text_and_an_exit_code),
        cmocka_unit_test(errno_maps_with_either_sign),
        cmocka_unit_test(the_small_generator_is_splitmix64),
        cmocka_unit_test(kernel_randomness_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
