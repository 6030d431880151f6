/* Which events are counted together. */
#include "kind.h"

#include "unit.h"

static const struct {
    int32_t class_uid, activity_id, status_id;
    const char *feature;
    bool rare, host_only;
} CASES[] = {
    {0, 0, 0, "log lines", false, true},
    {0, 99, 2, "log lines", false, true},
    {3002, 1, 2, "failed logins", true, false},
    {3002, 1, 1, "logins", false, false},
    {3002, 99, 2, "failed logins", true, false},
    {3002, 2, 1, "logouts", false, false},
    {3002, 1, 0, "login events", false, false},
    {1007, 1, 1, "processes started", false, false},
    {1007, 1, 2, "processes started", false, false},
    {1007, 2, 1, "processes ended", false, false},
    {3001, 6, 1, "account changes", true, false},
    {3001, 6, 2, "account changes", true, false},
    {2004, 1, 1, "detections", true, false},
    {2001, 1, 1, "detections", true, false},
    {9999, 1, 1, "events of its class", false, false},
    {-1, -1, -1, "events of its class", false, false},
    {INT32_MAX, INT32_MIN, 99, "events of its class", false, false},
};

static void kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t number = kind_of(CASES[i].class_uid, CASES[i].activity_id, CASES[i].status_id);
        assert_true(number < KIND_COUNT);
        const struct kind *kind = kind_at(number);
        assert_string_equal(kind->feature, CASES[i].feature);
        assert_int_equal(kind->rare, CASES[i].rare);
        assert_int_equal(kind->outlooks == NULL, CASES[i].host_only);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
