/* Short uids: how they are written, and what they stand for. */
#include "short_uid.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *uid, *small;
} UIDS[] = {
    {"0b44f5c0a1d84fd8a5ce63d4c9ab1d6e-4711", "0b44f5c0-4711"},
    {"0b44f5c0a1d84fd8a5ce63d4c9ab1d6e-fork-4711", "0b44f5c0-fork-4711"},
    {"vedette-finding-00112233445566778899aabbccddeeff", "finding-00112233"},
    {"vedette-finding-00112233445566778899aabbccddeeff-7", "finding-00112233-7"},
    {"silence-0123456789abcdef-1795377600", "silence-01234567-1795377600"},
    {"somebody-else's", "somebody-else's"},
    {"", ""},
};

static void test_written_and_understood(void **state)
{
    char out[SHORT_UID_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof UIDS / sizeof *UIDS; i++) {
        struct vd_bytes uid = vd_bytes_str(UIDS[i].uid), small = vd_bytes_str(UIDS[i].small);
        size_t len = short_uid_write(uid, out);
        assert_true(vd_bytes_equal(vd_bytes_of(out, len), small));
        assert_true(short_uid_matches(small, uid));
        assert_true(short_uid_matches(uid, uid));
        for (size_t j = 0; j < sizeof UIDS / sizeof *UIDS; j++)
            assert_int_equal(short_uid_matches(small, vd_bytes_str(UIDS[j].uid)), i == j);
    }
}

static void test_what_it_does_not_stand_for(void **state)
{
    static const char *const wrong[] = {
        "",
        "-",
        "0b44f5c0",
        "0b44f5c0-",
        "0b4-4711",
        "0b44f5c1-4711",
        "0b44f5c0-471",
        "0b44f5c0-47112",
        "0B44F5C0-4711",
        "0b44f5c0-4711-",
        "-0b44f5c0-4711",
        "0b44f5c0--4711",
        "finding-0b44f5c0",
        "0b44f5c0a1d84fd8a5ce63d4c9ab1d6e0-4711",
    };
    struct vd_bytes uid = vd_bytes_str(UIDS[0].uid);
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(short_uid_matches(vd_bytes_str(wrong[i]), uid));
    assert_true(short_uid_matches(vd_bytes_str("0b44-4711"), uid));
    /* A word of digits that is not long is the whole word. */
    assert_false(short_uid_matches(vd_bytes_str("abcd-1"), vd_bytes_str("abcdef-1")));
    assert_false(short_uid_matches(vd_bytes_str("x"), (struct vd_bytes){0}));
}

static void test_what_it_begins_with(void **state)
{
    static const char *const begins[][2] = {
        {"0b44f5c0-4711", "0b44f5c0"},
        {"silence-01234567-1795377600", "silence-01234567"},
        {"somebody-else's", "somebody-else's"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        assert_true(vd_bytes_equal(short_uid_begin(vd_bytes_str(begins[i][0])), vd_bytes_str(begins[i][1])));
}

static void test_whatever_its_length_it_is_cut(void **state)
{
    char out[SHORT_UID_BYTES], uid[256];
    (void)state;
    memset(uid, 'z', sizeof uid);
    assert_int_equal(short_uid_write(vd_bytes_of(uid, sizeof uid), out), SHORT_UID_BYTES);
    memset(uid, '-', sizeof uid);
    assert_int_equal(short_uid_write(vd_bytes_of(uid, sizeof uid), out), SHORT_UID_BYTES);
    uid[SHORT_UID_BYTES - 1] = 'z';
    assert_int_equal(short_uid_write(vd_bytes_of(uid, SHORT_UID_BYTES), out), SHORT_UID_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_understood),
        cmocka_unit_test(test_what_it_does_not_stand_for),
        cmocka_unit_test(test_what_it_begins_with),
        cmocka_unit_test(test_whatever_its_length_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
