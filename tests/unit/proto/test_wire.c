/* The wire cursor and the wire writers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/wire.h>

#include "literal.h"

static void varints_there_and_back(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,         1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_C(1) << 63,
                                      UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        uint8_t bytes[VD_WIRE_VARINT_MAX_BYTES];
        uint64_t back = 42;
        uint8_t *end = vd_wire_put_varint(bytes, values[i]);
        assert_ptr_equal(vd_wire_varint(bytes, end, VD_WIRE_VARINT_MAX_BYTES, &back), end);
        assert_int_equal(back, values[i]);
        /* Cut off anywhere, it is none. */
        for (const uint8_t *cut = bytes; cut < end; cut++)
            assert_null(vd_wire_varint(bytes, cut, VD_WIRE_VARINT_MAX_BYTES, &back));
    }
}

static void fields_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[64], *end = bytes;
    end = vd_wire_put_uint(end, 1, 300);
    end = vd_wire_put_uint(end, 2, 0);
    end = vd_wire_put_bytes(end, 3, BYTES("abc"));
    end = vd_wire_put_double(end, (1u << 29) - 1, 0.5);
    end = vd_wire_put_double(end, 5, 0);
    end = vd_wire_put_bytes(end, 6, (struct vd_bytes){0});
    struct vd_wire w = vd_wire_of(vd_bytes_of(bytes, (size_t)(end - bytes)));
    struct vd_wire_field field;
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 300);
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.number, 3);
    assert_true(vd_bytes_equal(field.bytes, BYTES("abc")));
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.number, (1u << 29) - 1);
    assert_int_equal(field.type, VD_WIRE_FIXED64);
    assert_int_equal(field.value, UINT64_C(0x3fe0000000000000));
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.number, 6);
    assert_int_equal(field.bytes.len, 0);
    assert_false(vd_wire_next(&w, &field));
    assert_false(w.bad);
}

static void malformed_is_sticky(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct vd_bytes bytes;
    } cases[] = {
        {"a tag cut off", BYTES("\x80")},
        {"no value", BYTES("\x08")},
        {"a value cut off", BYTES("\x08\xff")},
        {"field number 0", BYTES("\x00\x01")},
        {"field number 0, long", BYTES("\x80\x00\x01")},
        {"a tag over 32 bits", BYTES("\x88\x80\x80\x80\x10\x01")},
        {"a tag of six bytes", BYTES("\x88\x80\x80\x80\x80\x00\x01")},
        {"a group", BYTES("\x0b\x0c")},
        {"wire type 6", BYTES("\x0e\x00")},
        {"wire type 7", BYTES("\x0f\x00")},
        {"a varint of eleven bytes", BYTES("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00")},
        {"a varint over 64 bits", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")},
        {"bytes cut off", BYTES("\x0a\x02x")},
        {"a length of six bytes", BYTES("\x0a\x80\x80\x80\x80\x80\x00")},
        {"a length of 4 GiB", BYTES("\x0a\xff\xff\xff\xff\x0f")},
        {"seven of eight fixed bytes", BYTES("\x09"
                                             "1234567")},
        {"three of four fixed bytes", BYTES("\x0d"
                                            "123")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_wire w = vd_wire_of(cases[i].bytes);
        struct vd_wire_field field;
        if (vd_wire_next(&w, &field) || !w.bad)
            fail_msg("taken: %s", cases[i].what);
        assert_false(vd_wire_next(&w, &field));
    }
}

static void the_longest_varint_and_odd_forms_are_taken(void **state)
{
    (void)state;
    /* A negative int32 takes ten bytes; encoders may pad a tag, a length or a value. */
    struct vd_wire w = vd_wire_of(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x92\x00\x81\x00x\x1d"
                                        "1234"));
    struct vd_wire_field field;
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal((int32_t)field.value, -1);
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.number, 2);
    assert_int_equal(field.bytes.len, 1);
    assert_true(vd_wire_next(&w, &field));
    assert_int_equal(field.type, VD_WIRE_FIXED32);
    assert_int_equal(field.value, 0x34333231);
    assert_false(vd_wire_next(&w, &field));
    assert_false(w.bad);
}

static void nothing_is_nothing(void **state)
{
    (void)state;
    struct vd_wire w = vd_wire_of((struct vd_bytes){0});
    struct vd_wire_field field;
    assert_false(vd_wire_next(&w, &field));
    assert_false(w.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_there_and_back),
        cmocka_unit_test(fields_there_and_back),
        cmocka_unit_test(malformed_is_sticky),
        cmocka_unit_test(the_longest_varint_and_odd_forms_are_taken),
        cmocka_unit_test(nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
