/* UTF-8: what RFC 3629 allows, what it does not, and the repair of the latter. */
#include <vedette/utf8.h>

#include <stdio.h>

#include "unit.h"

struct text {
    const char *bytes;
    size_t len;
};
#define TEXT(literal)                                                                                        \
    {                                                                                                        \
        literal, sizeof literal - 1                                                                          \
    }

static const struct text VALID[] = {
    TEXT(""),
    TEXT("ascii only, longer than a word"),
    TEXT("\0"),
    TEXT("\xc2\x80"),
    TEXT("\xdf\xbf"),
    TEXT("\xe0\xa0\x80"),
    TEXT("\xed\x9f\xbf"),
    TEXT("\xee\x80\x80"),
    TEXT("\xef\xbf\xbf"),
    TEXT("\xf0\x90\x80\x80"),
    TEXT("\xf4\x8f\xbf\xbf"),
    TEXT("1234567\xc3\xa9 behind a word"),
};

static const struct text INVALID[] = {
    TEXT("\x80"), /* a continuation alone */
    TEXT("\xbf"),
    TEXT("\xc0\x80"),     /* overlong NUL */
    TEXT("\xc1\xbf"),     /* overlong DEL */
    TEXT("\xe0\x80\xaf"), /* overlong slash */
    TEXT("\xe0\x9f\xbf"),
    TEXT("\xf0\x80\x80\xaf"),
    TEXT("\xf0\x8f\xbf\xbf"),
    TEXT("\xed\xa0\x80"), /* surrogates */
    TEXT("\xed\xbf\xbf"),
    TEXT("\xed\xa0\xbd\xed\xb8\x80"),
    TEXT("\xf4\x90\x80\x80"), /* beyond U+10FFFF */
    TEXT("\xf5\x80\x80\x80"),
    TEXT("\xf8\x88\x80\x80\x80"),
    TEXT("\xfe"),
    TEXT("\xff"),
    TEXT("\xc3"), /* cut */
    TEXT("\xe2\x82"),
    TEXT("\xf0\x9f\x98"),
    TEXT("\xc3("), /* broken off */
    TEXT("\xe2(\xac"),
    TEXT("\xf0\x9f(\x80"),
    TEXT("12345678\xff"), /* behind a word of ASCII */
    TEXT("1234567\xc3"),
};

static struct vd_bytes bytes(const struct text *text)
{
    return vd_bytes_of(text->bytes, text->len);
}

static void the_tables_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof VALID / sizeof *VALID; i++)
        assert_true(vd_utf8_valid(bytes(&VALID[i])));
    for (size_t i = 0; i < sizeof INVALID / sizeof *INVALID; i++)
        assert_false(vd_utf8_valid(bytes(&INVALID[i])));
}

/* Writes a code point in its shortest form, the straightforward way, to check against. */
static size_t encode(uint32_t point, uint8_t *out)
{
    if (point < 0x80)
        return out[0] = (uint8_t)point, 1;
    size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)((0xf00u >> len & 0xff) | point);
    return len;
}

static void every_code_point_is_judged_right(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x120000; point++) {
        uint8_t text[4];
        size_t len = encode(point, text);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_int_equal(vd_utf8_valid(vd_bytes_of(text, len)), !surrogate && point <= 0x10ffff);
    }
}

static void repair_replaces_and_leaves_valid_text(void **state)
{
    (void)state;
    static const struct {
        struct text from, to;
    } cases[] = {
        {TEXT("plain \xc3\xa9"), TEXT("plain \xc3\xa9")},
        {TEXT("a\xff"
              "b"),
         TEXT("a\xef\xbf\xbd"
              "b")},
        {TEXT("\0"), TEXT("\xef\xbf\xbd")},
        {TEXT("\xe2\x82"), TEXT("\xef\xbf\xbd\xef\xbf\xbd")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[64];
        size_t len = vd_utf8_repair(bytes(&cases[i].from), out, sizeof out);
        assert_true(vd_bytes_equal(vd_bytes_of(out, len), bytes(&cases[i].to)));
    }
}

static void repair_cuts_at_a_characters_edge(void **state)
{
    (void)state;
    const struct text text = TEXT("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff");
    const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10, 13, 13};
    for (size_t cap = 0; cap < sizeof kept / sizeof *kept; cap++) {
        uint8_t out[16];
        memset(out, 0x55, sizeof out);
        assert_int_equal(vd_utf8_repair(bytes(&text), out, cap), kept[cap]);
        assert_int_equal(out[cap], 0x55);
        assert_true(vd_utf8_valid(vd_bytes_of(out, kept[cap])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_are_told_apart),
        cmocka_unit_test(every_code_point_is_judged_right),
        cmocka_unit_test(repair_replaces_and_leaves_valid_text),
        cmocka_unit_test(repair_cuts_at_a_characters_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
