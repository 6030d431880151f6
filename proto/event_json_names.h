/* What the fields of event.proto are called in OCSF JSON: a plan of every message, made once from the
 * generated descriptors, for the writer and the reader alike. Any thread. */
#ifndef VEDETTE_EVENT_JSON_NAMES_H
#define VEDETTE_EVENT_JSON_NAMES_H

#include <protobuf-c/protobuf-c.h>
#include <vedette/bytes.h>

enum event_json_kind {
    EVENT_JSON_INT32,
    EVENT_JSON_INT64,
    EVENT_JSON_BOOL,
    EVENT_JSON_DOUBLE, /* as text: the only one, Observation.value, is a string_t in OCSF */
    EVENT_JSON_STRING,
    EVENT_JSON_MESSAGE,
    EVENT_JSON_MAP, /* of strings to strings: an object whose names are data */
};

/* Above what event.proto has; a schema that outgrows them stops the first test. */
enum { EVENT_JSON_MEMBERS_MAX = 96, EVENT_JSON_OPENING_BYTES = 40 };

/* In the order of the writer's need: most fields of an event are absent, which the first line of cache tells.
 */
struct event_json_field {
    enum event_json_kind kind;
    unsigned offset, quantifier_offset; /* in the generated struct */
    uint32_t oneof_case;                /* 0: in no oneof */
    bool repeated;
    uint8_t opening_len;
    char opening[EVENT_JSON_OPENING_BYTES];   /* ,"name":  or  ,"name":{"inner": */
    const struct event_json_message *message; /* of a message and of a map's entry; else NULL */
    struct vd_bytes name;                     /* of the member */
    struct vd_bytes inner; /* re-nested: the member is an object, and this its only member; else empty */
};

struct event_json_message {
    const ProtobufCMessageDescriptor *descriptor;
    const struct event_json_field *fields; /* by field number */
    size_t field_count;
};

/* The plan of Event, which leads to all others. */
const struct event_json_message *event_json_plan(void);

/* Where a field lies in its generated struct. The struct is the generated code's and the offset its own. */
static inline void *event_json_at(const struct event_json_field *field, const ProtobufCMessage *message)
{
    return (char *)(uintptr_t)message + field->offset;
}

/* Where its count (size_t, if repeated) or its oneof's case (int) lies. */
static inline void *event_json_quantifier_at(const struct event_json_field *field,
                                             const ProtobufCMessage *message)
{
    return (char *)(uintptr_t)message + field->quantifier_offset;
}

#endif
