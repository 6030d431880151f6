/* The plan of all messages of event.proto: walked once, kept in static memory, so it cannot fail later. */
#include "event_json_names.h"

#include <assert.h>
#include <event.pb-c.h>
#include <pthread.h>
#include <stdio.h>

enum { MESSAGES_MAX = 64, FIELDS_MAX = 320 };

static struct event_json_message messages[MESSAGES_MAX];
static struct event_json_field fields[FIELDS_MAX];
static size_t message_count, field_count;
static const struct event_json_message *event_plan;
static pthread_once_t planned = PTHREAD_ONCE_INIT;

/* What event.proto flattens and OCSF nests. */
static const struct {
    const ProtobufCMessageDescriptor *message;
    const char *field, *name, *inner;
} nested[] = {
    {&vedette__v1__attack__descriptor, "tactic_uid", "tactic", "uid"},
    {&vedette__v1__attack__descriptor, "technique_uid", "technique", "uid"},
    {&vedette__v1__attack__descriptor, "sub_technique_uid", "sub_technique", "uid"},
    {&vedette__v1__finding_info__descriptor, "related_event_uids", "related_events", "uid"},
    {&vedette__v1__process__descriptor, "container_uid", "container", "uid"},
    {&vedette__v1__device__descriptor, "org_uid", "org", "uid"},
    {&vedette__v1__network_endpoint__descriptor, "country", "location", "country"},
    {&vedette__v1__network_endpoint__descriptor, "asn", "autonomous_system", "number"},
};

static const struct event_json_message *plan_message(const ProtobufCMessageDescriptor *descriptor);

/* protobuf-c does not say which fields are maps. */
static bool is_map(const ProtobufCMessageDescriptor *message, const char *name)
{
    return message == &vedette__v1__event__descriptor && strcmp(name, "unmapped") == 0;
}

static enum event_json_kind kind_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
        return EVENT_JSON_INT32;
    case PROTOBUF_C_TYPE_INT64:
        return EVENT_JSON_INT64;
    case PROTOBUF_C_TYPE_BOOL:
        return EVENT_JSON_BOOL;
    case PROTOBUF_C_TYPE_DOUBLE:
        return EVENT_JSON_DOUBLE;
    case PROTOBUF_C_TYPE_STRING:
        return EVENT_JSON_STRING;
    case PROTOBUF_C_TYPE_MESSAGE:
        return EVENT_JSON_MESSAGE;
    default:
        assert(false && "event.proto has a type that JSON has no form for yet");
        return EVENT_JSON_STRING;
    }
}

static void name_field(struct event_json_field *field, const ProtobufCMessageDescriptor *message,
                       const char *name)
{
    const char *outer = name, *inner = NULL;
    for (size_t i = 0; i < sizeof nested / sizeof nested[0]; i++) {
        if (nested[i].message == message && strcmp(nested[i].field, name) == 0) {
            outer = nested[i].name;
            inner = nested[i].inner;
        }
    }
    field->name = vd_bytes_str(outer);
    field->inner = vd_bytes_str(inner);
    /* An array of re-nested values opens its objects one by one. */
    bool opens_inner = inner != NULL && !field->repeated;
    int len = opens_inner ? snprintf(field->opening, sizeof field->opening, ",\"%s\":{\"%s\":", outer, inner)
                          : snprintf(field->opening, sizeof field->opening, ",\"%s\":", outer);
    assert(len > 0 && (size_t)len < sizeof field->opening);
    field->opening_len = (uint8_t)len;
}

static void plan_field(struct event_json_field *field, const ProtobufCMessageDescriptor *message,
                       const ProtobufCFieldDescriptor *from)
{
    *field = (struct event_json_field){
        .kind = is_map(message, from->name) ? EVENT_JSON_MAP : kind_of(from->type),
        .repeated = from->label == PROTOBUF_C_LABEL_REPEATED,
        .oneof_case = (from->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? from->id : 0,
        .offset = from->offset,
        .quantifier_offset = from->quantifier_offset,
    };
    assert(!field->repeated || field->kind >= EVENT_JSON_STRING);
    name_field(field, message, from->name);
    if (from->type == PROTOBUF_C_TYPE_MESSAGE)
        field->message = plan_message(from->descriptor);
}

static const struct event_json_message *plan_message(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < message_count; i++)
        if (messages[i].descriptor == descriptor)
            return &messages[i];
    assert(message_count < MESSAGES_MAX && descriptor->n_fields <= EVENT_JSON_MEMBERS_MAX);
    assert(descriptor->n_fields <= FIELDS_MAX - field_count);
    struct event_json_message *message = &messages[message_count++];
    struct event_json_field *own = &fields[field_count];
    field_count += descriptor->n_fields;
    *message = (struct event_json_message){descriptor, own, descriptor->n_fields};
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        plan_field(&own[i], descriptor, &descriptor->fields[i]);
    return message;
}

static void plan_all(void)
{
    event_plan = plan_message(&vedette__v1__event__descriptor);
}

const struct event_json_message *event_json_plan(void)
{
    pthread_once(&planned, plan_all);
    return event_plan;
}
