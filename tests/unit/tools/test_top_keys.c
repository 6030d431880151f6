/* Keys as terminals send them, whole and in pieces. */
#include "top_view.h"

#include <string.h>

#include "unit.h"

static void press(struct top_view *view, const char *keys)
{
    top_view_keys(view, vd_bytes_str(keys));
}

static void commands(void **state)
{
    (void)state;
    struct top_view view = {0};
    press(&view, "s");
    assert_int_equal(view.sort, TOP_BY_EVENTS);
    press(&view, "sss");
    assert_int_equal(view.sort, TOP_BY_RISK);
    press(&view, "p?\r");
    assert_true(view.paused && view.help && view.details);
    press(&view, " h\n");
    assert_false(view.paused || view.help || view.details);
    press(&view, "jjk");
    assert_int_equal(view.move, 1);
    press(&view, "xyz\t");
    assert_int_equal(view.move, 1);
    assert_false(view.quit);
    press(&view, "q");
    assert_true(view.quit);
}

static void a_filter_takes_every_key(void **state)
{
    (void)state;
    struct top_view view = {0};
    press(&view, "fq\xc3\xa4s");
    assert_true(view.typing);
    assert_false(view.quit);
    assert_string_equal(view.filter, "q\xc3\xa4s");
    press(&view, "\x7f\x7f");
    assert_string_equal(view.filter, "q");
    press(&view, "\x7f\x7f");
    assert_string_equal(view.filter, "");
    press(&view, "db\r");
    assert_false(view.typing);
    assert_string_equal(view.filter, "db");
    press(&view, "f\x15x\r");
    assert_string_equal(view.filter, "x");
    /* However much is typed. */
    press(&view, "f");
    for (int i = 0; i < 1000; i++)
        press(&view, "y");
    assert_int_equal(strlen(view.filter), TOP_FILTER_BYTES - 1);
}

static void arrows_in_any_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int move;
    } keys[] = {{"\033[B", 1},   {"\033OB", 1},    {"\033[A", -1},
                {"\033[6~", 10}, {"\033[1;5C", 0}, {"\033x", 0}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t len = strlen(keys[i].bytes);
        for (size_t cut = 0; cut <= len; cut++) {
            struct top_view view = {0};
            top_view_keys(&view, vd_bytes_of(keys[i].bytes, cut));
            top_view_keys(&view, vd_bytes_of(keys[i].bytes + cut, len - cut));
            assert_int_equal(view.move, keys[i].move);
            assert_int_equal(view.pending_len, 0);
            press(&view, "s");
            assert_int_equal(view.sort, TOP_BY_EVENTS);
        }
    }
}

static void escape_alone_goes_back(void **state)
{
    (void)state;
    struct top_view view = {0};
    press(&view, "fabc\033");
    assert_string_equal(view.filter, "abc"); /* it may be the beginning of an arrow */
    top_view_idle(&view);
    assert_false(view.typing);
    assert_string_equal(view.filter, "");
    press(&view, "fabc\r?\r\033");
    top_view_idle(&view);
    assert_false(view.help || view.details);
    assert_string_equal(view.filter, "abc");
    press(&view, "\033");
    top_view_idle(&view);
    assert_string_equal(view.filter, "");
    top_view_idle(&view);
}

static void a_sequence_without_end_is_dropped(void **state)
{
    (void)state;
    struct top_view view = {0};
    press(&view, "\033[0000000000000000");
    top_view_idle(&view);
    press(&view, "q");
    assert_true(view.quit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(a_filter_takes_every_key),
        cmocka_unit_test(arrows_in_any_pieces),
        cmocka_unit_test(escape_alone_goes_back),
        cmocka_unit_test(a_sequence_without_end_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
