/* Events in pieces, joined: nothing is lost, and what is whole stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_flatten.h>
#include <vedette/memory.h>

#include "event_random.h"
#include "literal.h"

static void becomes(struct vd_bytes event, struct vd_bytes want)
{
    struct vd_arena arena;
    struct vd_bytes out;
    vd_arena_init(&arena, 4096, 4096);
    assert_int_equal(vd_event_flatten(event, &arena, &out), 0);
    assert_true(vd_bytes_equal(out, want));
    vd_arena_deinit(&arena);
}

static void pieces_are_joined(void **state)
{
    (void)state;
    becomes((struct vd_bytes){0}, (struct vd_bytes){0});
    /* metadata {8: 5} class 1, metadata {1: "u"} → metadata {8: 5, 1: "u"} class 1 */
    becomes(BYTES("\x32\x02\x40\x05\x08\x01\x32\x03\x0a\x01u"), BYTES("\x32\x05\x40\x05\x0a\x01u\x08\x01"));
    /* actor.user in pieces within one actor, and over two */
    becomes(BYTES("\x42\x08\x12\x02\x18\x01\x12\x02\x18\x02"), BYTES("\x42\x06\x12\x04\x18\x01\x18\x02"));
    becomes(BYTES("\x42\x04\x12\x02\x18\x01\x42\x04\x12\x02\x18\x02"),
            BYTES("\x42\x06\x12\x04\x18\x01\x18\x02"));
    /* repeated ones stay apart, and are joined inside: evidences {user {3: 1} user {3: 2}} */
    becomes(BYTES("\xf2\x03\x08\x1a\x02\x18\x01\x1a\x02\x18\x02\xf2\x03\x00"),
            BYTES("\xf2\x03\x06\x1a\x04\x18\x01\x18\x02\xf2\x03\x00"));
    /* map entries are repeated; unknown fields are kept */
    becomes(BYTES("\xc2\x01\x00\xc2\x01\x00\xc0\x3e\x01"), BYTES("\xc2\x01\x00\xc2\x01\x00\xc0\x3e\x01"));
    becomes(BYTES("\x3a\x00\xc0\x3e\x01\x3a\x00"), BYTES("\x3a\x00\xc0\x3e\x01"));
}

static void whole_events_are_not_copied(void **state)
{
    (void)state;
    struct vd_arena arena;
    struct vd_bytes event = BYTES("\x32\x02\x40\x05\x08\x01\x3a\x03\x0a\x01u"), out;
    vd_arena_init(&arena, 4096, 0);
    assert_int_equal(vd_event_flatten(event, &arena, &out), 0);
    assert_ptr_equal(out.data, event.data);
    vd_arena_deinit(&arena);
}

static void flat_is_flat(void **state)
{
    (void)state;
    struct vd_random random = {.state = 5};
    struct vd_arena arena;
    vd_arena_init(&arena, 1 << 16, 12 * (EVENT_RANDOM_MAX_BYTES + 1024));
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[EVENT_RANDOM_MAX_BYTES];
        struct vd_bytes event = vd_bytes_of(bytes, event_random(&random, NULL, bytes)), once, twice;
        assert_int_equal(vd_event_flatten(event, &arena, &once), 0);
        assert_true(once.len <= event.len);
        assert_int_equal(vd_event_flatten(once, &arena, &twice), 0);
        assert_ptr_equal(once.data, twice.data);
        vd_arena_reset(&arena);
    }
    vd_arena_deinit(&arena);
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    struct vd_arena arena;
    struct vd_bytes pieces = BYTES("\x32\x02\x40\x05\x32\x02\x40\x05"), out;
    vd_arena_init(&arena, 4096, 4096);
    assert_int_equal(vd_event_flatten(BYTES("\x32\x00\x32\x00\x08"), &arena, &out), VD_EMALFORMED);
    vd_arena_deinit(&arena);
    vd_arena_init(&arena, 4096, 4096);
    vd_memory_fail_at(1);
    assert_int_equal(vd_event_flatten(pieces, &arena, &out), VD_ELIMIT);
    vd_memory_fail_at(0);
    vd_arena_deinit(&arena);
    vd_arena_init(&arena, 16, 16);
    assert_int_equal(vd_event_flatten(pieces, &arena, &out), VD_ELIMIT);
    vd_arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(whole_events_are_not_copied),
        cmocka_unit_test(flat_is_flat),
        cmocka_unit_test(what_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
