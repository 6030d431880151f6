/* What is read back of a published event is what it was scored from; what the collector made is left out. */
#include "published.h"

#include <vedette/event_splice.h>
#include <vedette/gap.h>

#include "feed.h"
#include "sentence.h"
#include "told_event.h"

#include "unit.h"

static const int64_t T = 1700438400000;
static const uint8_t STREAM[VD_STREAM_BYTES] = {1, 2, 3};

/* A failed login as an agent sends it, with names that are not its own to say. */
static const uint8_t LOGIN[] = {0x08, 0xba, 0x17, 0x10, 0x01, 0x20, 0x02, 0x28, 0x80, 0xb8, 0x9b, 0xd0, 0xbe,
                                0x31, 0x32, 0x05, 0x22, 0x03, 'e',  'v',  'e',  0x3a, 0x05, 0x0a, 0x03, 'd',
                                'b',  '9',  0x5a, 0x06, 0x0a, 0x04, 'r',  'o',  'o',  't',  0x62, 0x0a, 0x0a,
                                0x08, '1',  '0',  '.',  '0',  '.',  '0',  '.',  '9',  0xa0, 0x01, 0x07};

static void splice(struct vd_buffer *event, uint64_t seq, const struct vd_score *score)
{
    char sentence[SCORE_SENTENCE_BYTES];
    uint8_t *where;
    size_t len = score != NULL ? score_sentence(score, sentence, sizeof sentence) : 0;
    struct vd_splice fields = {.tenant = vd_bytes_str("acme"),
                               .agent = vd_bytes_str("web1"),
                               .stream = STREAM,
                               .seq = seq,
                               .processed_time_ms = T + 42,
                               .score = score,
                               .risk_details = vd_bytes_of(sentence, len)};
    assert_int_equal(vd_buffer_reserve(event, VD_SPLICE_MAX_BYTES, &where), 0);
    vd_buffer_commit(event, vd_event_splice_write(&fields, where));
}

static bool reads(const struct score *s, const struct vd_buffer *event, struct score_origin *origin,
                  struct score_input *in)
{
    struct vd_event_view view;
    assert_int_equal(vd_event_view_read(&view, vd_buffer_bytes(event)), 0);
    return score_input_of_published(s, &view, origin, in);
}

static void text_is(struct vd_bytes view, const char *text)
{
    assert_true(vd_bytes_equal(view, vd_bytes_str(text)));
}

static void an_event_is_as_it_was_scored(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_origin origin, expected;
    struct score_input in = feed_input(CLASS_LOGIN, FAILURE, "web1", "root", "10.0.0.9", T);
    struct vd_score score = feed_score(s, &in);
    struct vd_buffer event;
    vd_buffer_init(&event, 4096);
    assert_int_equal(vd_buffer_append(&event, LOGIN, sizeof LOGIN), 0);
    splice(&event, 7, &score);
    assert_true(reads(s, &event, &origin, &in));
    score_origin_init(s, &expected, vd_bytes_str("acme"), vd_bytes_str("web1"));
    assert_int_equal(origin.tenant_hash, expected.tenant_hash);
    assert_int_equal(origin.host_hash, expected.host_hash);
    text_is(origin.tenant, "acme");
    text_is(origin.host, "web1");
    text_is(in.user, "root");
    text_is(in.src_ip, "10.0.0.9");
    assert_ptr_equal(in.origin, &origin);
    assert_int_equal(in.class_uid, 3002);
    assert_int_equal(in.activity_id, 1);
    assert_int_equal(in.status_id, 2);
    assert_int_equal(in.count, 7);
    assert_int_equal(in.time_ms, T);
    assert_int_equal(in.received_ms, T + 42);
    vd_buffer_deinit(&event);
    score_free(s);
}

static void the_collectors_own_are_left_out(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_origin origin;
    struct score_input in;
    struct vd_buffer event;
    vd_buffer_init(&event, 8192);
    const struct vd_gap gap = {.reason = VD_GAP_REFUSED, .count = 1, .from = 8, .to = 8, .time_ms = T};
    assert_int_equal(vd_gap_write(&event, &gap), 0);
    splice(&event, 8, NULL);
    assert_false(reads(s, &event, &origin, &in));
    vd_buffer_clear(&event);
    const struct vd_fork fork = {
        .stream = "0102", .mark = 8, .first = 1, .next = 9, .detail = "", .time_ms = T};
    assert_int_equal(vd_fork_write(&event, &fork), 0);
    splice(&event, 0, NULL);
    assert_false(reads(s, &event, &origin, &in));
    vd_buffer_clear(&event);
    struct score_told silence = {
        .silence = {.who = WHO_HOST, .tenant = vd_bytes_str("acme"), .name = vd_bytes_str("web1")}};
    assert_int_equal(told_event_write(&event, &silence, T), 0);
    assert_false(reads(s, &event, &origin, &in));
    vd_buffer_deinit(&event);
    score_free(s);
}

/* An agent's GAP goes the way of its other events. */
static void an_agents_gap_was_scored(void **state)
{
    (void)state;
    struct score *s = feed_new(64);
    struct score_origin origin;
    struct score_input in = feed_input(0, 0, "web1", "", "", T);
    struct vd_score score = feed_score(s, &in);
    struct vd_buffer event;
    vd_buffer_init(&event, 4096);
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_FULL, .count = 3, .time_ms = T};
    assert_int_equal(vd_gap_write(&event, &gap), 0);
    splice(&event, 9, &score);
    assert_true(reads(s, &event, &origin, &in));
    assert_int_equal(in.class_uid, 0);
    assert_int_equal(in.time_ms, T);
    vd_buffer_deinit(&event);
    score_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_as_it_was_scored),
        cmocka_unit_test(the_collectors_own_are_left_out),
        cmocka_unit_test(an_agents_gap_was_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
