/* The session's messages: ours read what protobuf-c wrote and the other way round, and refuse what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <session.pb-c.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/session.h>

#include "literal.h"

#define S16   "0123456789abcdef"
#define T16   "fedcba9876543210"
#define OFFER "\x22\x16\x0a\x10" S16 "\x10\x01\x18\x01"
#define X50   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X255  X50 X50 X50 X50 X50 "xxxxx"

/* One row of a reader's table. */
struct reading {
    const char *what;
    struct vd_bytes payload;
    int rc;
};

#define READINGS_HOLD(reader, type, rows)                                                                    \
    for (size_t row = 0; row < sizeof(rows) / sizeof *(rows); row++) {                                       \
        type out;                                                                                            \
        int rc = reader(&out, (rows)[row].payload);                                                          \
        if (rc != (rows)[row].rc)                                                                            \
            fail_msg("%s: %d", (rows)[row].what, rc);                                                        \
    }

/* The payload of the one frame in out, which must be of that type. */
static struct vd_bytes payload_of(const struct vd_buffer *out, enum vd_frame_type type)
{
    struct vd_bytes frame = vd_buffer_bytes(out);
    struct vd_frame_header header;
    assert_true(frame.len >= VD_FRAME_HEADER_BYTES);
    assert_int_equal(vd_frame_header_read(&header, frame.data, 0), 0);
    assert_int_equal(header.type, type);
    assert_int_equal(header.stored_bytes, frame.len - VD_FRAME_HEADER_BYTES);
    return vd_bytes_of(frame.data + VD_FRAME_HEADER_BYTES, header.stored_bytes);
}

static void hello_there_and_back(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct vd_hello hello = {.version_min = 1, .version_max = 3, .agent_version = "0.1.0", .stream_count = 8},
                    back;
    for (uint32_t i = 0; i < hello.stream_count; i++) {
        memset(hello.streams[i].stream, (int)i, VD_STREAM_BYTES);
        hello.streams[i].first = 1 + i;
        hello.streams[i].next = INT64_MAX;
    }
    vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
    assert_int_equal(vd_hello_write(&out, &hello), 0);
    struct vd_bytes payload = payload_of(&out, VD_FRAME_HELLO);
    assert_int_equal(vd_hello_read(&back, payload), 0);
    assert_memory_equal(&back, &hello, sizeof hello);
    Vedette__V1__Hello *peer = vedette__v1__hello__unpack(NULL, payload.len, payload.data);
    assert_int_equal(peer->version_max, 3);
    assert_string_equal(peer->agent_version, "0.1.0");
    assert_int_equal(peer->n_streams, 8);
    assert_memory_equal(peer->streams[7]->stream.data, hello.streams[7].stream, VD_STREAM_BYTES);
    assert_int_equal(peer->streams[7]->first, 8);
    assert_int_equal(peer->streams[7]->next, INT64_MAX);
    vedette__v1__hello__free_unpacked(peer, NULL);
    vd_buffer_deinit(&out);
}

static void hello_readings(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"the least", BYTES("\x08\x01\x10\x01" OFFER), 0},
        {"with a field of the future", BYTES("\x08\x01\x10\x02" OFFER "\x7a\x03new"), 0},
        {"a text of 255", BYTES("\x08\x01\x10\x01\x1a\xff\x01" X255 OFFER), 0},
        {"nothing", {0}, VD_EMALFORMED},
        {"cut off", BYTES("\x08\x01\x10\x01\x22\x16\x0a"), VD_EMALFORMED},
        {"no version", BYTES(OFFER), VD_EMALFORMED},
        {"versions the wrong way round", BYTES("\x08\x02\x10\x01" OFFER), VD_EMALFORMED},
        {"a version over 32 bits", BYTES("\x08\x80\x80\x80\x80\x10\x10\x01" OFFER), VD_EMALFORMED},
        {"a version as bytes", BYTES("\x0a\x01x\x10\x01" OFFER), VD_EMALFORMED},
        {"no stream", BYTES("\x08\x01\x10\x01"), VD_EMALFORMED},
        {"a stream of 15 bytes",
         BYTES("\x08\x01\x10\x01\x22\x15\x0a\x0f"
               "123456789012345"
               "\x10\x01\x18\x01"),
         VD_EMALFORMED},
        {"a stream without name", BYTES("\x08\x01\x10\x01\x22\x04\x10\x01\x18\x01"), VD_EMALFORMED},
        {"a stream as a varint", BYTES("\x08\x01\x10\x01\x20\x01"), VD_EMALFORMED},
        {"the same stream twice", BYTES("\x08\x01\x10\x01" OFFER OFFER), VD_EMALFORMED},
        {"first is 0", BYTES("\x08\x01\x10\x01\x22\x14\x0a\x10" S16 "\x18\x01"), VD_EMALFORMED},
        {"next before first", BYTES("\x08\x01\x10\x01\x22\x16\x0a\x10" S16 "\x10\x02\x18\x01"),
         VD_EMALFORMED},
        {"next over 63 bits",
         BYTES("\x08\x01\x10\x01\x22\x1f\x0a\x10" S16 "\x10\x01\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
         VD_EMALFORMED},
        {"an offer cut off inside", BYTES("\x08\x01\x10\x01\x22\x13\x0a\x10" S16 "\x10"), VD_EMALFORMED},
        {"a text of 256", BYTES("\x08\x01\x10\x01\x1a\x80\x02" X255 "x" OFFER), VD_ELIMIT},
        {"bad UTF-8", BYTES("\x08\x01\x10\x01\x1a\x01\xff" OFFER), VD_EMALFORMED},
        {"a NUL", BYTES("\x08\x01\x10\x01\x1a\x02x\x00" OFFER), VD_EMALFORMED},
    };
    READINGS_HOLD(vd_hello_read, struct vd_hello, rows)
}

static void nine_streams_are_too_many(void **state)
{
    (void)state;
    uint8_t bytes[4 + 9 * 24] = {8, 1, 16, 1};
    for (uint8_t i = 0; i < 9; i++) {
        uint8_t *offer = bytes + 4 + i * 24;
        memcpy(offer, OFFER, 24);
        offer[4] = i;
    }
    struct vd_hello hello;
    assert_int_equal(vd_hello_read(&hello, vd_bytes_of(bytes, 4 + 8 * 24)), 0);
    assert_int_equal(vd_hello_read(&hello, vd_bytes_of(bytes, sizeof bytes)), VD_ELIMIT);
}

static struct vd_welcome welcome_make(void)
{
    return (struct vd_welcome){
        .version = 1,
        .collector = "c1",
        .mark_count = 2,
        .marks = {{0, 5, 0}, {1, UINT64_MAX, UINT64_C(0xfedcba9876543210)}},
        .credit_limit_bytes = UINT64_C(1) << 40,
        .batch_max_bytes = VD_FRAME_BATCH_MAX_BYTES,
        .batch_max_events = VD_BATCH_EVENTS_MAX,
        .event_max_bytes = VD_EVENT_MAX_BYTES,
        .idle_timeout_ms = 60000,
    };
}

static void welcome_there_and_back(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct vd_welcome welcome = welcome_make(), back;
    vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
    assert_int_equal(vd_welcome_write(&out, &welcome), 0);
    struct vd_bytes payload = payload_of(&out, VD_FRAME_WELCOME);
    assert_int_equal(vd_welcome_read(&back, payload), 0);
    assert_memory_equal(&back, &welcome, sizeof welcome);
    Vedette__V1__Welcome *peer = vedette__v1__welcome__unpack(NULL, payload.len, payload.data);
    assert_string_equal(peer->collector, "c1");
    assert_int_equal(peer->n_marks, 2);
    assert_int_equal(peer->marks[1]->stream, 1);
    assert_int_equal(peer->marks[1]->mark, UINT64_MAX);
    assert_true(peer->marks[1]->chain == UINT64_C(0xfedcba9876543210));
    assert_int_equal(peer->credit_limit_bytes, UINT64_C(1) << 40);
    assert_int_equal(peer->batch_max_bytes, VD_FRAME_BATCH_MAX_BYTES);
    assert_int_equal(peer->batch_max_events, VD_BATCH_EVENTS_MAX);
    assert_int_equal(peer->event_max_bytes, VD_EVENT_MAX_BYTES);
    assert_int_equal(peer->idle_timeout_ms, 60000);
    vedette__v1__welcome__free_unpacked(peer, NULL);
    vd_buffer_deinit(&out);
}

#define LIMITS "\x28\x01\x30\x01\x38\x01\x40\x01"

static void welcome_readings(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"the least", BYTES("\x08\x01\x1a\x00" LIMITS), 0},
        {"two marks", BYTES("\x08\x01\x1a\x02\x10\x07\x1a\x02\x08\x01" LIMITS), 0},
        {"nothing", {0}, VD_EMALFORMED},
        {"cut off", BYTES("\x08\x01\x1a\x00\x28"), VD_EMALFORMED},
        {"no version", BYTES("\x1a\x00" LIMITS), VD_EMALFORMED},
        {"no mark", BYTES("\x08\x01" LIMITS), VD_EMALFORMED},
        {"marks out of order", BYTES("\x08\x01\x1a\x02\x08\x01\x1a\x00" LIMITS), VD_EMALFORMED},
        {"a mark of stream 8", BYTES("\x08\x01\x1a\x02\x08\x08" LIMITS), VD_EMALFORMED},
        {"a mark as a varint", BYTES("\x08\x01\x18\x00" LIMITS), VD_EMALFORMED},
        {"a mark cut off inside", BYTES("\x08\x01\x1a\x01\x08" LIMITS), VD_EMALFORMED},
        {"a mark's number as bytes", BYTES("\x08\x01\x1a\x03\x12\x01x" LIMITS), VD_EMALFORMED},
        {"a mark's chain", BYTES("\x08\x01\x1a\x09\x19\x01\x02\x03\x04\x05\x06\x07\x08" LIMITS), 0},
        {"a mark's chain as a varint", BYTES("\x08\x01\x1a\x02\x18\x01" LIMITS), VD_EMALFORMED},
        {"a mark's chain cut off", BYTES("\x08\x01\x1a\x03\x19\x01\x02" LIMITS), VD_EMALFORMED},
        {"nine marks",
         BYTES("\x08\x01\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00\x1a\x00" LIMITS),
         VD_ELIMIT},
        {"batches of 0 bytes", BYTES("\x08\x01\x1a\x00\x30\x01\x38\x01\x40\x01"), VD_EMALFORMED},
        {"batches of 0 events", BYTES("\x08\x01\x1a\x00\x28\x01\x38\x01\x40\x01"), VD_EMALFORMED},
        {"events of 0 bytes", BYTES("\x08\x01\x1a\x00\x28\x01\x30\x01\x40\x01"), VD_EMALFORMED},
        {"no idle timeout", BYTES("\x08\x01\x1a\x00\x28\x01\x30\x01\x38\x01"), VD_EMALFORMED},
        {"batches over 1 MiB", BYTES("\x08\x01\x1a\x00" LIMITS "\x28\x81\x80\x40"), VD_ELIMIT},
        {"batches of 8193 events", BYTES("\x08\x01\x1a\x00" LIMITS "\x30\x81\x40"), VD_ELIMIT},
        {"events over 256 KiB", BYTES("\x08\x01\x1a\x00" LIMITS "\x38\x81\x80\x10"), VD_ELIMIT},
        {"a collector's name that is no text", BYTES("\x08\x01\x12\x01\xc0\x1a\x00" LIMITS), VD_EMALFORMED},
        {"credit as bytes", BYTES("\x08\x01\x1a\x00\x22\x01x" LIMITS), VD_EMALFORMED},
    };
    READINGS_HOLD(vd_welcome_read, struct vd_welcome, rows)
}

static void ack_both(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"nothing moved", {0}, 0},
        {"cut off", BYTES("\x10"), VD_EMALFORMED},
        {"a mark of stream 8", BYTES("\x0a\x02\x08\x08"), VD_EMALFORMED},
        {"credit as bytes", BYTES("\x12\x01x"), VD_EMALFORMED},
        {"nine marks", BYTES("\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00"),
         VD_ELIMIT},
    };
    READINGS_HOLD(vd_ack_read, struct vd_ack, rows)
    struct vd_buffer out;
    struct vd_ack ack = {.mark_count = 8, .credit_limit_bytes = UINT64_MAX}, back;
    for (uint32_t i = 0; i < 8; i++)
        ack.marks[i] = (struct vd_stream_mark){7 - i, UINT64_MAX - i, UINT64_MAX};
    vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
    assert_int_equal(vd_ack_write(&out, &ack), 0);
    struct vd_bytes payload = payload_of(&out, VD_FRAME_ACK);
    assert_int_equal(vd_ack_read(&back, payload), 0);
    assert_memory_equal(&back, &ack, sizeof ack);
    Vedette__V1__Ack *peer = vedette__v1__ack__unpack(NULL, payload.len, payload.data);
    assert_int_equal(peer->n_marks, 8);
    assert_int_equal(peer->marks[7]->mark, UINT64_MAX - 7);
    vedette__v1__ack__free_unpacked(peer, NULL);
    vd_buffer_deinit(&out);
}

static void ping_both(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"0", {0}, 0},
        {"a field of the future", BYTES("\x12\x01x"), 0},
        {"cut off", BYTES("\x08"), VD_EMALFORMED},
        {"bytes", BYTES("\x0a\x01x"), VD_EMALFORMED},
    };
    READINGS_HOLD(vd_ping_read, uint64_t, rows)
    static const enum vd_frame_type types[] = {VD_FRAME_PING, VD_FRAME_PONG};
    for (size_t i = 0; i < 2; i++) {
        struct vd_buffer out;
        uint64_t back;
        vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
        assert_int_equal(vd_ping_write(&out, types[i], UINT64_MAX - i), 0);
        assert_int_equal(vd_ping_read(&back, payload_of(&out, types[i])), 0);
        assert_int_equal(back, UINT64_MAX - i);
        vd_buffer_deinit(&out);
    }
}

static void go_to_both(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"one",
         BYTES("\x0a\x03"
               "a:1"),
         0},
        {"none", BYTES("\x10\x01"), VD_EMALFORMED},
        {"cut off",
         BYTES("\x0a\x03"
               "a:"),
         VD_EMALFORMED},
        {"an empty one", BYTES("\x0a\x00"), VD_EMALFORMED},
        {"a varint", BYTES("\x08\x01"), VD_EMALFORMED},
        {"a NUL",
         BYTES("\x0a\x03"
               "a\x00"
               "1"),
         VD_EMALFORMED},
        {"a wait as bytes",
         BYTES("\x0a\x03"
               "a:1"
               "\x12\x01x"),
         VD_EMALFORMED},
        {"one of 256 bytes", BYTES("\x0a\x80\x02" X255 "x"), VD_ELIMIT},
        {"nine", BYTES("\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x\x0a\x01x"),
         VD_ELIMIT},
    };
    READINGS_HOLD(vd_go_to_read, struct vd_go_to, rows)
    struct vd_buffer out;
    static struct vd_go_to go_to = {.address_count = 8, .retry_after_ms = UINT32_MAX}, back;
    for (uint32_t i = 0; i < 8; i++)
        memset(go_to.addresses[i], 'a' + (int)i, VD_SESSION_TEXT_BYTES - 1);
    vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
    assert_int_equal(vd_go_to_write(&out, &go_to), 0);
    struct vd_bytes payload = payload_of(&out, VD_FRAME_GO_TO);
    assert_int_equal(vd_go_to_read(&back, payload), 0);
    assert_memory_equal(&back, &go_to, sizeof go_to);
    Vedette__V1__GoTo *peer = vedette__v1__go_to__unpack(NULL, payload.len, payload.data);
    assert_int_equal(peer->n_addresses, 8);
    assert_string_equal(peer->addresses[7], go_to.addresses[7]);
    assert_int_equal(peer->retry_after_ms, UINT32_MAX);
    vedette__v1__go_to__free_unpacked(peer, NULL);
    vd_buffer_deinit(&out);
}

static void goodbye_both(void **state)
{
    (void)state;
    static const struct reading rows[] = {
        {"nothing said", {0}, 0},
        {"a code of the future", BYTES("\x08\xe8\x07"), 0},
        {"a code over 32 bits", BYTES("\x08\x80\x80\x80\x80\x10"), VD_EMALFORMED},
        {"cut off", BYTES("\x08"), VD_EMALFORMED},
        {"a reason as a varint", BYTES("\x10\x01"), VD_EMALFORMED},
        {"a reason that is no text", BYTES("\x12\x01\xfe"), VD_EMALFORMED},
        {"a reason of 255", BYTES("\x12\xff\x01" X255), 0},
        {"a reason of 256", BYTES("\x12\x80\x02" X255 "x"), VD_ELIMIT},
        {"a wait as bytes", BYTES("\x1a\x01x"), VD_EMALFORMED},
    };
    READINGS_HOLD(vd_goodbye_read, struct vd_goodbye, rows)
    struct vd_buffer out;
    struct vd_goodbye goodbye = {.code = VD_GOODBYE_BUSY, .retry_after_ms = 5000, .reason = "come back"},
                      back;
    vd_buffer_init(&out, VD_FRAME_CONTROL_MAX_BYTES);
    assert_int_equal(vd_goodbye_write(&out, &goodbye), 0);
    struct vd_bytes payload = payload_of(&out, VD_FRAME_GOODBYE);
    assert_int_equal(vd_goodbye_read(&back, payload), 0);
    assert_memory_equal(&back, &goodbye, sizeof goodbye);
    Vedette__V1__Goodbye *peer = vedette__v1__goodbye__unpack(NULL, payload.len, payload.data);
    assert_int_equal(peer->code, VD_GOODBYE_BUSY);
    assert_string_equal(peer->reason, "come back");
    assert_int_equal(peer->retry_after_ms, 5000);
    vedette__v1__goodbye__free_unpacked(peer, NULL);
    vd_buffer_deinit(&out);
}

static void goodbyes_tell_what_to_do(void **state)
{
    (void)state;
    assert_true(vd_goodbye_retry(VD_GOODBYE_SHUTDOWN));
    assert_false(vd_goodbye_retry(VD_GOODBYE_PROTOCOL));
    assert_true(vd_goodbye_retry(0));
    assert_true(vd_goodbye_retry(4711));
    assert_string_equal(vd_goodbye_text(VD_GOODBYE_SEQUENCE), "a hole in the sequence");
    assert_string_equal(vd_goodbye_text(4711), "unknown reason");
}

static void writers_leave_a_full_buffer_as_it_was(void **state)
{
    (void)state;
    struct vd_buffer out;
    struct vd_welcome welcome = welcome_make();
    vd_buffer_init(&out, 20);
    assert_int_equal(vd_welcome_write(&out, &welcome), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&out), 0);
    vd_memory_fail_at(1);
    assert_int_equal(vd_ping_write(&out, VD_FRAME_PING, 1), VD_ENOMEM);
    vd_memory_fail_at(0);
    assert_int_equal(vd_buffer_len(&out), 0);
    vd_buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_there_and_back),
        cmocka_unit_test(hello_readings),
        cmocka_unit_test(nine_streams_are_too_many),
        cmocka_unit_test(welcome_there_and_back),
        cmocka_unit_test(welcome_readings),
        cmocka_unit_test(ack_both),
        cmocka_unit_test(ping_both),
        cmocka_unit_test(go_to_both),
        cmocka_unit_test(goodbye_both),
        cmocka_unit_test(goodbyes_tell_what_to_do),
        cmocka_unit_test(writers_leave_a_full_buffer_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
