/* GAP, FORK, SILENCE, VOLUME and TAKEOVER: written as any event is, and read from the wire bytes, in however
 * many pieces they come. */
#include <vedette/gap.h>

#include <inttypes.h>
#include <stdio.h>
#include <vedette/event_view.h>
#include <vedette/session.h>
#include <vedette/utf8.h>
#include <vedette/wire.h>

#include "event_fields.h"

enum { SEVERITY_INFORMATIONAL = 1, SEVERITY_MEDIUM = 3, SEVERITY_HIGH = 4 }; /* OCSF */

/* Texts come from names of files and reasons of libraries: they are cut and repaired, so that no GAP is ever
 * refused for what it says. */
enum { SOURCE_CAP = 128, DETAIL_CAP = 512, MESSAGE_BYTES = 1024, GAP_BYTES = 2816 };

static const struct {
    const char *code, *text;
} REASONS[] = {
#define REASON_ROW(name, code, text) [VD_GAP_##name] = {code, text},
    VD_GAPS(REASON_ROW)
#undef REASON_ROW
};

const char *vd_gap_reason_code(enum vd_gap_reason reason)
{
    return REASONS[reason].code;
}

/* ---- Writing */

struct text {
    char bytes[DETAIL_CAP + 1];
};

static const char *repaired(struct text *out, struct vd_bytes text, size_t cap)
{
    out->bytes[vd_utf8_repair(text, (uint8_t *)out->bytes, cap)] = '\0';
    return out->bytes;
}

static uint8_t *text_put(uint8_t *at, uint32_t number, const char *text)
{
    return text[0] == '\0' ? at : vd_wire_put_bytes(at, number, vd_bytes_str(text));
}

static uint8_t *unmapped_put(uint8_t *at, const char *key, const char *value)
{
    uint8_t entry[64 + DETAIL_CAP];
    if (value[0] == '\0')
        return at;
    uint8_t *end = text_put(text_put(entry, UNMAPPED_KEY, key), UNMAPPED_VALUE, value);
    return vd_wire_put_bytes(at, EVENT_UNMAPPED, vd_bytes_of(entry, (size_t)(end - entry)));
}

static uint8_t *unmapped_put_number(uint8_t *at, const char *key, uint64_t value)
{
    char digits[24] = "";
    if (value > 0)
        snprintf(digits, sizeof digits, "%" PRIu64, value);
    return unmapped_put(at, key, digits);
}

/* What every event of this kind begins with. uid, stream: "" where the collector says them. */
struct opening {
    const char *code, *uid, *stream, *message;
    int64_t time_ms;
    uint64_t severity_id;
};

static uint8_t *opening_put(uint8_t *at, const struct opening *o)
{
    uint8_t metadata[256];
    uint8_t *end = text_put(metadata, METADATA_UID, o->uid);
    end = text_put(end, METADATA_VERSION, "1.8.0");
    end = text_put(end, METADATA_STREAM_UID, o->stream);
    end = text_put(end, METADATA_EVENT_CODE, o->code);
    at = vd_wire_put_uint(at, EVENT_SEVERITY_ID, o->severity_id);
    at = vd_wire_put_uint(at, EVENT_TIME, (uint64_t)o->time_ms);
    at = vd_wire_put_bytes(at, EVENT_METADATA, vd_bytes_of(metadata, (size_t)(end - metadata)));
    return text_put(at, EVENT_MESSAGE, o->message);
}

/* 1204 as "1,204". */
static void grouped(uint64_t value, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
}

static void gap_sentence(const struct vd_gap *gap, const char *source, const char *detail,
                         char out[MESSAGE_BYTES])
{
    char count[32] = "An unknown number of";
    if (gap->count > 0)
        grouped(gap->count, count);
    bool one = gap->count == 1;
    snprintf(out, MESSAGE_BYTES, "%s event%s%s%s %s missing: %s%s%s%s", count, one ? "" : "s",
             source[0] != '\0' ? " of " : "", source, one ? "is" : "are", REASONS[gap->reason].text,
             detail[0] != '\0' ? " (" : "", detail, detail[0] != '\0' ? ")" : "");
}

int vd_gap_write(struct vd_buffer *out, const struct vd_gap *gap)
{
    struct text source_text, detail_text;
    const char *source = repaired(&source_text, gap->source, SOURCE_CAP);
    const char *detail = repaired(&detail_text, gap->detail, DETAIL_CAP);
    char message[MESSAGE_BYTES];
    uint8_t event[GAP_BYTES];
    gap_sentence(gap, source, detail, message);
    uint8_t *at = opening_put(event, &(struct opening){.code = VD_GAP_CODE,
                                                       .uid = "",
                                                       .stream = "",
                                                       .message = message,
                                                       .time_ms = gap->time_ms,
                                                       .severity_id = SEVERITY_MEDIUM});
    at = vd_wire_put_uint(at, EVENT_COUNT, gap->count > INT32_MAX ? INT32_MAX : gap->count);
    at = vd_wire_put_uint(at, EVENT_START_TIME, (uint64_t)gap->start_ms);
    at = vd_wire_put_uint(at, EVENT_END_TIME, (uint64_t)gap->end_ms);
    at = unmapped_put(at, "gap.reason", REASONS[gap->reason].code);
    at = unmapped_put(at, "gap.source", source);
    at = unmapped_put_number(at, "gap.count", gap->count > INT32_MAX ? gap->count : 0);
    at = unmapped_put_number(at, "gap.from", gap->from);
    at = unmapped_put_number(at, "gap.to", gap->to);
    at = unmapped_put(at, "gap.detail", detail);
    return vd_buffer_append(out, event, (size_t)(at - event));
}

int vd_fork_write(struct vd_buffer *out, const struct vd_fork *fork)
{
    struct text stream_text, detail_text;
    const char *stream = repaired(&stream_text, vd_bytes_str(fork->stream), 2 * VD_STREAM_BYTES);
    const char *detail = repaired(&detail_text, vd_bytes_str(fork->detail), DETAIL_CAP);
    char uid[VD_TOLD_UID_BYTES], message[MESSAGE_BYTES];
    uint8_t event[GAP_BYTES];
    snprintf(uid, sizeof uid, "%s-fork-%" PRIu64, stream, fork->mark);
    snprintf(message, sizeof message,
             "Two hosts continue one stream, or one went back in time: the stream is quarantined (%s)",
             detail);
    uint8_t *at = opening_put(event, &(struct opening){.code = VD_FORK_CODE,
                                                       .uid = uid,
                                                       .stream = stream,
                                                       .message = message,
                                                       .time_ms = fork->time_ms,
                                                       .severity_id = SEVERITY_HIGH});
    at = unmapped_put(at, "fork.stream", stream);
    at = unmapped_put_number(at, "fork.mark", fork->mark);
    at = unmapped_put_number(at, "fork.first", fork->first);
    at = unmapped_put_number(at, "fork.next", fork->next);
    at = unmapped_put(at, "fork.detail", detail);
    return vd_buffer_append(out, event, (size_t)(at - event));
}

/* The nearest count; what is none, as a damaged state may say, is 0 or the most. */
static uint64_t whole(double events)
{
    if (!(events > 0))
        return 0;
    return events < 1e18 ? (uint64_t)(events + 0.5) : UINT64_C(1000000000000000000);
}

/* For people: in the largest unit that still says it. */
static void span(uint32_t seconds, char out[32])
{
    if (seconds >= 48 * 3600)
        snprintf(out, 32, "%" PRIu32 " days", seconds / 86400);
    else if (seconds >= 3 * 3600)
        snprintf(out, 32, "%" PRIu32 " h", seconds / 3600);
    else
        snprintf(out, 32, "%" PRIu32 " min", (seconds + 59) / 60);
}

size_t vd_silence_uid(uint64_t id, int64_t since_ms, char *out)
{
    return (size_t)snprintf(out, VD_TOLD_UID_BYTES, "silence-%016" PRIx64 "-%" PRIi64, id, since_ms / 1000);
}

int vd_silence_write(struct vd_buffer *out, const struct vd_silence *silence)
{
    struct text entity_text;
    const char *entity = repaired(&entity_text, silence->entity, SOURCE_CAP);
    char uid[96], message[MESSAGE_BYTES], pause[32], longest[32], known[32], count[32];
    uint8_t event[GAP_BYTES];
    uint64_t expected = whole(silence->expected);
    span((uint32_t)((silence->time_ms - silence->since_ms) / 1000), pause);
    span(silence->longest_seconds, longest);
    span(silence->known_seconds, known);
    grouped(expected, count);
    vd_silence_uid(silence->id, silence->since_ms, uid);
    snprintf(
        message, sizeof message,
        "The %s %s has gone quiet: no event for %s, where %s were expected; its longest pause in %s was %s",
        silence->entity_kind, entity, pause, count, known, longest);
    uint8_t *at = opening_put(event, &(struct opening){.code = VD_SILENCE_CODE,
                                                       .uid = uid,
                                                       .stream = "",
                                                       .message = message,
                                                       .time_ms = silence->time_ms,
                                                       .severity_id = SEVERITY_MEDIUM});
    at = vd_wire_put_uint(at, EVENT_START_TIME, (uint64_t)silence->since_ms);
    at = vd_wire_put_uint(at, EVENT_END_TIME, (uint64_t)silence->time_ms);
    at = unmapped_put(at, "silence.entity_kind", silence->entity_kind);
    at = unmapped_put(at, "silence.entity", entity);
    at = unmapped_put_number(at, "silence.expected", expected);
    at = unmapped_put_number(at, "silence.longest_pause_s", silence->longest_seconds);
    at = unmapped_put_number(at, "silence.known_s", silence->known_seconds);
    return vd_buffer_append(out, event, (size_t)(at - event));
}

size_t vd_volume_uid(uint64_t id, int64_t end_ms, char *out)
{
    return (size_t)snprintf(out, VD_TOLD_UID_BYTES, "volume-%016" PRIx64 "-%" PRIi64, id, end_ms / 1000);
}

/* "412 failed logins of tenant acme in 5 min, where 14 are usual at this hour" */
int vd_volume_write(struct vd_buffer *out, const struct vd_volume *volume)
{
    static const char *const CODES[] = {"rise", "fall", "rhythm"};
    struct text tenant_text;
    const char *tenant = repaired(&tenant_text, volume->tenant, SOURCE_CAP);
    char uid[VD_TOLD_UID_BYTES], message[MESSAGE_BYTES], window[32], observed_text[32], expected_text[32];
    uint8_t event[GAP_BYTES];
    uint64_t observed = whole(volume->observed), expected = whole(volume->expected);
    grouped(observed, observed_text);
    grouped(expected, expected_text);
    span((uint32_t)((volume->end_ms - volume->start_ms) / 1000), window);
    vd_volume_uid(volume->id, volume->end_ms, uid);
    snprintf(message, sizeof message, "%s %s of tenant %s in %s, where %s are usual at this hour%s",
             observed_text, volume->feature, tenant, window, expected_text,
             volume->change == VD_VOLUME_RHYTHM ? ": its rhythm is broken" : "");
    uint8_t *at = opening_put(event, &(struct opening){.code = VD_VOLUME_CODE,
                                                       .uid = uid,
                                                       .stream = "",
                                                       .message = message,
                                                       .time_ms = volume->end_ms,
                                                       .severity_id = SEVERITY_MEDIUM});
    at = vd_wire_put_uint(at, EVENT_START_TIME, (uint64_t)volume->start_ms);
    at = vd_wire_put_uint(at, EVENT_END_TIME, (uint64_t)volume->end_ms);
    at = unmapped_put(at, "volume.change", CODES[volume->change]);
    at = unmapped_put(at, "volume.feature", volume->feature);
    at = unmapped_put(at, "volume.tenant", tenant);
    at = unmapped_put_number(at, "volume.observed", observed);
    at = unmapped_put_number(at, "volume.expected", expected);
    return vd_buffer_append(out, event, (size_t)(at - event));
}

int vd_takeover_write(struct vd_buffer *out, const struct vd_takeover *takeover)
{
    char uid[VD_TOLD_UID_BYTES], message[MESSAGE_BYTES], shard[16];
    uint8_t event[GAP_BYTES];
    snprintf(uid, sizeof uid, "takeover-%" PRId32 "-%" PRId64, takeover->shard, takeover->from);
    snprintf(shard, sizeof shard, "%" PRId32, takeover->shard);
    snprintf(message, sizeof message,
             "Shard %" PRId32 " was taken over, and Kafka had forgotten how its last transaction ended: the "
             "records at offsets %" PRId64 " to %" PRId64 " count",
             takeover->shard, takeover->from, takeover->to - 1);
    uint8_t *at = opening_put(event, &(struct opening){.code = VD_TAKEOVER_CODE,
                                                       .uid = uid,
                                                       .stream = "",
                                                       .message = message,
                                                       .time_ms = takeover->time_ms,
                                                       .severity_id = SEVERITY_INFORMATIONAL});
    at = unmapped_put(at, "takeover.shard", shard);
    at = unmapped_put_number(at, "takeover.from", (uint64_t)takeover->from);
    at = unmapped_put_number(at, "takeover.to", (uint64_t)takeover->to);
    return vd_buffer_append(out, event, (size_t)(at - event));
}

/* ---- Reading: what the view does not have is in `unmapped`, where the last of a key counts. */

struct walk {
    struct vd_gap *gap;
    struct vd_bytes reason;
    bool bad; /* a number that is none, a field of another type */
};

static bool number_read(uint64_t *out, struct vd_bytes text)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return text.len > 0;
}

static void entry_take(struct walk *walk, struct vd_bytes key, struct vd_bytes value)
{
    struct vd_gap *gap = walk->gap;
    const struct {
        const char *key;
        struct vd_bytes *text;
        uint64_t *number;
    } facts[] = {
        {"gap.reason", &walk->reason, NULL}, {"gap.source", &gap->source, NULL},
        {"gap.detail", &gap->detail, NULL},  {"gap.count", NULL, &gap->count},
        {"gap.from", NULL, &gap->from},      {"gap.to", NULL, &gap->to},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (!vd_bytes_equal(key, vd_bytes_str(facts[i].key)))
            continue;
        if (facts[i].text != NULL)
            *facts[i].text = value;
        else
            walk->bad |= !number_read(facts[i].number, value);
    }
}

static void unmapped_read(struct walk *walk, const struct vd_wire_field *entry)
{
    if (entry->type != VD_WIRE_BYTES) {
        walk->bad = true;
        return;
    }
    struct vd_wire w = vd_wire_of(entry->bytes);
    struct vd_wire_field field;
    struct vd_bytes key = {0}, value = {0};
    while (vd_wire_next(&w, &field)) {
        walk->bad |= field.type != VD_WIRE_BYTES;
        if (field.number == UNMAPPED_KEY)
            key = field.bytes;
        else if (field.number == UNMAPPED_VALUE)
            value = field.bytes;
    }
    walk->bad |= w.bad;
    if (!walk->bad)
        entry_take(walk, key, value);
}

static void field_read(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case EVENT_START_TIME:
        walk->gap->start_ms = (int64_t)field->value;
        walk->bad |= field->type != VD_WIRE_VARINT;
        break;
    case EVENT_END_TIME:
        walk->gap->end_ms = (int64_t)field->value;
        walk->bad |= field->type != VD_WIRE_VARINT;
        break;
    case EVENT_UNMAPPED:
        unmapped_read(walk, field);
        break;
    default:
        break;
    }
}

static bool is_base_event(struct vd_event_view *view, struct vd_bytes event, const char *code)
{
    return vd_event_view_read(view, event) == 0 && view->class_uid == 0 &&
           vd_bytes_equal(view->event_code, vd_bytes_str(code));
}

static bool reason_read(struct vd_gap *gap, struct vd_bytes code)
{
    for (int i = 0; i < VD_GAP_REASON_COUNT; i++)
        if (vd_bytes_equal(code, vd_bytes_str(REASONS[i].code))) {
            gap->reason = (enum vd_gap_reason)i;
            return true;
        }
    return false;
}

bool vd_gap_read(struct vd_gap *out, struct vd_bytes event)
{
    struct vd_event_view view;
    *out = (struct vd_gap){0};
    if (!is_base_event(&view, event, VD_GAP_CODE) || view.count < 0)
        return false;
    struct walk walk = {.gap = out};
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field;
    while (!walk.bad && vd_wire_next(&w, &field))
        field_read(&walk, &field);
    out->time_ms = view.time_ms;
    if (out->count == 0)
        out->count = (uint64_t)view.count;
    return !walk.bad && reason_read(out, walk.reason) && (out->from == 0) == (out->to == 0) &&
           out->from <= out->to;
}

bool vd_gap_stands_at(struct vd_bytes event, uint64_t seq)
{
    struct vd_gap gap;
    return vd_gap_read(&gap, event) && gap.from <= seq && gap.to >= seq;
}

bool vd_fork_is(struct vd_bytes event)
{
    struct vd_event_view view;
    return is_base_event(&view, event, VD_FORK_CODE) && view.sequence == 0;
}

static bool is_of_no_stream(struct vd_bytes event, const char *code)
{
    struct vd_event_view view;
    return is_base_event(&view, event, code) && view.sequence == 0 && view.stream_uid.len == 0;
}

bool vd_silence_is(struct vd_bytes event)
{
    return is_of_no_stream(event, VD_SILENCE_CODE);
}

bool vd_volume_is(struct vd_bytes event)
{
    return is_of_no_stream(event, VD_VOLUME_CODE);
}

bool vd_takeover_is(struct vd_bytes event)
{
    return is_of_no_stream(event, VD_TAKEOVER_CODE);
}
