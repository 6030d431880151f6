/* Batches there and back, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <session.pb-c.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/session.h>

#include "literal.h"

static const struct vd_batch_limits LIMITS = {.max_events = 3, .event_max_bytes = 4};

static void there_and_back(void **state)
{
    (void)state;
    static const char *const events[] = {"one", "", "four"};
    struct vd_buffer payload;
    struct vd_batch batch;
    struct vd_bytes event;
    vd_buffer_init(&payload, 1000);
    assert_int_equal(vd_batch_write_head(&payload, &(struct vd_batch_head){.stream = 2, .first_seq = 77}), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(vd_batch_write_event(&payload, vd_bytes_str(events[i])), 0);
    assert_int_equal(vd_batch_read(&batch, vd_buffer_bytes(&payload), &LIMITS), 0);
    assert_int_equal(batch.head.stream, 2);
    assert_int_equal(batch.head.first_seq, 77);
    assert_int_equal(batch.event_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(vd_batch_next(&batch, &event));
        assert_true(vd_bytes_equal(event, vd_bytes_str(events[i])));
    }
    assert_false(vd_batch_next(&batch, &event));
    struct vd_bytes bytes = vd_buffer_bytes(&payload);
    Vedette__V1__Batch *peer = vedette__v1__batch__unpack(NULL, bytes.len, bytes.data);
    assert_int_equal(peer->stream, 2);
    assert_int_equal(peer->first_seq, 77);
    assert_int_equal(peer->n_events, 3);
    vedette__v1__batch__free_unpacked(peer, NULL);
    vd_buffer_deinit(&payload);
}

static void readings(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct vd_bytes payload;
        int rc;
    } cases[] = {
        {"one event of stream 0", BYTES("\x10\x01\x1a\x01x"), 0},
        {"in any order, with an unknown field", BYTES("\x1a\x01x\x38\x01\x10\x01"), 0},
        {"the last sequence number", BYTES("\x10\xfe\xff\xff\xff\xff\xff\xff\xff\x7f\x1a\x01x"), 0},
        {"nothing", {0}, VD_EMALFORMED},
        {"no event", BYTES("\x10\x01"), VD_EMALFORMED},
        {"no sequence number", BYTES("\x1a\x01x"), VD_EMALFORMED},
        {"stream 8", BYTES("\x08\x08\x10\x01\x1a\x01x"), VD_EMALFORMED},
        {"a stream over 32 bits", BYTES("\x08\x80\x80\x80\x80\x10\x10\x01\x1a\x01x"), VD_EMALFORMED},
        {"past the last sequence number", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x1a\x01x"),
         VD_EMALFORMED},
        {"a sequence number that wraps", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x01x"),
         VD_EMALFORMED},
        {"an event cut off", BYTES("\x10\x01\x1a\x02x"), VD_EMALFORMED},
        {"an event as a varint", BYTES("\x10\x01\x18\x01"), VD_EMALFORMED},
        {"a stream as bytes", BYTES("\x0a\x01x\x10\x01\x1a\x01x"), VD_EMALFORMED},
        {"a sequence number as bytes", BYTES("\x12\x01x\x1a\x01x"), VD_EMALFORMED},
        {"the first of all lost", BYTES("\x10\x02\x20\x01\x1a\x01x"), 0},
        {"all before and itself lost", BYTES("\x10\x02\x20\x02\x1a\x01x"), VD_EMALFORMED},
        {"more lost than there were", BYTES("\x10\x02\x20\x03\x1a\x01x"), VD_EMALFORMED},
        {"two events after a loss", BYTES("\x10\x02\x20\x01\x1a\x01x\x1a\x01x"), VD_EMALFORMED},
        {"a loss as bytes", BYTES("\x10\x02\x22\x01\x01\x1a\x01x"), VD_EMALFORMED},
        {"a chain", BYTES("\x10\x01\x29\x01\x02\x03\x04\x05\x06\x07\x08\x1a\x01x"), 0},
        {"a chain as a varint", BYTES("\x10\x01\x28\x01\x1a\x01x"), VD_EMALFORMED},
        {"a chain cut off", BYTES("\x10\x01\x1a\x01x\x29\x01\x02"), VD_EMALFORMED},
        {"next is the next", BYTES("\x10\x01\x30\x02\x1a\x01x"), 0},
        {"next is within the batch", BYTES("\x10\x01\x30\x01\x1a\x01x"), VD_EMALFORMED},
        {"next is past the last number",
         BYTES("\x10\x01\x30\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x1a\x01x"), VD_EMALFORMED},
        {"next as bytes", BYTES("\x10\x01\x32\x01\x02\x1a\x01x"), VD_EMALFORMED},
        {"an event too long", BYTES("\x10\x01\x1a\x05xxxxx"), VD_ELIMIT},
        {"four events", BYTES("\x10\x01\x1a\x01x\x1a\x01x\x1a\x01x\x1a\x01x"), VD_ELIMIT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_batch batch;
        int rc = vd_batch_read(&batch, cases[i].payload, &LIMITS);
        if (rc != cases[i].rc)
            fail_msg("%s: %d", cases[i].what, rc);
    }
}

static void writers_keep_their_word(void **state)
{
    (void)state;
    struct vd_buffer payload;
    uint8_t event[300] = {0};
    vd_buffer_init(&payload, 1000);
    assert_int_equal(vd_batch_write_head(&payload, &(struct vd_batch_head){UINT32_MAX, UINT64_MAX, UINT64_MAX,
                                                                           UINT64_MAX, UINT64_MAX}),
                     0);
    assert_true(vd_buffer_len(&payload) <= VD_BATCH_HEAD_BYTES);
    size_t before = vd_buffer_len(&payload);
    assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, sizeof event)), 0);
    assert_true(vd_buffer_len(&payload) - before <= sizeof event + VD_BATCH_EVENT_OVERHEAD_BYTES);
    before = vd_buffer_len(&payload);
    vd_memory_fail_at(1);
    assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, sizeof event)), VD_ENOMEM);
    vd_memory_fail_at(0);
    assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, sizeof event)), 0);
    assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, sizeof event)), 0);
    assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, sizeof event)), VD_ELIMIT);
    vd_buffer_deinit(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(readings),
        cmocka_unit_test(writers_keep_their_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
