/* What the splice appends, protobuf-c reads; what an agent said of itself is overwritten; no splice is too
 * long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/event_view.h>

#include "literal.h"

static const uint8_t STREAM[VD_STREAM_BYTES] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
#define STREAM_TEXT "00112233445566778899aabbccddeeff"

static struct vd_splice splice_of(const struct vd_score *score)
{
    return (struct vd_splice){
        .tenant = vd_bytes_str("acme"),
        .agent = vd_bytes_str("web-1"),
        .stream = STREAM,
        .seq = 1234567,
        .processed_time_ms = 1700000000123,
        .class_uid = 3002,
        .activity_id = 1,
        .score = score,
    };
}

/* The event with the splice behind it, unpacked. */
static Vedette__V1__Event *spliced(struct vd_bytes event, const struct vd_splice *splice)
{
    static uint8_t bytes[4096 + VD_SPLICE_MAX_BYTES];
    assert_true(event.len <= 4096);
    if (event.len > 0)
        memcpy(bytes, event.data, event.len);
    size_t len = vd_event_splice_write(splice, bytes + event.len);
    assert_true(len <= VD_SPLICE_MAX_BYTES);
    Vedette__V1__Event *out = vedette__v1__event__unpack(NULL, event.len + len, bytes);
    assert_non_null(out);
    return out;
}

static void uid_is_stream_and_sequence(void **state)
{
    (void)state;
    char uid[VD_EVENT_UID_BYTES];
    assert_int_equal(vd_event_uid(STREAM, 7, uid), 34);
    assert_string_equal(uid, STREAM_TEXT "-7");
    assert_int_equal(vd_event_uid(STREAM, 0, uid), 34);
    assert_string_equal(uid, STREAM_TEXT "-0");
    assert_int_equal(vd_event_uid(STREAM, UINT64_MAX, uid), 53);
    assert_string_equal(uid, STREAM_TEXT "-18446744073709551615");
}

static void what_the_agent_said_is_overwritten(void **state)
{
    (void)state;
    Vedette__V1__Metadata metadata = VEDETTE__V1__METADATA__INIT;
    metadata.uid = "forged";
    metadata.tenant_uid = "someone-else";
    metadata.stream_uid = "other";
    metadata.sequence = 99;
    metadata.version = "1.8.0";
    Vedette__V1__Device device = VEDETTE__V1__DEVICE__INIT;
    device.uid = "forged";
    device.hostname = "forged.example.org";
    device.ip = "192.0.2.1";
    Vedette__V1__Event event = VEDETTE__V1__EVENT__INIT;
    event.metadata = &metadata;
    event.device = &device;
    event.class_uid = 3002;
    uint8_t bytes[512];
    struct vd_bytes packed = vd_bytes_of(bytes, vedette__v1__event__pack(&event, bytes));
    struct vd_splice splice = splice_of(NULL);
    Vedette__V1__Event *out = spliced(packed, &splice);
    assert_string_equal(out->metadata->uid, STREAM_TEXT "-1234567");
    assert_string_equal(out->metadata->tenant_uid, "acme");
    assert_string_equal(out->metadata->stream_uid, STREAM_TEXT);
    assert_int_equal(out->metadata->sequence, 1234567);
    assert_int_equal(out->metadata->processed_time, 1700000000123);
    assert_string_equal(out->metadata->version, "1.8.0");
    assert_string_equal(out->device->uid, "web-1");
    assert_string_equal(out->device->hostname, "web-1");
    assert_string_equal(out->device->ip, "192.0.2.1");
    assert_int_equal(out->category_uid, 3);
    assert_int_equal(out->type_uid, 300201);
    assert_int_equal(out->risk_score, 0);
    assert_int_equal(out->n_anomaly_analyses, 0);
    vedette__v1__event__free_unpacked(out, NULL);
}

static void measure_is(const Vedette__V1__Anomaly *anomaly, const char *parameter, const char *type,
                       double value)
{
    assert_string_equal(anomaly->observation_parameter, parameter);
    assert_string_equal(anomaly->observation_type, type);
    assert_int_equal(anomaly->n_observations, 1);
    assert_true(anomaly->observations[0]->value == value);
    assert_int_equal(anomaly->observations[0]->count, 1);
}

static void reasons_can_be_checked(void **state)
{
    (void)state;
    struct vd_score score = {
        .risk_score = 93,
        .risk_level_id = 4,
        .is_alert = true,
        .reason_count = 2,
        .configuration = 0xc0ffee,
        .reasons = {{.feature = "failed logins",
                     .entity_kind = "source address",
                     .entity = vd_bytes_str("203.0.113.9"),
                     .window_seconds = 300,
                     .observed = 47,
                     .expected = 0.6,
                     .surprise = 21.25,
                     .maturity = 0.875,
                     .late = true},
                    {.kind = VD_REASON_FIRST,
                     .feature = "failed logins",
                     .what = "source address",
                     .entity_kind = "user",
                     .entity = vd_bytes_str("root"),
                     .value = vd_bytes_str("198.51.100.7"),
                     .observed = 1,
                     .surprise = 3.5}},
    };
    struct vd_splice splice = splice_of(&score);
    splice.risk_details = vd_bytes_str("47 failed logins from 203.0.113.9 in 5 min, expected 0.6");
    Vedette__V1__Event *out = spliced((struct vd_bytes){0}, &splice);
    assert_int_equal(out->risk_score, 93);
    assert_int_equal(out->risk_level_id, 4);
    assert_true(out->is_alert);
    assert_string_equal(out->risk_details, "47 failed logins from 203.0.113.9 in 5 min, expected 0.6");
    assert_int_equal(out->n_anomaly_analyses, 2);
    const Vedette__V1__AnomalyAnalysis *first = out->anomaly_analyses[0], *second = out->anomaly_analyses[1];
    assert_int_equal(first->n_analysis_targets, 1);
    assert_string_equal(first->analysis_targets[0]->name, "203.0.113.9");
    assert_string_equal(first->analysis_targets[0]->type, "source address");
    assert_int_equal(first->n_anomalies, 2);
    measure_is(first->anomalies[0], "failed logins", "count in 300 s", 47);
    assert_string_equal(first->anomalies[0]->observed_pattern, "");
    assert_string_equal(first->anomalies[1]->observed_pattern, "late");
    assert_string_equal(first->baselines[1]->observed_pattern, "00c0ffee");
    measure_is(first->anomalies[1], "surprise", "-log10 p", 21.25);
    assert_int_equal(first->n_baselines, 2);
    measure_is(first->baselines[0], "failed logins", "mean in 300 s", 0.6);
    measure_is(first->baselines[1], "maturity", "0 to 1", 0.875);
    assert_string_equal(second->analysis_targets[0]->name, "root");
    measure_is(second->anomalies[0], "failed logins", "first source address", 1);
    assert_string_equal(second->anomalies[0]->observed_pattern, "198.51.100.7");
    measure_is(second->baselines[0], "failed logins", "share of first ones", 0);
    vedette__v1__event__free_unpacked(out, NULL);
}

/* A score takes the place of another, and nothing else changes. */
static void scored_again(void **state)
{
    (void)state;
    struct vd_score old = {.risk_score = 93,
                           .risk_level_id = 4,
                           .is_alert = true,
                           .reason_count = 1,
                           .reasons = {{.feature = "logins", .entity_kind = "host", .observed = 1}}};
    struct vd_score none = {.risk_score = 7};
    uint8_t bytes[VD_SPLICE_MAX_BYTES];
    struct vd_splice splice = splice_of(&old);
    splice.risk_details = vd_bytes_str("old");
    struct vd_bytes event = vd_bytes_of(bytes, vd_event_splice_write(&splice, bytes));
    struct vd_buffer out;
    vd_buffer_init(&out, 2 * VD_SPLICE_MAX_BYTES);
    assert_int_equal(vd_event_rescore(event, &none, vd_bytes_str("new"), &out), 0);
    struct vd_bytes whole = vd_buffer_bytes(&out);
    Vedette__V1__Event *e = vedette__v1__event__unpack(NULL, whole.len, whole.data);
    assert_non_null(e);
    assert_int_equal(e->risk_score, 7);
    assert_int_equal(e->risk_level_id, 0);
    assert_false(e->is_alert);
    assert_string_equal(e->risk_details, "new");
    assert_int_equal(e->n_anomaly_analyses, 0);
    assert_string_not_equal(e->metadata->uid, "");
    vedette__v1__event__free_unpacked(e, NULL);
    assert_int_equal(vd_event_rescore(vd_bytes_of("\xff", 1), &none, vd_bytes_str(""), &out), VD_EMALFORMED);
    vd_buffer_deinit(&out);
}

/* Everything as long as it can be, in letters of three bytes, which no cap is a multiple of. */
static void texts_are_cut_and_the_length_holds(void **state)
{
    (void)state;
    static char letters[3 * 400 + 1];
    for (int i = 0; i < 400; i++)
        memcpy(letters + 3 * i, "中", 3);
    struct vd_bytes all = vd_bytes_str(letters);
    struct vd_score score = {.risk_score = -1, .risk_level_id = -1, .is_alert = true, .reason_count = 3};
    for (int i = 0; i < 3; i++)
        score.reasons[i] = (struct vd_reason){.kind = VD_REASON_DISTINCT,
                                              .feature = letters,
                                              .what = letters,
                                              .entity_kind = letters,
                                              .entity = all,
                                              .value = all,
                                              .window_seconds = UINT32_MAX,
                                              .observed = 1e300,
                                              .expected = 1e-300,
                                              .surprise = 1e9,
                                              .maturity = 1,
                                              .late = true};
    struct vd_splice splice = {.tenant = all,
                               .agent = all,
                               .stream = STREAM,
                               .seq = UINT64_MAX,
                               .processed_time_ms = -1,
                               .class_uid = INT32_MIN,
                               .activity_id = INT32_MIN,
                               .score = &score,
                               .risk_details = all};
    Vedette__V1__Event *out = spliced((struct vd_bytes){0}, &splice);
    assert_int_equal(strlen(out->risk_details), 510);
    assert_int_equal(strlen(out->metadata->tenant_uid), 63);
    assert_int_equal(strlen(out->device->uid), 63);
    assert_int_equal(strlen(out->anomaly_analyses[2]->analysis_targets[0]->name), 63);
    assert_int_equal(strlen(out->anomaly_analyses[2]->analysis_targets[0]->type), 24);
    assert_int_equal(strlen(out->anomaly_analyses[2]->anomalies[0]->observation_parameter), 24);
    assert_int_equal(strlen(out->anomaly_analyses[2]->anomalies[0]->observed_pattern), 30);
    assert_int_equal(strlen(out->anomaly_analyses[2]->anomalies[0]->observation_type),
                     24 + strlen(" in 4294967295 s"));
    vedette__v1__event__free_unpacked(out, NULL);
}

/* Sub-messages of every length around the edge between a length of one byte and of two. */
static void every_length_of_a_sub_message(void **state)
{
    (void)state;
    char name[65] = {0};
    for (size_t len = 1; len <= 64; len++) {
        name[len - 1] = 'n';
        struct vd_splice splice = splice_of(NULL);
        splice.tenant = splice.agent = vd_bytes_of(name, len);
        Vedette__V1__Event *out = spliced((struct vd_bytes){0}, &splice);
        assert_string_equal(out->metadata->tenant_uid, name);
        assert_string_equal(out->device->hostname, name);
        assert_string_equal(out->metadata->stream_uid, STREAM_TEXT);
        vedette__v1__event__free_unpacked(out, NULL);
    }
}

/* A chain of hashes goes over what the agent sent: it can be followed in the log. */
static void what_the_agent_sent_is_told_apart(void **state)
{
    static const struct vd_bytes events[] = {
        BYTES("\x08\xba\x17"),                                   /* class 3002 */
        BYTES("\x32\x03\x0a\x01u\x08\xba\x17"),                  /* metadata first */
        BYTES("\x32\x03\x0a\x01u\x08\xba\x17\x32\x03\x0a\x01v"), /* in pieces, and last */
        BYTES("\x7a\x05\x32\x03\x0a\x01u"),                      /* a message that looks like metadata */
    };
    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        uint8_t bytes[64 + VD_SPLICE_MAX_BYTES];
        struct vd_splice splice = splice_of(NULL);
        memcpy(bytes, events[i].data, events[i].len);
        size_t len = events[i].len + vd_event_splice_write(&splice, bytes + events[i].len);
        assert_true(vd_bytes_equal(vd_event_unspliced(vd_bytes_of(bytes, len)), events[i]));
        assert_int_equal(vd_event_unspliced(vd_bytes_of(bytes, len - 1)).len, 0); /* cut off */
    }
    assert_int_equal(vd_event_unspliced(events[0]).len, 0);
    assert_int_equal(vd_event_unspliced((struct vd_bytes){0}).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uid_is_stream_and_sequence),
        cmocka_unit_test(what_the_agent_said_is_overwritten),
        cmocka_unit_test(reasons_can_be_checked),
        cmocka_unit_test(scored_again),
        cmocka_unit_test(texts_are_cut_and_the_length_holds),
        cmocka_unit_test(every_length_of_a_sub_message),
        cmocka_unit_test(what_the_agent_sent_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
