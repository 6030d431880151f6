/* One frame: its header's checks, and a payload there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/frame.h>
#include <vedette/memory.h>

enum { BATCH_MAX = 100000 };

static void header_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t in[VD_FRAME_HEADER_BYTES];
        int rc;
    } cases[] = {
        {"a PING of 2", {1, 5, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}, 0},
        {"an empty PONG", {1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
        {"a HELLO of just 4096", {1, 1, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0}, 0},
        {"a HELLO of 4097", {1, 1, 0, 0, 0, 0, 0x10, 1, 0, 0, 0x10, 1}, VD_ELIMIT},
        {"a BATCH of just 100000", {1, 3, 0, 0, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0}, 0},
        {"a BATCH of 100001", {1, 3, 0, 0, 0, 1, 0x86, 0xa1, 0, 1, 0x86, 0xa1}, VD_ELIMIT},
        {"4 GiB, plain", {1, 3, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, VD_ELIMIT},
        {"4 GiB, packed", {1, 3, 0, 1, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff}, VD_ELIMIT},
        {"4 GiB stored", {1, 3, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0}, VD_EMALFORMED},
        {"version 0", {0, 5, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EUNSUPPORTED},
        {"version 2", {2, 5, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EUNSUPPORTED},
        {"a TLS record", {0x16, 3, 1, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EUNSUPPORTED},
        {"type 0", {1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EMALFORMED},
        {"type 9", {1, 9, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EMALFORMED},
        {"an unknown flag", {1, 3, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EMALFORMED},
        {"an unknown high flag", {1, 3, 0x80, 0, 0, 0, 0, 2, 0, 0, 0, 2}, VD_EMALFORMED},
        {"a packed HELLO", {1, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9}, VD_EMALFORMED},
        {"plain lengths that differ", {1, 3, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3}, VD_EMALFORMED},
        {"packed and no smaller", {1, 3, 0, 1, 0, 0, 0, 9, 0, 0, 0, 9}, VD_EMALFORMED},
        {"packed and empty", {1, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9}, VD_EMALFORMED},
        {"packed 255 to 1", {1, 3, 0, 1, 0, 0, 0, 4, 0, 0, 3, 0xfc}, 0},
        {"more than LZ4 can be packed", {1, 3, 0, 1, 0, 0, 0, 4, 0, 0, 3, 0xfd}, VD_EMALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_frame_header header;
        int rc = vd_frame_header_read(&header, cases[i].in, BATCH_MAX);
        if (rc != cases[i].rc)
            fail_msg("%s: %d", cases[i].what, rc);
    }
}

/* Writes, then reads back with the calls for one frame. */
static void there_and_back(enum vd_frame_type type, struct vd_bytes raw, bool packed)
{
    struct vd_buffer out;
    vd_buffer_init(&out, 2 * VD_FRAME_BATCH_MAX_BYTES);
    assert_int_equal(vd_frame_write(&out, type, raw), 0);
    struct vd_bytes frame = vd_buffer_bytes(&out);
    struct vd_frame_header header;
    assert_int_equal(vd_frame_header_read(&header, frame.data, VD_FRAME_BATCH_MAX_BYTES), 0);
    assert_int_equal(header.type, type);
    assert_int_equal(header.raw_bytes, raw.len);
    assert_int_equal(header.flags, packed ? VD_FRAME_FLAG_LZ4 : 0);
    struct vd_bytes stored =
        vd_bytes_of(frame.data + VD_FRAME_HEADER_BYTES, frame.len - VD_FRAME_HEADER_BYTES);
    assert_int_equal(header.stored_bytes, stored.len);
    uint8_t *back = test_malloc(raw.len + 1);
    assert_int_equal(vd_frame_payload_read(&header, stored, back), 0);
    assert_true(vd_bytes_equal(vd_bytes_of(back, raw.len), raw));
    test_free(back);
    vd_buffer_deinit(&out);
}

static void payloads_there_and_back(void **state)
{
    (void)state;
    static uint8_t same[VD_FRAME_BATCH_MAX_BYTES], mixed[5000];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof mixed; i++)
        mixed[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    there_and_back(VD_FRAME_PING, (struct vd_bytes){0}, false);
    there_and_back(VD_FRAME_HELLO, vd_bytes_of(same, VD_FRAME_CONTROL_MAX_BYTES), false);
    there_and_back(VD_FRAME_BATCH, vd_bytes_of("x", 1), false);
    there_and_back(VD_FRAME_BATCH, vd_bytes_of(same, sizeof same), true);
    there_and_back(VD_FRAME_BATCH, vd_bytes_of(mixed, sizeof mixed), false);
    /* Again, after a compression that failed and with the table of the last one. */
    there_and_back(VD_FRAME_BATCH, vd_bytes_of(same, 60000), true);
    there_and_back(VD_FRAME_BATCH, vd_bytes_of(same, 60000), true);
}

static void a_block_stands_alone(void **state)
{
    (void)state;
    /* The same bytes twice: were the second block to point into the first, another reader could not read it.
     */
    uint8_t raw[4096];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(i * i >> 5);
    struct vd_buffer first, second;
    vd_buffer_init(&first, 1 << 16);
    vd_buffer_init(&second, 1 << 16);
    assert_int_equal(vd_frame_write(&first, VD_FRAME_BATCH, vd_bytes_of(raw, sizeof raw)), 0);
    assert_int_equal(vd_frame_write(&second, VD_FRAME_BATCH, vd_bytes_of(raw, sizeof raw)), 0);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&first), vd_buffer_bytes(&second)));
    vd_buffer_deinit(&first);
    vd_buffer_deinit(&second);
}

static void write_keeps_its_limits(void **state)
{
    (void)state;
    static uint8_t big[VD_FRAME_BATCH_MAX_BYTES + 1];
    struct vd_buffer out;
    vd_buffer_init(&out, 1000);
    assert_int_equal(vd_buffer_append_str(&out, "before"), 0);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_BATCH, vd_bytes_of(big, sizeof big)), VD_ELIMIT);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_HELLO, vd_bytes_of(big, VD_FRAME_CONTROL_MAX_BYTES + 1)),
                     VD_ELIMIT);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_HELLO, vd_bytes_of(big, 1000)), VD_ELIMIT);
    vd_memory_fail_at(1);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_HELLO, vd_bytes_of(big, 900)), VD_ENOMEM);
    vd_memory_fail_at(0);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&out), vd_bytes_str("before")));
    vd_buffer_deinit(&out);
}

/* LZ4 by hand: a token of 1 literal and a match of 4 + 15 + extra, an offset of 1, then 5 literals. */
static void lengths_that_lie_are_malformed(void **state)
{
    (void)state;
    static const uint8_t block[] = {0x1f, 'a', 1, 0, 10, 0x50, 'b', 'c', 'd', 'e', 'f'};
    const uint32_t true_length = 1 + 4 + 15 + 10 + 5;
    uint8_t raw[64];
    for (uint32_t said = 0; said < sizeof raw; said++) {
        struct vd_frame_header header = {
            .flags = VD_FRAME_FLAG_LZ4, .stored_bytes = sizeof block, .raw_bytes = said};
        int rc = vd_frame_payload_read(&header, vd_bytes_of(block, sizeof block), raw);
        assert_int_equal(rc, said == true_length ? 0 : VD_EMALFORMED);
    }
    struct vd_frame_header header = {.stored_bytes = 11, .raw_bytes = 12};
    assert_int_equal(vd_frame_payload_read(&header, vd_bytes_of(block, 11), raw), VD_EMALFORMED);
    assert_int_equal(vd_frame_payload_read(&header, vd_bytes_of(block, 10), raw), VD_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_checked),
        cmocka_unit_test(payloads_there_and_back),
        cmocka_unit_test(a_block_stands_alone),
        cmocka_unit_test(write_keeps_its_limits),
        cmocka_unit_test(lengths_that_lie_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
