/* What is said of a tenant that does not come. */
#include "tenants_seen.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static void take(struct tenants_seen *seen, const char *tenant)
{
    tenants_seen_take(seen, "nroth", vd_bytes_str(tenant));
}

static void said(const struct tenants_seen *seen, const char *expected)
{
    char text[TENANTS_SEEN_TEXT_BYTES];
    tenants_seen_tell(seen, "nroth", text);
    assert_string_equal(text, expected);
}

static void test_who_came_instead(void **state)
{
    struct tenants_seen seen = {.count = 0};
    (void)state;
    said(&seen, "no event of tenant nroth so far, nor of any other");
    take(&seen, "");
    said(&seen, "no event of tenant nroth so far, among 1 read");
    take(&seen, "north");
    take(&seen, "so\x1bth");
    take(&seen, "north");
    said(&seen, "no event of tenant nroth so far, among 4 read: north, so\\x1bth");
    assert_false(seen.wanted);
    take(&seen, "nroth");
    assert_true(seen.wanted);
}

static void test_there_is_an_end_to_names(void **state)
{
    struct tenants_seen seen = {.count = 0};
    char name[1000];
    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    take(&seen, name);
    said(&seen, "no event of tenant nroth so far, among 1 read, ...");
    for (int i = 0; i < 2 * TENANTS_SEEN_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        take(&seen, name);
    }
    said(&seen, "no event of tenant nroth so far, among 13 read: t0, t1, t2, t3, t4, t5, ...");
}

static void test_whatever_the_name_it_fits(void **state)
{
    struct tenants_seen seen = {.count = 0};
    char name[4 * TENANTS_SEEN_TEXT_BYTES], text[TENANTS_SEEN_TEXT_BYTES];
    (void)state;
    memset(name, '\x1b', sizeof name);
    name[sizeof name - 1] = '\0';
    tenants_seen_tell(&seen, name, text);
    assert_true(strlen(text) < sizeof text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_came_instead),
        cmocka_unit_test(test_there_is_an_end_to_names),
        cmocka_unit_test(test_whatever_the_name_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
