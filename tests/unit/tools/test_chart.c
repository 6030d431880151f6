/* The chart's bytes: bars, line, axis, labels, in both alphabets. */
#include "chart.h"

#include <string.h>

#include "unit.h"

enum { TEXT_BYTES = 16384 };

static void chart_is(const struct chart *chart, const char *expected)
{
    char text[TEXT_BYTES] = "";
    struct vd_buffer out;
    vd_buffer_init(&out, TEXT_BYTES - 1);
    assert_int_equal(chart_write(chart, &out), 0);
    struct vd_bytes bytes = vd_buffer_bytes(&out);
    if (bytes.data != NULL)
        memcpy(text, bytes.data, bytes.len);
    assert_string_equal(text, expected);
    vd_buffer_deinit(&out);
}

static const double VALUES[] = {0, 1, 0, 6, 12};

static struct chart chart_of(bool utf8)
{
    return (struct chart){.values = VALUES,
                          .count = 5,
                          .marked = 2,
                          .line = 2.5,
                          .begin = "12:00",
                          .end = "12:05",
                          .column_width = 3,
                          .utf8 = utf8};
}

static void in_utf8(void **state)
{
    (void)state;
    struct chart chart = chart_of(true);
    chart_is(&chart, "     12 │            ███\n"
                     "        │            ███\n"
                     "        │            ███\n"
                     "        │         ██████\n"
                     "    2.5 │╌╌╌╌╌╌╌╌╌██████\n"
                     "        │   ▄▄▄   ██████\n"
                     "      0 └─────────━━━━━━\n"
                     "         12:00     12:05\n");
}

static void in_ascii(void **state)
{
    (void)state;
    struct chart chart = chart_of(false);
    chart.indent = 2;
    chart.column_width = 1;
    chart_is(&chart, "       12 |    #\n"
                     "          |    #\n"
                     "          |    #\n"
                     "          |   ##\n"
                     "      2.5 |---##\n"
                     "          | # ##\n"
                     "        0 +---==\n"
                     "           12:00\n");
}

static void nothing_at_all(void **state)
{
    (void)state;
    static const double none[] = {0, 0};
    const struct chart chart = {
        .values = none, .count = 2, .marked = 6, .line = -1, .begin = "", .end = "", .column_width = 1};
    chart_is(&chart, "      1 |  \n"
                     "        |  \n"
                     "        |  \n"
                     "        |  \n"
                     "        |  \n"
                     "        |  \n"
                     "      0 +==\n"
                     "         \n");
}

/* One among a thousand is still to be seen, and a line above all bars is the top. */
static void extremes(void **state)
{
    (void)state;
    static const double values[] = {1, 1000};
    struct chart chart = {
        .values = values, .count = 2, .line = 2000, .begin = "", .end = "", .column_width = 1};
    chart_is(&chart, "   2000 |--\n"
                     "        |  \n"
                     "        |  \n"
                     "        | #\n"
                     "        | #\n"
                     "        |.#\n"
                     "      0 +--\n"
                     "         \n");
}

static void colors_end_where_they_begin(void **state)
{
    (void)state;
    struct chart chart = chart_of(true);
    struct vd_buffer out;
    chart.color = true;
    vd_buffer_init(&out, TEXT_BYTES);
    assert_int_equal(chart_write(&chart, &out), 0);
    struct vd_bytes text = vd_buffer_bytes(&out);
    size_t sequences = 0, resets = 0;
    for (size_t i = 0; text.data != NULL && i + 4 <= text.len; i++) {
        sequences += text.data[i] == 0x1b;
        resets += memcmp(text.data + i, "\033[0m", 4) == 0;
    }
    assert_true(sequences > 0);
    assert_int_equal(sequences, 2 * resets);
    vd_buffer_deinit(&out);
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},           {0.01, "<0.1"},  {0.6, "0.6"},    {1, "1"},
                 {9.96, "10"},       {47.3, "47"},    {9999, "9999"},  {12345, "12k"},
                 {1234567, "1235k"}, {1e15, "1000T"}, {1e30, "99999T"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[CHART_NUMBER_BYTES];
        chart_number(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void room(void **state)
{
    (void)state;
    assert_int_equal(chart_columns(80, 3, 1), 68);
    assert_int_equal(chart_columns(80, 3, 2), 34);
    assert_int_equal(chart_columns(12, 3, 1), 0);
    assert_int_equal(chart_columns(0, 3, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_utf8),
        cmocka_unit_test(in_ascii),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(extremes),
        cmocka_unit_test(colors_end_where_they_begin),
        cmocka_unit_test(numbers),
        cmocka_unit_test(room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
