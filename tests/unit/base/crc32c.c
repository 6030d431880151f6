/* CRC32C against RFC 3720 (B.4), and piece by piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/crc32c.h>

static void known_answers(void **state)
{
    (void)state;
    uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
    static const uint8_t READ_10[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                        0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                        0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
    memset(ones, 0xff, sizeof ones);
    for (size_t i = 0; i < sizeof up; i++) {
        up[i] = (uint8_t)i;
        down[i] = (uint8_t)(31 - i);
    }
    assert_int_equal(vd_crc32c(0, vd_bytes_of(zeros, 32)), 0x8a9136aa);
    assert_int_equal(vd_crc32c(0, vd_bytes_of(ones, 32)), 0x62a8ab43);
    assert_int_equal(vd_crc32c(0, vd_bytes_of(up, 32)), 0x46dd794e);
    assert_int_equal(vd_crc32c(0, vd_bytes_of(down, 32)), 0x113fdb5c);
    assert_int_equal(vd_crc32c(0, vd_bytes_of(READ_10, 48)), 0xd9963a56);
    assert_int_equal(vd_crc32c(0, vd_bytes_str("123456789")), 0xe3069283);
    assert_int_equal(vd_crc32c(0, vd_bytes_of(NULL, 0)), 0);
}

/* Every length, every split, with and without the processor's instruction. */
static void pieces_and_tables_agree(void **state)
{
    (void)state;
    uint8_t bytes[70];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        uint32_t whole = vd_crc32c(0, vd_bytes_of(bytes, len));
        assert_int_equal(vd_crc32c_by_table(0, vd_bytes_of(bytes, len)), whole);
        for (size_t at = 0; at <= len; at++) {
            uint32_t first = vd_crc32c(0, vd_bytes_of(bytes, at));
            assert_int_equal(vd_crc32c(first, vd_bytes_of(bytes + at, len - at)), whole);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(pieces_and_tables_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
