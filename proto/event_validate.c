/* The walk of an event's wire bytes along the generated descriptors. The schema is not recursive, so its own
 * depth bounds the recursion here (a test holds it to VD_VALIDATE_DEPTH_MAX). */
#include <vedette/event_validate.h>

#include <assert.h>
#include <event.pb-c.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/utf8.h>
#include <vedette/wire.h>

#include "event_fields.h"

struct walk {
    uint32_t fields, unmapped;
    int32_t class_uid, activity_id;
    int64_t time_ms;
    struct vd_refusal *why;
};

/* Where the walk is: a chain of message names on the stack, for the path of a refusal. */
struct place {
    const struct place *above; /* NULL: the event itself */
    const char *name;
    const ProtobufCMessageDescriptor *message;
    int depth;
};

static size_t path_put(char *out, size_t cap, size_t len, const struct place *place)
{
    if (place->above == NULL)
        return len;
    len = path_put(out, cap, len, place->above);
    int more = len < cap ? snprintf(out + len, cap - len, "%s%s", len > 0 ? "." : "", place->name) : 0;
    return len + (size_t)more;
}

/* name: of a field in place, NULL for place itself. */
static int refuse(const struct walk *walk, const struct place *place, const char *name, const char *reason)
{
    const struct place field = {.above = place, .name = name};
    walk->why->reason = reason;
    walk->why->path[0] = '\0';
    path_put(walk->why->path, sizeof walk->why->path, 0, name == NULL ? place : &field);
    return VD_EREFUSED;
}

static const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *message, uint32_t number)
{
    for (unsigned i = 0; i < message->n_field_ranges; i++) {
        const ProtobufCIntRange *range = &message->field_ranges[i];
        uint32_t offset = number - (uint32_t)range->start_value;
        if (offset < range[1].orig_index - range[0].orig_index)
            return &message->fields[range->orig_index + offset];
    }
    return NULL;
}

#define BIT(number) (UINT64_C(1) << (number))

/* What PROTOCOL.md section 6 keeps for the collector: bits by field number, which is under 64 in these two.
 */
static const uint64_t EVENT_OWNED = BIT(EVENT_CATEGORY_UID) | BIT(EVENT_TYPE_UID) | BIT(EVENT_RISK_SCORE) |
                                    BIT(EVENT_RISK_LEVEL_ID) | BIT(EVENT_IS_ALERT) |
                                    BIT(EVENT_CONFIDENCE_ID) | BIT(EVENT_RISK_DETAILS) | BIT(EVENT_ATTACKS) |
                                    BIT(EVENT_OSINT) | BIT(EVENT_OBSERVABLES) | BIT(EVENT_ANOMALY_ANALYSES);
static const uint64_t METADATA_OWNED = BIT(METADATA_PROCESSED_TIME);

static bool collectors_own(const ProtobufCMessageDescriptor *message, uint32_t number)
{
    uint64_t owned = message == &vedette__v1__event__descriptor      ? EVENT_OWNED
                     : message == &vedette__v1__metadata__descriptor ? METADATA_OWNED
                                                                     : 0;
    return number < 64 && (owned >> number & 1) != 0;
}

/* Of the types that event.proto uses; a test sees that it uses no other, and no repeated number. */
static enum vd_wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return VD_WIRE_BYTES;
    case PROTOBUF_C_TYPE_DOUBLE:
        return VD_WIRE_FIXED64;
    default:
        return VD_WIRE_VARINT;
    }
}

/* Whether every byte is 1 to 127, eight at a time: of nearly all strings that is all there is to know. */
static bool plain(struct vd_bytes text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t odd = 0, word;
    size_t i = 0;
    for (; text.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        odd |= (word | (word - ones)) & highs; /* a zero byte borrows */
    }
    for (; i < text.len; i++)
        odd |= (uint64_t)(text.data[i] | (text.data[i] - 1)) & highs;
    return odd == 0;
}

static const char *string_fault(struct vd_bytes text)
{
    if (text.len <= VD_VALIDATE_STRING_MAX_BYTES && plain(text))
        return NULL;
    if (text.len > VD_VALIDATE_STRING_MAX_BYTES)
        return "string too long";
    if (text.len > 0 && memchr(text.data, 0, text.len) != NULL)
        return "NUL in a string";
    return vd_utf8_valid(text) ? NULL : "invalid UTF-8";
}

/* Remembers what is judged once the whole event is read: the last occurrence counts. */
static void note(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case EVENT_CLASS_UID:
        walk->class_uid = (int32_t)field->value;
        break;
    case EVENT_ACTIVITY_ID:
        walk->activity_id = (int32_t)field->value;
        break;
    case EVENT_TIME:
        walk->time_ms = (int64_t)field->value;
        break;
    case EVENT_UNMAPPED:
        walk->unmapped++;
        break;
    default:
        break;
    }
}

/* What is wrong with a known field, whatever is inside it; NULL if nothing. */
static const char *field_fault(struct walk *walk, const struct place *place,
                               const ProtobufCFieldDescriptor *known, const struct vd_wire_field *field)
{
    if (collectors_own(place->message, field->number))
        return "only the collector may set it";
    if (field->type != wire_type_of(known->type))
        return "wrong wire type";
    if (known->type == PROTOBUF_C_TYPE_STRING)
        return string_fault(field->bytes);
    if (place->above == NULL) {
        note(walk, field);
        if (walk->unmapped > VD_VALIDATE_UNMAPPED_MAX)
            return "too many unmapped entries";
    }
    return NULL;
}

static int message_check(struct walk *walk, const struct place *place, struct vd_bytes bytes);

static int field_check(struct walk *walk, const struct place *place, const struct vd_wire_field *field)
{
    const ProtobufCFieldDescriptor *known = field_find(place->message, field->number);
    if (++walk->fields > VD_VALIDATE_FIELDS_MAX)
        return refuse(walk, place, NULL, "too many fields");
    if (known == NULL) {
        char number[12];
        snprintf(number, sizeof number, "%u", field->number);
        return refuse(walk, place, number, "unknown field");
    }
    const char *fault = field_fault(walk, place, known, field);
    if (fault != NULL)
        return refuse(walk, place, known->name, fault);
    if (known->type != PROTOBUF_C_TYPE_MESSAGE)
        return 0;
    const struct place inside = {
        .above = place, .name = known->name, .message = known->descriptor, .depth = place->depth + 1};
    return message_check(walk, &inside, field->bytes);
}

static int message_check(struct walk *walk, const struct place *place, struct vd_bytes bytes)
{
    assert(place->depth <= VD_VALIDATE_DEPTH_MAX);
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    int rc = 0;
    while (rc == 0 && vd_wire_next(&w, &field))
        rc = field_check(walk, place, &field);
    return w.bad ? refuse(walk, place, NULL, "malformed") : rc;
}

/* 0 is OCSF's Base Event; else the thousands are one of its eight categories. */
static bool class_possible(int32_t class_uid)
{
    return class_uid == 0 || (class_uid > 1000 && class_uid < 9000 && class_uid % 1000 != 0);
}

static int values_check(const struct walk *walk, const struct place *event, int64_t now_ms)
{
    if (!class_possible(walk->class_uid))
        return refuse(walk, event, "class_uid", "no such class");
    /* type_uid has two digits for it. */
    if (walk->activity_id < 0 || walk->activity_id > 99)
        return refuse(walk, event, "activity_id", "no such activity");
    if (walk->time_ms < VD_VALIDATE_EARLIEST_MS)
        return refuse(walk, event, "time", "time missing or too early");
    if (walk->time_ms - VD_VALIDATE_FUTURE_MAX_MS > now_ms)
        return refuse(walk, event, "time", "time in the future");
    return 0;
}

int vd_event_validate(struct vd_bytes event, const struct vd_validate_limits *limits, int64_t now_ms,
                      struct vd_refusal *why)
{
    struct walk walk = {.why = why};
    const struct place top = {.message = &vedette__v1__event__descriptor, .depth = 1};
    if (event.len > limits->event_max_bytes)
        return refuse(&walk, &top, NULL, "event too large");
    int rc = message_check(&walk, &top, event);
    return rc != 0 ? rc : values_check(&walk, &top, now_ms);
}
