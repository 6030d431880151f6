/* The view says what protobuf-c's unpack says (of the event in one piece: event_flatten.h), on random events
 * and on the corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_flatten.h>
#include <vedette/event_view.h>

#include "event_random.h"
#include "literal.h"

static void text_is(struct vd_bytes view, const char *text)
{
    assert_true(vd_bytes_equal(view, vd_bytes_str(text)));
}

/* Times that no clock shows are read as 0. */
static int64_t believed(int64_t ms)
{
    return ms >= 0 && ms <= INT64_C(1) << 53 ? ms : 0;
}

static void scalars_agree(const struct vd_event_view *view, const Vedette__V1__Event *event)
{
    assert_int_equal(view->class_uid, event->class_uid);
    assert_int_equal(view->activity_id, event->activity_id);
    assert_int_equal(view->severity_id, event->severity_id);
    assert_int_equal(view->status_id, event->status_id);
    assert_int_equal(view->count, event->count);
    assert_int_equal(view->risk_score, event->risk_score);
    assert_int_equal(view->risk_level_id, event->risk_level_id);
    assert_int_equal(view->time_ms, believed(event->time));
    text_is(view->message, event->message);
    text_is(view->risk_details, event->risk_details);
}

static const char *user_name(const Vedette__V1__Event *event)
{
    if (event->user != NULL && event->user->name[0] != '\0')
        return event->user->name;
    return event->actor != NULL && event->actor->user != NULL ? event->actor->user->name : "";
}

static void objects_agree(const struct vd_event_view *view, const Vedette__V1__Event *event)
{
    const Vedette__V1__Metadata *metadata = event->metadata;
    const Vedette__V1__Device *device = event->device;
    const Vedette__V1__Process *process = event->process;
    text_is(view->uid, metadata != NULL ? metadata->uid : "");
    text_is(view->tenant_uid, metadata != NULL ? metadata->tenant_uid : "");
    text_is(view->stream_uid, metadata != NULL ? metadata->stream_uid : "");
    text_is(view->event_code, metadata != NULL ? metadata->event_code : "");
    assert_int_equal(view->sequence, metadata != NULL ? metadata->sequence : 0);
    assert_int_equal(view->processed_ms, metadata != NULL ? believed(metadata->processed_time) : 0);
    text_is(view->device_uid, device != NULL ? device->uid : "");
    text_is(view->device_hostname, device != NULL ? device->hostname : "");
    text_is(view->process_name, process != NULL ? process->name : "");
    text_is(view->process_path, process != NULL && process->file != NULL ? process->file->path : "");
    text_is(view->src_ip, event->src_endpoint != NULL ? event->src_endpoint->ip : "");
    text_is(view->dst_ip, event->dst_endpoint != NULL ? event->dst_endpoint->ip : "");
    assert_int_equal(view->dst_port, event->dst_endpoint != NULL ? (uint32_t)event->dst_endpoint->port : 0);
    text_is(view->finding_uid, event->finding_info != NULL ? event->finding_info->uid : "");
    text_is(view->user_name, user_name(event));
}

static void agrees_with_unpack(void **state)
{
    (void)state;
    struct vd_random random = {.state = 2026};
    uint8_t bytes[EVENT_RANDOM_MAX_BYTES];
    struct vd_arena arena;
    vd_arena_init(&arena, 1 << 16, 1 << 20);
    for (int i = 0; i < 20000; i++) {
        size_t len = event_random(&random, NULL, bytes);
        struct vd_bytes flat;
        assert_int_equal(vd_event_flatten(vd_bytes_of(bytes, len), &arena, &flat), 0);
        Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, flat.len, flat.data);
        struct vd_event_view view;
        assert_non_null(event);
        assert_int_equal(vd_event_view_read(&view, vd_bytes_of(bytes, len)), 0);
        scalars_agree(&view, event);
        objects_agree(&view, event);
        vedette__v1__event__free_unpacked(event, NULL);
        vd_arena_reset(&arena);
    }
    vd_arena_deinit(&arena);
}

/* Every beginning of an event, in memory of just that size: no read beyond it (the sanitizer watches). */
static void every_beginning_is_safe(void **state)
{
    (void)state;
    struct vd_random random = {.state = 7};
    uint8_t bytes[EVENT_RANDOM_MAX_BYTES];
    for (int i = 0; i < 20; i++) {
        size_t len = event_random(&random, NULL, bytes);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = test_malloc(cut + 1);
            struct vd_event_view view;
            memcpy(exact + 1, bytes, cut);
            int rc = vd_event_view_read(&view, vd_bytes_of(exact + 1, cut));
            assert_true(rc == 0 || rc == VD_EMALFORMED);
            test_free(exact);
        }
    }
}

static void malformed_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct vd_bytes bytes;
    } cases[] = {
        {"cut off", BYTES("\x08")},
        {"class as bytes", BYTES("\x0a\x01x")},
        {"time as fixed64", BYTES("\x29"
                                  "12345678")},
        {"metadata as a varint", BYTES("\x30\x01")},
        {"message as a varint", BYTES("\x78\x01")},
        {"metadata.uid as a varint", BYTES("\x32\x02\x08\x01")},
        {"metadata.sequence as bytes", BYTES("\x32\x03\x52\x01x")},
        {"metadata malformed inside", BYTES("\x32\x01\x08")},
        {"device.hostname as a varint", BYTES("\x3a\x02\x10\x01")},
        {"actor.user as a varint", BYTES("\x42\x02\x10\x01")},
        {"actor.user.name as a varint", BYTES("\x42\x04\x12\x02\x08\x01")},
        {"actor.user cut off inside", BYTES("\x42\x03\x12\x01\x0a")},
        {"process.file as a varint", BYTES("\x4a\x02\x28\x01")},
        {"user.name as a varint", BYTES("\x5a\x02\x08\x01")},
        {"dst_endpoint.port as bytes", BYTES("\x6a\x03\x12\x01x")},
        {"finding_info.uid as a varint", BYTES("\xe2\x03\x02\x08\x01")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_event_view view;
        if (vd_event_view_read(&view, cases[i].bytes) != VD_EMALFORMED)
            fail_msg("taken: %s", cases[i].what);
    }
}

static void unknown_fields_are_stepped_over(void **state)
{
    (void)state;
    struct vd_event_view view;
    assert_int_equal(vd_event_view_read(&view, BYTES("\xc0\x3e\x07\x08\x05\xcd\x3e"
                                                     "1234"
                                                     "\x5a\x04\x0a\x02"
                                                     "me")),
                     0);
    assert_int_equal(view.class_uid, 5);
    text_is(view.user_name, "me");
}

static void the_last_word_wins_even_if_empty(void **state)
{
    (void)state;
    struct vd_event_view view;
    /* user {name "me"} user {name ""} actor {user {name "root"}} */
    struct vd_bytes event = BYTES("\x5a\x04\x0a\x02me\x5a\x02\x0a\x00\x42\x08\x12\x06\x0a\x04root");
    assert_int_equal(vd_event_view_read(&view, event), 0);
    text_is(view.user_name, "root");
}

static void time_is(int64_t time, int64_t read)
{
    uint8_t bytes[64];
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    Vedette__V1__Metadata metadata = VEDETTE__V1__METADATA__INIT;
    struct vd_event_view view;
    event.metadata = &metadata;
    event.time = metadata.processed_time = time;
    assert_true(vedette__v1__event__get_packed_size(&event) <= sizeof bytes);
    size_t len = vedette__v1__event__pack(&event, bytes);
    assert_int_equal(vd_event_view_read(&view, vd_bytes_of(bytes, len)), 0);
    assert_int_equal(view.time_ms, read);
    assert_int_equal(view.processed_ms, read);
}

/* Readers add to them and take them from one another. */
static void times_near_the_ends_are_none(void **state)
{
    (void)state;
    time_is(1795377600000, 1795377600000);
    time_is(INT64_MAX, 0);
    time_is(INT64_MIN, 0);
    time_is(-1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_unpack),
        cmocka_unit_test(times_near_the_ends_are_none),
        cmocka_unit_test(every_beginning_is_safe),
        cmocka_unit_test(malformed_is_said),
        cmocka_unit_test(unknown_fields_are_stepped_over),
        cmocka_unit_test(the_last_word_wins_even_if_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
