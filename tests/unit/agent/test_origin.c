/* Names of sources, and cursors that outlive the spool's closing. */
#include "origin.h"

#include <vedette/error.h>

#include "spool_rig.h"

static void name(char *out, const char *a, const char *b)
{
    const char *paths[] = {a, b};
    origin_name(out, "tail", paths, a == NULL ? 0 : b == NULL ? 1 : 2);
}

static void names_do_not_depend_on_order(void **state)
{
    (void)state;
    char one[VD_SPOOL_SOURCE_NAME_BYTES], other[VD_SPOOL_SOURCE_NAME_BYTES];
    name(one, NULL, NULL);
    assert_string_equal(one, "tail");
    name(one, "/var/log/auth.log", NULL);
    assert_string_equal(one, "tail:/var/log/auth.log");
    name(one, "/a", "/b");
    name(other, "/b", "/a");
    assert_string_equal(one, other);
    assert_true(strstr(one, "tail:/a#") == one);
    name(other, "/a", "/c");
    assert_string_not_equal(one, other);
}

/* Two long paths that differ behind what there is room for. */
static void long_names_differ(void **state)
{
    (void)state;
    char path[300], one[VD_SPOOL_SOURCE_NAME_BYTES], other[VD_SPOOL_SOURCE_NAME_BYTES];
    for (size_t len = 50; len < sizeof path; len++) {
        memset(path, 'x', len);
        path[0] = '/';
        path[len] = '\0';
        name(one, path, NULL);
        path[len - 1] = 'y';
        name(other, path, NULL);
        assert_string_not_equal(one, other);
        assert_true(strlen(one) < sizeof one);
    }
}

static void a_cursor_comes_back(void **state)
{
    (void)state;
    struct spool_rig r;
    struct origin tail, process;
    spool_rig_init(&r, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(origin_init(&tail, r.spool, "tail:/a"), 0);
    assert_int_equal(origin_init(&process, r.spool, "process"), 0);
    assert_int_equal(origin_cursor(&tail).len, 0);
    assert_int_equal(
        origin_append(&tail, VD_SPOOL_NORMAL, vd_bytes_str("e1"), vd_bytes_str("c1"), RIG_NOW_MS), 0);
    assert_int_equal(
        origin_append(&process, VD_SPOOL_LOW, vd_bytes_str("e2"), (struct vd_bytes){0}, RIG_NOW_MS), 0);
    /* A GAP in the name of tail moves nothing. */
    assert_int_equal(
        origin_append(&tail, VD_SPOOL_RESERVE, vd_bytes_str("e3"), (struct vd_bytes){0}, RIG_NOW_MS), 0);
    vd_spool_close(r.spool);
    spool_rig_open(&r, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(origin_init(&process, r.spool, "process"), 0);
    assert_int_equal(origin_cursor(&process).len, 0);
    assert_int_equal(origin_init(&tail, r.spool, "tail:/a"), 0);
    assert_true(vd_bytes_equal(origin_cursor(&tail), vd_bytes_str("c1")));
    spool_rig_deinit(&r);
}

/* What is not taken moves no cursor. */
static void a_refused_event_moves_nothing(void **state)
{
    (void)state;
    struct spool_rig r;
    struct origin tail;
    static uint8_t large[VD_EVENT_MAX_BYTES + 1];
    spool_rig_init(&r, VD_SPOOL_LEAST_BYTES);
    assert_int_equal(origin_init(&tail, r.spool, "tail:/a"), 0);
    assert_int_equal(
        origin_append(&tail, VD_SPOOL_NORMAL, vd_bytes_of(large, sizeof large), vd_bytes_str("c"), 1),
        VD_ELIMIT);
    assert_int_equal(origin_cursor(&tail).len, 0);
    origin_move(&tail, vd_bytes_str("c2"));
    assert_true(vd_bytes_equal(origin_cursor(&tail), vd_bytes_str("c2")));
    spool_rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_do_not_depend_on_order),
        cmocka_unit_test(long_names_differ),
        cmocka_unit_test(a_cursor_comes_back),
        cmocka_unit_test(a_refused_event_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
