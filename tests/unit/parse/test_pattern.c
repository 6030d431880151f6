/* Patterns: what matches, what is captured, and what must not. */
#include "pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *pattern, *text;
    bool matches;
    enum parse_capture capture;
    const char *value;
} CASES[] = {
    {"abc", "abc", true, CAPTURE_USER, NULL},
    {"abc", "ab", false, CAPTURE_USER, NULL},
    {"abc", "abcd", false, CAPTURE_USER, NULL},
    {"abc%*", "abcd", true, CAPTURE_USER, NULL},
    {"abc%*", "abc", true, CAPTURE_USER, NULL},
    {"for %u from", "for root from", true, CAPTURE_NAME, "root"},
    {"for %u from", "for two words from", false, CAPTURE_NAME, NULL},
    {"for %u", "for ", false, CAPTURE_NAME, NULL},
    {"'%u' x", "'a'b' x", true, CAPTURE_NAME, "a'b"},
    {"port %P", "port 22", true, CAPTURE_PORT, "22"},
    {"port %P", "port 22x", false, CAPTURE_PORT, NULL},
    {"port %P", "port ", false, CAPTURE_PORT, NULL},
    {"%U from %I", "a from b", true, CAPTURE_USER, "a"},
    {"%U from %I", "a from b from c", true, CAPTURE_USER, "a from b"},
    {"%U from %I", "a from b from c", true, CAPTURE_ADDRESS, "c"},
    {"%U from %I", " from c", true, CAPTURE_USER, ""},
    {"%U from %I", "from c", false, CAPTURE_USER, NULL},
    {"%U %I port %P", "a b 192.0.2.1 port 1", true, CAPTURE_USER, "a b"},
    {"%D: %*", "one: two: three", true, CAPTURE_DETAIL, "one"},
    {"because %D", "because of this", true, CAPTURE_DETAIL, "of this"},
    {"%D", "", true, CAPTURE_DETAIL, ""},
    {"(%#) on", "(12) on", true, CAPTURE_ORDINAL, "12"},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct parse_match match;
        bool matches = parse_match(CASES[i].pattern, vd_bytes_str(CASES[i].text), &match);
        if (matches != CASES[i].matches)
            fail_msg("\"%s\" on \"%s\": %d", CASES[i].pattern, CASES[i].text, matches);
        if (CASES[i].value == NULL)
            continue;
        struct vd_bytes value = match.captures[CASES[i].capture];
        assert_int_equal(value.len, strlen(CASES[i].value));
        assert_memory_equal(value.data, CASES[i].value, value.len);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    uint32_t n = 7;
    assert_true(parse_number(vd_bytes_str("65535"), UINT16_MAX, &n));
    assert_int_equal(n, 65535);
    assert_false(parse_number(vd_bytes_str("65536"), UINT16_MAX, &n));
    assert_false(parse_number(vd_bytes_str(""), UINT16_MAX, &n));
    assert_false(parse_number(vd_bytes_str("-1"), UINT16_MAX, &n));
    assert_false(parse_number(vd_bytes_str("99999999999"), UINT32_MAX, &n));
}

static void test_split(void **state)
{
    (void)state;
    struct vd_bytes text = vd_bytes_str("a : b : c"), before;
    assert_true(parse_split(&text, " : ", &before));
    assert_true(parse_is(before, "a") && parse_is(text, "b : c"));
    assert_false(parse_split(&text, "x", &before));
    assert_true(parse_is(parse_trim(vd_bytes_str(" \tx \r\n")), "x"));
    assert_int_equal(parse_trim(vd_bytes_str("  ")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
