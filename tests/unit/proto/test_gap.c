/* What is written as a GAP or a FORK is an event that the validator takes and that reads back the same, and
 * nothing else is taken for one. */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/event_validate.h>
#include <vedette/gap.h>

#include "literal.h"

enum { LIMIT_BYTES = 8192 };
static const int64_t NOW_MS = INT64_C(1700000000000);

struct written {
    struct vd_buffer buffer;
};

static int setup(void **state)
{
    struct written *w = calloc(1, sizeof *w);
    if (w == NULL)
        return 1;
    vd_buffer_init(&w->buffer, LIMIT_BYTES);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct written *w = *state;
    vd_buffer_deinit(&w->buffer);
    free(w);
    return 0;
}

static struct vd_bytes gap_of(struct written *w, const struct vd_gap *gap)
{
    vd_buffer_clear(&w->buffer);
    assert_int_equal(vd_gap_write(&w->buffer, gap), 0);
    return vd_buffer_bytes(&w->buffer);
}

static void valid(struct vd_bytes event)
{
    const struct vd_validate_limits limits = {.event_max_bytes = LIMIT_BYTES};
    struct vd_event_view view;
    struct vd_refusal why;
    if (vd_event_validate(&view, event, &limits, NOW_MS, &why) != 0)
        fail_msg("%s: %s", why.path, why.reason);
}

static void reads_back(struct vd_bytes event, const struct vd_gap *want)
{
    struct vd_gap got;
    assert_true(vd_gap_read(&got, event));
    assert_int_equal(got.reason, want->reason);
    assert_true(vd_bytes_equal(got.source, want->source));
    assert_true(vd_bytes_equal(got.detail, want->detail));
    assert_int_equal(got.count, want->count);
    assert_int_equal(got.from, want->from);
    assert_int_equal(got.to, want->to);
    assert_int_equal(got.time_ms, want->time_ms);
    assert_int_equal(got.start_ms, want->start_ms);
    assert_int_equal(got.end_ms, want->end_ms);
}

static const struct vd_gap FULL = {.reason = VD_GAP_SPOOL_FULL,
                                   .source = {(const uint8_t *)"process", 7},
                                   .detail = {(const uint8_t *)"quota", 5},
                                   .count = 1204,
                                   .from = 7,
                                   .to = 1210,
                                   .time_ms = 1700000000000,
                                   .start_ms = 1699999990000,
                                   .end_ms = 1699999999000};

static void every_reason_reads_back(void **state)
{
    for (int reason = 0; reason < VD_GAP_REASON_COUNT; reason++) {
        struct vd_gap gap = FULL;
        gap.reason = (enum vd_gap_reason)reason;
        struct vd_bytes event = gap_of(*state, &gap);
        valid(event);
        reads_back(event, &gap);
        assert_false(vd_fork_is(event));
    }
}

static void what_is_not_known_is_absent(void **state)
{
    const struct vd_gap bare = {.reason = VD_GAP_SOURCE_OVERRUN, .time_ms = NOW_MS};
    reads_back(gap_of(*state, &bare), &bare);
}

static void counts_beyond_32_bits_are_exact(void **state)
{
    static const uint64_t counts[] = {1, INT32_MAX, (uint64_t)INT32_MAX + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct vd_gap gap = FULL;
        gap.count = gap.to = counts[i];
        gap.from = 1;
        struct vd_bytes event = gap_of(*state, &gap);
        reads_back(event, &gap);
        Vedette__V1__Event *unpacked = vedette__v1__event__unpack(NULL, event.len, event.data);
        assert_non_null(unpacked);
        assert_int_equal(unpacked->count, counts[i] > INT32_MAX ? INT32_MAX : (int32_t)counts[i]);
        vedette__v1__event__free_unpacked(unpacked, NULL);
    }
}

static void sentence_is(struct written *w, const struct vd_gap *gap, const char *want)
{
    struct vd_bytes event = gap_of(w, gap);
    Vedette__V1__Event *unpacked = vedette__v1__event__unpack(NULL, event.len, event.data);
    assert_non_null(unpacked);
    assert_string_equal(unpacked->message, want);
    assert_string_equal(unpacked->metadata->event_code, "GAP");
    vedette__v1__event__free_unpacked(unpacked, NULL);
}

static void the_sentence_is_for_people(void **state)
{
    struct vd_gap gap = FULL;
    gap.detail = (struct vd_bytes){0};
    sentence_is(*state, &gap, "1,204 events of process are missing: the spool was full");
    gap.count = 1;
    sentence_is(*state, &gap, "1 event of process is missing: the spool was full");
    gap.source = (struct vd_bytes){0};
    gap.count = 1234567;
    sentence_is(*state, &gap, "1,234,567 events are missing: the spool was full");
    gap.count = 0;
    gap.reason = VD_GAP_REFUSED;
    gap.detail = vd_bytes_str("invalid UTF-8 in message");
    sentence_is(*state, &gap,
                "An unknown number of events are missing: the collector refused an event "
                "(invalid UTF-8 in message)");
}

/* A file's name is any bytes of any length. */
static void texts_are_cut_and_repaired(void **state)
{
    char endless[5000];
    memset(endless, 0xff, sizeof endless);
    struct vd_gap gap = FULL, got;
    gap.source = gap.detail = vd_bytes_of(endless, sizeof endless);
    gap.count = gap.from = gap.to = UINT64_MAX;
    gap.time_ms = gap.start_ms = gap.end_ms = NOW_MS;
    struct vd_bytes event = gap_of(*state, &gap);
    valid(event);
    assert_true(vd_gap_read(&got, event));
    assert_true(got.source.len > 0 && got.source.len <= 128);
    assert_true(got.detail.len > 0 && got.detail.len <= 512);
}

static void a_published_one_reads_back(void **state)
{
    static const uint8_t stream[VD_STREAM_BYTES] = {1, 2, 3};
    struct written *w = *state;
    struct vd_bytes event = gap_of(w, &FULL);
    const struct vd_splice splice = {.tenant = vd_bytes_str("t"),
                                     .agent = vd_bytes_str("a"),
                                     .stream = stream,
                                     .seq = 1210,
                                     .processed_time_ms = NOW_MS};
    uint8_t published[LIMIT_BYTES];
    assert(event.data != NULL);
    memcpy(published, event.data, event.len);
    size_t len = event.len + vd_event_splice_write(&splice, published + event.len);
    reads_back(vd_bytes_of(published, len), &FULL);
}

static void room_is_told(void **state)
{
    struct vd_buffer small;
    (void)state;
    vd_buffer_init(&small, 16);
    assert_int_equal(vd_gap_write(&small, &FULL), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&small), 0);
    vd_buffer_deinit(&small);
}

/* metadata {event_code "GAP"} and, to vary, the rest. */
#define META   "\x32\x05\x7a\x03GAP"
#define REASON "\xc2\x01\x18\x0a\x0agap.reason\x12\x0aspool_full"
#define FROM   "\xc2\x01\x0d\x0a\x08gap.from\x12\x01"
#define TO     "\xc2\x01\x0b\x0a\x06gap.to\x12\x01"

static void others_are_no_gap(void **state)
{
    static const struct {
        const char *what;
        struct vd_bytes event;
    } cases[] = {
        {"nothing", BYTES("")},
        {"no code", BYTES(REASON)},
        {"another code", BYTES("\x32\x06\x7a\x04GAPS" REASON)},
        {"the code taken back later", BYTES(META REASON "\x32\x02\x7a\x00")},
        {"another class", BYTES(META REASON "\x08\xba\x17")},
        {"no reason", BYTES(META)},
        {"an unknown reason", BYTES(META "\xc2\x01\x18\x0a\x0agap.reason\x12\x0aspool_bull")},
        {"a code that is a number", BYTES("\x32\x02\x78\x01" REASON)},
        {"metadata that is a number", BYTES(META REASON "\x30\x01")},
        {"metadata cut off", BYTES("\x32\x05\x7a\x04GAP" REASON)},
        {"the event cut off", BYTES(META REASON "\xc2")},
        {"unmapped that is a number", BYTES(META REASON "\xc0\x01\x01")},
        {"a count below 0", BYTES(META REASON "\xa0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {"from without to", BYTES(META REASON FROM "1")},
        {"to without from", BYTES(META REASON TO "1")},
        {"from behind to", BYTES(META REASON FROM "2" TO "1")},
        {"from is no number", BYTES(META REASON FROM "x" TO "1")},
        {"from is too large", BYTES(META REASON TO "1"
                                                   "\xc2\x01\x20\x0a\x08gap.from\x12\x14"
                                                   "99999999999999999999")},
        {"from is empty", BYTES(META REASON TO "1"
                                               "\xc2\x01\x0c\x0a\x08gap.from\x12\x00")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_gap gap;
        if (vd_gap_read(&gap, cases[i].event))
            fail_msg("taken for a GAP: %s", cases[i].what);
    }
    struct vd_gap gap;
    assert_true(vd_gap_read(&gap, BYTES(META REASON FROM "1" TO "2"))); /* the cases fail for their reason */
}

static void assert_unmapped(const Vedette__V1__Event *event, const char *const (*want)[2], size_t count)
{
    assert_int_equal(event->n_unmapped, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(event->unmapped[i]->key, want[i][0]);
        assert_string_equal(event->unmapped[i]->value, want[i][1]);
    }
}

static void a_fork_says_which_stream(void **state)
{
    struct written *w = *state;
    const struct vd_fork fork = {.stream = "000102030405060708090a0b0c0d0e0f",
                                 .mark = 900,
                                 .first = 3,
                                 .next = 40,
                                 .detail = "behind the mark",
                                 .time_ms = NOW_MS};
    struct vd_gap gap;
    assert_int_equal(vd_fork_write(&w->buffer, &fork), 0);
    struct vd_bytes event = vd_buffer_bytes(&w->buffer);
    valid(event);
    assert_true(vd_fork_is(event));
    assert_false(vd_gap_read(&gap, event));
    Vedette__V1__Event *unpacked = vedette__v1__event__unpack(NULL, event.len, event.data);
    assert_non_null(unpacked);
    assert_string_equal(unpacked->metadata->uid, "000102030405060708090a0b0c0d0e0f-fork-900");
    assert_string_equal(unpacked->metadata->stream_uid, fork.stream);
    assert_int_equal(unpacked->metadata->sequence, 0);
    static const char *const want[][2] = {{"fork.stream", "000102030405060708090a0b0c0d0e0f"},
                                          {"fork.mark", "900"},
                                          {"fork.first", "3"},
                                          {"fork.next", "40"},
                                          {"fork.detail", "behind the mark"}};
    assert_unmapped(unpacked, want, sizeof want / sizeof *want);
    vedette__v1__event__free_unpacked(unpacked, NULL);
}

static void the_uid_of_a_fork_has_room_for_any_mark(void **state)
{
    struct written *w = *state;
    const struct vd_fork fork = {
        .stream = "000102030405060708090a0b0c0d0e0f", .mark = UINT64_MAX, .detail = ""};
    assert_int_equal(vd_fork_write(&w->buffer, &fork), 0);
    struct vd_event_view view;
    assert_int_equal(vd_event_view_read(&view, vd_buffer_bytes(&w->buffer)), 0);
    assert_true(
        vd_bytes_equal(view.uid, vd_bytes_str("000102030405060708090a0b0c0d0e0f-fork-18446744073709551615")));
}

static void a_silence_says_whose_and_what_was_expected(void **state)
{
    struct written *w = *state;
    const struct vd_silence silence = {.id = 0xabc,
                                       .entity_kind = "host",
                                       .entity = vd_bytes_str("web\xff"
                                                              "1"),
                                       .since_ms = NOW_MS - 4 * 3600 * 1000,
                                       .time_ms = NOW_MS,
                                       .longest_seconds = 420,
                                       .known_seconds = 9 * 86400,
                                       .expected = 1204.4};
    assert_int_equal(vd_silence_write(&w->buffer, &silence), 0);
    struct vd_bytes event = vd_buffer_bytes(&w->buffer);
    valid(event);
    assert_true(vd_silence_is(event));
    assert_false(vd_fork_is(event));
    Vedette__V1__Event *unpacked = vedette__v1__event__unpack(NULL, event.len, event.data);
    assert_non_null(unpacked);
    assert_string_equal(unpacked->message,
                        "The host web\xef\xbf\xbd"
                        "1 has gone quiet: no event for 4 h, where 1,204 were expected; its "
                        "longest pause in 9 days was 7 min");
    assert_true(unpacked->end_time - unpacked->start_time == 4 * 3600 * 1000);
    assert_memory_equal(unpacked->metadata->uid, "silence-0000000000000abc-", 25);
    static const char *const want[][2] = {{"silence.entity_kind", "host"},
                                          {"silence.entity", "web\xef\xbf\xbd"
                                                             "1"},
                                          {"silence.expected", "1204"},
                                          {"silence.longest_pause_s", "420"},
                                          {"silence.known_s", "777600"}};
    assert_unmapped(unpacked, want, sizeof want / sizeof *want);
    vedette__v1__event__free_unpacked(unpacked, NULL);
}

static void a_takeover_says_what_counts(void **state)
{
    struct written *w = *state;
    const struct vd_takeover takeover = {.shard = 0, .from = 40, .to = 43, .time_ms = NOW_MS};
    assert_int_equal(vd_takeover_write(&w->buffer, &takeover), 0);
    struct vd_bytes event = vd_buffer_bytes(&w->buffer);
    valid(event);
    assert_true(vd_takeover_is(event));
    assert_false(vd_silence_is(event));
    Vedette__V1__Event *unpacked = vedette__v1__event__unpack(NULL, event.len, event.data);
    assert_non_null(unpacked);
    assert_string_equal(unpacked->metadata->uid, "takeover-0-40");
    assert_string_equal(unpacked->message,
                        "Shard 0 was taken over, and Kafka had forgotten how its last transaction ended: the "
                        "records at offsets 40 to 42 count");
    static const char *const want[][2] = {
        {"takeover.shard", "0"}, {"takeover.from", "40"}, {"takeover.to", "43"}};
    assert_unmapped(unpacked, want, sizeof want / sizeof *want);
    vedette__v1__event__free_unpacked(unpacked, NULL);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(every_reason_reads_back),
        EACH(what_is_not_known_is_absent),
        EACH(counts_beyond_32_bits_are_exact),
        EACH(the_sentence_is_for_people),
        EACH(texts_are_cut_and_repaired),
        EACH(a_published_one_reads_back),
        EACH(room_is_told),
        EACH(others_are_no_gap),
        EACH(a_fork_says_which_stream),
        EACH(the_uid_of_a_fork_has_room_for_any_mark),
        EACH(a_silence_says_whose_and_what_was_expected),
        EACH(a_takeover_says_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
