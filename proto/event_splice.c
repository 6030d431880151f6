/* Writes the collector's fields behind an event, in the order of PROTOCOL.md section 6. */
#include <vedette/event_splice.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/wire.h>

#include "event_fields.h"

enum { STREAM_HEX_BYTES = 2 * VD_STREAM_BYTES, SEQ_MAX_DIGITS = 20, CONFIGURATION_DIGITS = 8 };

/* Caps of the texts inside, which make VD_SPLICE_MAX_BYTES true. */
enum {
    NAME_CAP = 64,
    DETAILS_CAP = 512,
    ENTITY_CAP = 64,
    KIND_CAP = 24,
    FEATURE_CAP = 24,
    TYPE_CAP = 40,
    VALUE_CAP = 32
};

/* The longest of each part. Tag and length are 2 bytes where both are short, 3 with a long length, 4 where
 * the field's number needs a second byte too. */
enum {
    TIGHT = 2,
    LONG = 3,
    HIGH = 4,
    UINT_MAX_BYTES = 2 + VD_WIRE_VARINT_MAX_BYTES,
    UINTS_BYTES = 5 * UINT_MAX_BYTES,
    METADATA_BYTES = LONG + TIGHT + STREAM_HEX_BYTES + 1 + SEQ_MAX_DIGITS + TIGHT + NAME_CAP +
                     2 * UINT_MAX_BYTES + TIGHT + STREAM_HEX_BYTES,
    DEVICE_BYTES = LONG + 2 * (TIGHT + NAME_CAP),
    OBSERVATION_BYTES = TIGHT + 1 + (int)sizeof(double) + 2,
    MEASURE_BYTES = TIGHT + TIGHT + FEATURE_CAP + TIGHT + TYPE_CAP + OBSERVATION_BYTES,
    WORDS_BYTES = TIGHT + TIGHT + 8 + TIGHT + 8 + OBSERVATION_BYTES, /* "surprise", "maturity" */
    PATTERNS_BYTES = TIGHT + VALUE_CAP + TIGHT + 4 + TIGHT + CONFIGURATION_DIGITS,
    TARGET_BYTES = LONG + TIGHT + ENTITY_CAP + TIGHT + KIND_CAP,
    REASON_BYTES = HIGH + TARGET_BYTES + 2 * MEASURE_BYTES + 2 * WORDS_BYTES + PATTERNS_BYTES,
    SPLICE_BYTES = UINTS_BYTES + METADATA_BYTES + DEVICE_BYTES + HIGH + DETAILS_CAP +
                   VD_SCORE_REASONS_MAX * REASON_BYTES,
};
_Static_assert(SPLICE_BYTES <= (int)VD_SPLICE_MAX_BYTES, "no splice is longer than its header says");
_Static_assert(DEVICE_BYTES <= (int)VD_SPLICE_PART_BYTES, "the device is the longest part");
_Static_assert(METADATA_BYTES + (int)VD_SPLICE_PART_BYTES <= (int)VD_SPLICE_MAX_BYTES,
               "a whole part fits behind whatever stands before the last one");

/* The longest beginning of text that is at most cap bytes and ends at a character's edge. */
static struct vd_bytes cut(struct vd_bytes text, size_t cap)
{
    if (text.len <= cap)
        return text;
    while (cap > 0 && (text.data[cap] & 0xc0) == 0x80)
        cap--;
    return vd_bytes_of(text.data, cap);
}

static uint8_t *text_put(uint8_t *at, uint32_t number, struct vd_bytes text, size_t cap)
{
    return text.len == 0 ? at : vd_wire_put_bytes(at, number, cut(text, cap));
}

/* A sub-message is written in place: two bytes are kept for its length, and given back if one is enough. */
struct nest {
    uint8_t *length;
};

static uint8_t *nest_open(struct nest *nest, uint8_t *at, uint32_t number)
{
    nest->length = vd_wire_put_tag(at, number, VD_WIRE_BYTES);
    return nest->length + 2;
}

static uint8_t *nest_close(const struct nest *nest, uint8_t *end)
{
    size_t len = (size_t)(end - nest->length) - 2;
    uint8_t *content = vd_wire_put_varint(nest->length, len);
    if (content == nest->length + 2)
        return end;
    memmove(content, content + 1, len);
    return end - 1;
}

static size_t decimal(uint64_t value, char *out)
{
    char digits[SEQ_MAX_DIGITS];
    size_t len = 0;
    do
        digits[len++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    for (size_t i = 0; i < len; i++)
        out[i] = digits[len - 1 - i];
    return len;
}

size_t vd_event_uid(const uint8_t *stream, uint64_t seq, char *out)
{
    static const char HEX[] = "0123456789abcdef";
    for (size_t i = 0; i < VD_STREAM_BYTES; i++) {
        out[2 * i] = HEX[stream[i] >> 4];
        out[2 * i + 1] = HEX[stream[i] & 15];
    }
    out[STREAM_HEX_BYTES] = '-';
    size_t len = STREAM_HEX_BYTES + 1 + decimal(seq, out + STREAM_HEX_BYTES + 1);
    out[len] = '\0';
    return len;
}

/* The uid as far as it is every event's: its tag, a length that only the number completes, and the stream. */
enum { UID_STEM_BYTES = STREAM_HEX_BYTES + 1 };
static uint8_t *uid_stem_put(uint8_t *at, const uint8_t *stream)
{
    char uid[VD_EVENT_UID_BYTES];
    if (stream == NULL)
        return at;
    vd_event_uid(stream, 0, uid);
    return vd_wire_put_bytes(at, METADATA_UID, vd_bytes_of(uid, UID_STEM_BYTES));
}

static uint8_t *device_put(uint8_t *at, struct vd_bytes agent)
{
    if (agent.len == 0)
        return at;
    struct nest device;
    at = nest_open(&device, at, EVENT_DEVICE);
    at = vd_wire_put_bytes(at, DEVICE_UID, agent);
    at = vd_wire_put_bytes(at, DEVICE_HOSTNAME, agent);
    return nest_close(&device, at);
}

static void part_end(struct vd_splice_part *part, const uint8_t *end)
{
    part->len = (size_t)(end - part->bytes);
}

void vd_splice_frame_init(struct vd_splice_frame *out, const struct vd_splice *splice)
{
    *out = (struct vd_splice_frame){0};
    uint8_t *uid = uid_stem_put(out->uid.bytes, splice->stream), *behind = out->behind.bytes;
    uint8_t *before =
        vd_wire_put_bytes(out->before.bytes, METADATA_TENANT_UID, cut(splice->tenant, NAME_CAP));
    before = vd_wire_put_uint(before, METADATA_PROCESSED_TIME, (uint64_t)splice->processed_time_ms);
    if (splice->stream != NULL)
        behind = vd_wire_put_bytes(behind, METADATA_STREAM_UID,
                                   vd_bytes_of(out->uid.bytes + TIGHT, STREAM_HEX_BYTES));
    part_end(&out->uid, uid);
    part_end(&out->before, before);
    part_end(&out->behind, behind);
    part_end(&out->device, device_put(out->device.bytes, cut(splice->agent, NAME_CAP)));
}

/* Whole, since that is a few instructions where its length is not; the next part lies over the rest. */
static uint8_t *part_put(uint8_t *at, const struct vd_splice_part *part)
{
    memcpy(at, part->bytes, sizeof part->bytes);
    return at + part->len;
}

static uint8_t *metadata_put(uint8_t *at, const struct vd_splice_frame *frame, uint64_t seq)
{
    struct nest metadata;
    at = nest_open(&metadata, at, EVENT_METADATA);
    if (seq != 0 && frame->uid.len > 0) {
        uint8_t *uid = at;
        at = part_put(at, &frame->uid);
        at += decimal(seq, (char *)at);
        uid[1] = (uint8_t)(at - uid - TIGHT);
    }
    at = part_put(at, &frame->before);
    at = vd_wire_put_uint(at, METADATA_SEQUENCE, seq);
    at = part_put(at, &frame->behind);
    return nest_close(&metadata, at);
}

/* An anomaly or a baseline: one parameter, seen once. */
struct measure {
    uint32_t number;
    const char *parameter, *type;
    struct vd_bytes pattern; /* may be empty */
    double value;
};

static uint8_t *measure_put(uint8_t *at, const struct measure *measure)
{
    struct nest anomaly, observation;
    at = nest_open(&anomaly, at, measure->number);
    at = text_put(at, ANOMALY_PARAMETER, vd_bytes_str(measure->parameter), FEATURE_CAP);
    at = text_put(at, ANOMALY_TYPE, vd_bytes_str(measure->type), TYPE_CAP);
    at = text_put(at, ANOMALY_PATTERN, measure->pattern, VALUE_CAP);
    at = nest_open(&observation, at, ANOMALY_OBSERVATIONS);
    at = vd_wire_put_double(at, OBSERVATION_VALUE, measure->value);
    at = vd_wire_put_uint(at, OBSERVATION_COUNT, 1);
    at = nest_close(&observation, at);
    return nest_close(&anomaly, at);
}

/* What the observed and the expected value are, "count in 300 s". */
struct types {
    char observed[TYPE_CAP + 1], expected[TYPE_CAP + 1];
};

/* what: at most 28 bytes, as 32 bits are at most 10 digits. */
static void type_window(char out[TYPE_CAP + 1], const char *what, uint32_t seconds)
{
    char *end = stpcpy(out, what);
    end += decimal(seconds, end);
    memcpy(end, " s", sizeof " s");
}

static struct types types_of(const struct vd_reason *reason)
{
    struct types types;
    char what[TYPE_CAP + 1];
    switch (reason->kind) {
    case VD_REASON_DISTINCT:
        snprintf(what, sizeof what, "%.24s in ", reason->what);
        type_window(types.observed, what, reason->window_seconds);
        memcpy(types.expected, types.observed, sizeof types.expected);
        break;
    case VD_REASON_FIRST:
        snprintf(types.observed, sizeof types.observed, "first %s", reason->what);
        snprintf(types.expected, sizeof types.expected, "share of first ones");
        break;
    case VD_REASON_RARE:
        type_window(types.observed, "of 1000 windows of ", reason->window_seconds);
        memcpy(types.expected, types.observed, sizeof types.expected);
        break;
    case VD_REASON_BESIDE:
        type_window(types.observed, "evidence in ", reason->window_seconds);
        type_window(types.expected, "median in ", reason->window_seconds);
        break;
    case VD_REASON_RATE:
    default:
        type_window(types.observed, "count in ", reason->window_seconds);
        type_window(types.expected, "mean in ", reason->window_seconds);
        break;
    }
    return types;
}

static uint8_t *reason_put(uint8_t *at, const struct vd_reason *reason, uint32_t configuration)
{
    struct types types = types_of(reason);
    char hash[CONFIGURATION_DIGITS + 1];
    snprintf(hash, sizeof hash, "%08" PRIx32, configuration);
    const struct measure measures[] = {
        {ANALYSIS_ANOMALIES, reason->feature, types.observed, reason->value, reason->observed},
        {ANALYSIS_ANOMALIES, "surprise", "-log10 p", vd_bytes_str(reason->late ? "late" : ""),
         reason->surprise},
        {ANALYSIS_BASELINES, reason->feature, types.expected, {0}, reason->expected},
        {ANALYSIS_BASELINES, "maturity", "0 to 1", vd_bytes_str(hash), reason->maturity},
    };
    struct nest analysis, target;
    at = nest_open(&analysis, at, EVENT_ANOMALY_ANALYSES);
    at = nest_open(&target, at, ANALYSIS_TARGETS);
    at = text_put(at, TARGET_NAME, reason->entity, ENTITY_CAP);
    at = text_put(at, TARGET_TYPE, vd_bytes_str(reason->entity_kind), KIND_CAP);
    at = nest_close(&target, at);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        at = measure_put(at, &measures[i]);
    return nest_close(&analysis, at);
}

static uint8_t *score_put(uint8_t *at, const struct vd_score *score, struct vd_bytes details)
{
    assert(score->reason_count <= VD_SCORE_REASONS_MAX);
    at = vd_wire_put_uint(at, EVENT_RISK_SCORE, (uint64_t)score->risk_score);
    at = vd_wire_put_uint(at, EVENT_RISK_LEVEL_ID, (uint64_t)score->risk_level_id);
    at = vd_wire_put_uint(at, EVENT_IS_ALERT, score->is_alert);
    at = text_put(at, EVENT_RISK_DETAILS, details, DETAILS_CAP);
    for (uint32_t i = 0; i < score->reason_count; i++)
        at = reason_put(at, &score->reasons[i], score->configuration);
    return at;
}

size_t vd_event_splice_write(const struct vd_splice *splice, uint8_t *out)
{
    struct vd_splice_frame own;
    const struct vd_splice_frame *frame = splice->frame;
    int64_t type_uid = (int64_t)splice->class_uid * 100 + splice->activity_id;
    if (frame == NULL) {
        vd_splice_frame_init(&own, splice);
        frame = &own;
    }
    uint8_t *at = metadata_put(out, frame, splice->seq);
    at = part_put(at, &frame->device);
    at = vd_wire_put_uint(at, EVENT_CATEGORY_UID, (uint64_t)(splice->class_uid / 1000));
    at = vd_wire_put_uint(at, EVENT_TYPE_UID, (uint64_t)type_uid);
    if (splice->score != NULL)
        at = score_put(at, splice->score, splice->risk_details);
    return (size_t)(at - out);
}

/* A splice begins with its metadata, and has no second. */
struct vd_bytes vd_event_unspliced(struct vd_bytes event)
{
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field;
    const uint8_t *splice = event.data, *begin = w.at;
    for (; vd_wire_next(&w, &field); begin = w.at)
        if (field.number == EVENT_METADATA)
            splice = begin;
    return w.bad || splice == event.data ? (struct vd_bytes){0}
                                         : vd_bytes_of(event.data, (size_t)(splice - event.data));
}

static bool is_of_score(uint32_t number)
{
    return number == EVENT_RISK_SCORE || number == EVENT_RISK_LEVEL_ID || number == EVENT_IS_ALERT ||
           number == EVENT_RISK_DETAILS || number == EVENT_ANOMALY_ANALYSES;
}

int vd_event_rescore(struct vd_bytes event, const struct vd_score *score, struct vd_bytes details,
                     struct vd_buffer *out)
{
    uint8_t ours[VD_SPLICE_MAX_BYTES];
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field;
    int rc = 0;
    for (const uint8_t *from = w.at; rc == 0 && vd_wire_next(&w, &field); from = w.at)
        if (!is_of_score(field.number))
            rc = vd_buffer_append(out, from, (size_t)(w.at - from));
    if (w.bad)
        return VD_EMALFORMED;
    if (rc == 0)
        rc = vd_buffer_append(out, ours, (size_t)(score_put(ours, score, details) - ours));
    return rc;
}
