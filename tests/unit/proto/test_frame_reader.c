/* A byte stream into frames: every split gives the same frames; a violation sticks; memory stays charged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/frame.h>
#include <vedette/memory.h>

enum { BATCH_MAX = 256 * 1024, TRANSCRIPT_MAX = 4096, BIG = 200 * 1024 };

/* What the sink saw: a type, a length and the payload's sum, a frame. */
struct transcript {
    uint32_t lines[64];
    size_t count;
    int stop_at; /* the frame at which the sink says stop; 0: never */
    bool holds;  /* it says hold at each */
};

static int note(void *arg, enum vd_frame_type type, struct vd_bytes payload)
{
    struct transcript *t = arg;
    uint32_t sum = (uint32_t)type * 31 + (uint32_t)payload.len;
    for (size_t i = 0; i < payload.len; i++)
        sum = sum * 31 + payload.data[i];
    t->lines[t->count++] = sum;
    if ((int)t->count == t->stop_at)
        return VD_EPROTOCOL;
    return t->holds ? VD_FRAME_HOLD : 0;
}

static void conversation_make(struct vd_buffer *out)
{
    uint8_t text[300] = {0};
    vd_buffer_init(out, TRANSCRIPT_MAX);
    assert_int_equal(vd_frame_write(out, VD_FRAME_HELLO, vd_bytes_str("hello")), 0);
    assert_int_equal(vd_frame_write(out, VD_FRAME_PING, (struct vd_bytes){0}), 0);
    assert_int_equal(vd_frame_write(out, VD_FRAME_BATCH, vd_bytes_of(text, sizeof text)), 0);
    assert_int_equal(vd_frame_write(out, VD_FRAME_BATCH, vd_bytes_str("incompressible")), 0);
    assert_int_equal(vd_frame_write(out, VD_FRAME_PONG, (struct vd_bytes){0}), 0);
    assert_int_equal(vd_frame_write(out, VD_FRAME_GOODBYE, vd_bytes_str("bye")), 0);
}

/* Feeds [0,a) [a,b) [b,end). */
static int feed_split(struct vd_bytes all, size_t a, size_t b, struct transcript *seen)
{
    struct vd_frame_reader r;
    vd_frame_reader_init(&r, BATCH_MAX);
    r.batch_allowed = true;
    int rc = vd_frame_reader_feed(&r, vd_bytes_of(all.data, a), note, seen);
    if (rc == 0)
        rc = vd_frame_reader_feed(&r, vd_bytes_of(all.data + a, b - a), note, seen);
    if (rc == 0)
        rc = vd_frame_reader_feed(&r, vd_bytes_of(all.data + b, all.len - b), note, seen);
    if (rc == 0)
        assert_false(vd_frame_reader_midway(&r));
    vd_frame_reader_deinit(&r);
    return rc;
}

static void every_split_is_the_same(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript whole = {0};
    conversation_make(&out);
    struct vd_bytes all = vd_buffer_bytes(&out);
    assert_int_equal(feed_split(all, all.len, all.len, &whole), 0);
    assert_int_equal(whole.count, 6);
    for (size_t a = 0; a <= all.len; a++)
        for (size_t b = a; b <= all.len; b++) {
            struct transcript seen = {0};
            assert_int_equal(feed_split(all, a, b, &seen), 0);
            assert_memory_equal(&seen, &whole, sizeof whole);
        }
    vd_buffer_deinit(&out);
}

static void byte_by_byte_and_midway(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript seen = {0};
    struct vd_frame_reader r;
    conversation_make(&out);
    vd_frame_reader_init(&r, BATCH_MAX);
    r.batch_allowed = true;
    struct vd_bytes all = vd_buffer_bytes(&out);
    for (size_t i = 0; i < all.len; i++) {
        size_t before = seen.count;
        assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data + i, 1), note, &seen), 0);
        /* Midway exactly until a frame has come out. */
        assert_int_equal(vd_frame_reader_midway(&r), seen.count == before);
    }
    assert_int_equal(seen.count, 6);
    vd_frame_reader_deinit(&r);
    vd_buffer_deinit(&out);
}

/* One frame at a time, whatever comes meanwhile, and in the order in which they came. */
static void a_hold_keeps_what_follows(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript whole = {0}, seen = {.holds = true};
    struct vd_frame_reader r;
    conversation_make(&out);
    struct vd_bytes all = vd_buffer_bytes(&out);
    assert_int_equal(feed_split(all, all.len, all.len, &whole), 0);
    vd_frame_reader_init(&r, BATCH_MAX);
    r.batch_allowed = true;
    size_t half = all.len / 2;
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data, half), note, &seen), 0);
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data + half, all.len - half), note, &seen), 0);
    for (size_t i = 1; i < whole.count; i++) {
        assert_int_equal(seen.count, i);
        assert_true(vd_frame_reader_held_bytes(&r) > 0);
        assert_int_equal(vd_frame_reader_go_on(&r, note, &seen), 0);
    }
    assert_memory_equal(seen.lines, whole.lines, sizeof whole.lines);
    assert_int_equal(vd_frame_reader_go_on(&r, note, &seen), 0);
    assert_int_equal(seen.count, whole.count);
    assert_false(r.on_hold);
    vd_frame_reader_deinit(&r);
    vd_buffer_deinit(&out);
}

/* Whoever holds stops reading as well: more than a few reads are not kept. */
static void a_hold_is_bounded(void **state)
{
    (void)state;
    static const uint8_t noise[64 * 1024];
    static const uint8_t ping[VD_FRAME_HEADER_BYTES] = {1, 5};
    struct transcript seen = {.holds = true};
    struct vd_frame_reader r;
    vd_frame_reader_init(&r, BATCH_MAX);
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(ping, sizeof ping), note, &seen), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(noise, sizeof noise), note, &seen), 0);
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(noise, 1), note, &seen), VD_ELIMIT);
    assert_int_equal(vd_frame_reader_go_on(&r, note, &seen), VD_ELIMIT);
    assert_int_equal(seen.count, 1);
    vd_frame_reader_deinit(&r);
}

static void violations_stick(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t in[VD_FRAME_HEADER_BYTES + 4];
        int rc;
    } cases[] = {
        {"4 GiB announced", {1, 3, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, VD_ELIMIT},
        {"an unknown version", {9, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, VD_EUNSUPPORTED},
        {"an unknown type", {1, 99, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, VD_EMALFORMED},
        {"a BATCH before its time", {1, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}, VD_EMALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_frame_reader r;
        struct transcript seen = {0};
        vd_frame_reader_init(&r, BATCH_MAX);
        struct vd_bytes in = vd_bytes_of(cases[i].in, sizeof cases[i].in);
        if (vd_frame_reader_feed(&r, in, note, &seen) != cases[i].rc)
            fail_msg("%s: %d", cases[i].what, r.failed);
        static const uint8_t ping[VD_FRAME_HEADER_BYTES] = {1, 5};
        assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(ping, sizeof ping), note, &seen), cases[i].rc);
        assert_int_equal(seen.count, 0);
        assert_int_equal(vd_frame_reader_held_bytes(&r), 0);
        vd_frame_reader_deinit(&r);
    }
}

static void the_sinks_no_sticks(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript seen = {.stop_at = 2};
    conversation_make(&out);
    struct vd_bytes all = vd_buffer_bytes(&out);
    assert_int_equal(feed_split(all, all.len, all.len, &seen), VD_EPROTOCOL);
    assert_int_equal(seen.count, 2);
    vd_buffer_deinit(&out);
}

/* A frame of BIG bytes that are hardly smaller in LZ4. */
static void big_make(struct vd_buffer *out)
{
    static uint8_t raw[BIG];
    uint32_t x = 7;
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = i % 8 == 0 ? 'z' : (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    for (size_t i = 1; i < sizeof raw / 2; i++)
        raw[sizeof raw / 2 + i] = raw[i];
    vd_buffer_init(out, 2 * BIG);
    assert_int_equal(vd_frame_write(out, VD_FRAME_BATCH, vd_bytes_of(raw, sizeof raw)), 0);
}

static void memory_grows_with_what_came_and_is_given_back(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript seen = {0};
    struct vd_frame_reader r;
    big_make(&out);
    vd_frame_reader_init(&r, BATCH_MAX);
    r.batch_allowed = true;
    struct vd_bytes all = vd_buffer_bytes(&out);
    for (size_t at = 0; at < all.len; at += 4096) {
        size_t len = all.len - at < 4096 ? all.len - at : 4096;
        assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data + at, len), note, &seen), 0);
        assert_true(vd_frame_reader_held_bytes(&r) <= 2 * (at + len) + 4096);
    }
    assert_int_equal(seen.count, 1);
    assert_int_equal(vd_frame_reader_held_bytes(&r), 0);
    vd_frame_reader_deinit(&r);
    vd_buffer_deinit(&out);
}

static void a_reader_at_rest_holds_nothing_but_what_is_midway(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct transcript seen = {0};
    struct vd_frame_reader r;
    static const uint8_t raw[1000]; /* small enough to be kept for the next frame */
    vd_buffer_init(&out, BIG);
    assert_int_equal(vd_frame_write(&out, VD_FRAME_BATCH, vd_bytes_of(raw, sizeof raw)), 0);
    struct vd_bytes all = vd_buffer_bytes(&out);
    vd_frame_reader_init(&r, BATCH_MAX);
    r.batch_allowed = true;
    assert_int_equal(vd_frame_reader_feed(&r, all, note, &seen), 0);
    assert_true(vd_frame_reader_held_bytes(&r) > 0);
    vd_frame_reader_rest(&r);
    assert_int_equal(vd_frame_reader_held_bytes(&r), 0);
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data, all.len - 1), note, &seen), 0);
    vd_frame_reader_rest(&r);
    assert_true(vd_frame_reader_held_bytes(&r) > 0);
    assert_int_equal(vd_frame_reader_feed(&r, vd_bytes_of(all.data + all.len - 1, 1), note, &seen), 0);
    assert_int_equal(seen.count, 2);
    vd_frame_reader_deinit(&r);
    vd_buffer_deinit(&out);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    struct vd_buffer out;
    big_make(&out);
    struct vd_bytes all = vd_buffer_bytes(&out);
    size_t n = 0;
    int rc;
    do {
        struct transcript seen = {0};
        vd_memory_fail_at(++n);
        rc = feed_split(all, all.len / 3, all.len / 2, &seen);
        vd_memory_fail_at(0);
        assert_true(rc == 0 || rc == VD_ENOMEM);
        assert_int_equal(seen.count, rc == 0 ? 1 : 0);
    } while (rc != 0);
    assert_true(n > 2);
    vd_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_is_the_same),
        cmocka_unit_test(byte_by_byte_and_midway),
        cmocka_unit_test(a_hold_keeps_what_follows),
        cmocka_unit_test(a_hold_is_bounded),
        cmocka_unit_test(violations_stick),
        cmocka_unit_test(the_sinks_no_sticks),
        cmocka_unit_test(memory_grows_with_what_came_and_is_given_back),
        cmocka_unit_test(a_reader_at_rest_holds_nothing_but_what_is_midway),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
