/* The walk of an event: a table of rules for each place that a message can stand in
 * ("process.parent_process"), made once by following the descriptors.
 *
 * Sub-messages are walked where they stand, so a second occurrence writes over what the first one said:
 * protobuf's merging, for free. The schema is not recursive, so its own depth bounds the recursion. */
#include "event_walk.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/utf8.h>
#include <vedette/wire.h>

#include "event_fields.h"

enum { NODES_MAX = 160, RULES_MAX = 2560, UNKNOWN = 0xff };

enum slot_kind { SLOT_NONE, SLOT_TEXT, SLOT_INT32, SLOT_INT64, SLOT_UNMAPPED };

/* Which field of the view a field of the event fills, by its path. */
struct slot {
    const char *path;
    uint8_t kind;
    uint16_t offset;
};
#define SLOT(path, kind, member)                                                                             \
    {                                                                                                        \
        path, SLOT_##kind, offsetof(struct vd_event_view, member)                                            \
    }
static const struct slot SLOTS[] = {
    SLOT("class_uid", INT32, class_uid),
    SLOT("activity_id", INT32, activity_id),
    SLOT("severity_id", INT32, severity_id),
    SLOT("status_id", INT32, status_id),
    SLOT("time", INT64, time_ms),
    SLOT("message", TEXT, message),
    SLOT("count", INT32, count),
    SLOT("risk_score", INT32, risk_score),
    SLOT("risk_level_id", INT32, risk_level_id),
    SLOT("risk_details", TEXT, risk_details),
    SLOT("metadata.uid", TEXT, uid),
    SLOT("metadata.tenant_uid", TEXT, tenant_uid),
    SLOT("metadata.stream_uid", TEXT, stream_uid),
    SLOT("metadata.event_code", TEXT, event_code),
    SLOT("metadata.processed_time", INT64, processed_ms),
    SLOT("metadata.sequence", INT64, sequence),
    SLOT("device.uid", TEXT, device_uid),
    SLOT("device.hostname", TEXT, device_hostname),
    SLOT("user.name", TEXT, user_name),
    SLOT("actor.user.name", TEXT, actor_user_name),
    SLOT("src_endpoint.ip", TEXT, src_ip),
    SLOT("dst_endpoint.ip", TEXT, dst_ip),
    SLOT("dst_endpoint.port", INT32, dst_port),
    SLOT("process.name", TEXT, process_name),
    SLOT("process.file.path", TEXT, process_path),
    SLOT("process.parent_process.name", TEXT, parent_name),
    SLOT("file.path", TEXT, file_path),
    SLOT("finding_info.uid", TEXT, finding_uid),
    SLOT("finding_info.analytic.uid", TEXT, rule_uid),
    {"unmapped", SLOT_UNMAPPED, 0},
};
#undef SLOT

/* What a field may be, and where it goes. */
struct rule {
    uint8_t wire; /* enum vd_wire_type, or UNKNOWN */
    uint8_t kind; /* enum slot_kind */
    bool is_text, owned;
    uint8_t child; /* the node of a message; 0: none, since the event itself is no field */
    uint16_t offset;
};

struct node {
    const ProtobufCMessageDescriptor *message;
    const struct rule *rules; /* by field number */
    uint32_t rule_count;
};

static struct {
    struct node nodes[NODES_MAX];
    struct rule rules[RULES_MAX];
    size_t node_count, rule_count;
} tables;

/* ---- Making the tables */

#define BIT(number) (UINT64_C(1) << (number))

/* What PROTOCOL.md section 6 keeps for the collector: bits by field number, which is under 64 in these.
 */
static const uint64_t EVENT_OWNED = BIT(EVENT_CATEGORY_UID) | BIT(EVENT_TYPE_UID) | BIT(EVENT_RISK_SCORE) |
                                    BIT(EVENT_RISK_LEVEL_ID) | BIT(EVENT_IS_ALERT) |
                                    BIT(EVENT_CONFIDENCE_ID) | BIT(EVENT_RISK_DETAILS) | BIT(EVENT_ATTACKS) |
                                    BIT(EVENT_OSINT) | BIT(EVENT_OBSERVABLES) | BIT(EVENT_ANOMALY_ANALYSES);
static const uint64_t METADATA_OWNED = BIT(METADATA_PROCESSED_TIME);
static const uint64_t FINDING_OWNED = BIT(FINDING_RELATED_UIDS) | BIT(FINDING_MODIFIED_TIME) |
                                      BIT(FINDING_RELATED_COUNT) | BIT(FINDING_ATTACKS);

static bool collectors_own(const ProtobufCMessageDescriptor *message, uint32_t number)
{
    uint64_t owned = message == &vedette__v1__event__descriptor          ? EVENT_OWNED
                     : message == &vedette__v1__metadata__descriptor     ? METADATA_OWNED
                     : message == &vedette__v1__finding_info__descriptor ? FINDING_OWNED
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

enum { PATH_MAX_BYTES = 128 };

static uint8_t node_make(const ProtobufCMessageDescriptor *message, const char *path);

static void rule_make(struct rule *rule, const ProtobufCMessageDescriptor *message,
                      const ProtobufCFieldDescriptor *field, const char *above)
{
    char path[PATH_MAX_BYTES];
    int len = snprintf(path, sizeof path, "%s%s%s", above, above[0] != '\0' ? "." : "", field->name);
    assert(len > 0 && (size_t)len < sizeof path);
    (void)len;
    rule->wire = (uint8_t)wire_type_of(field->type);
    rule->is_text = field->type == PROTOBUF_C_TYPE_STRING;
    rule->owned = collectors_own(message, field->id);
    for (size_t i = 0; i < sizeof SLOTS / sizeof *SLOTS; i++) {
        if (strcmp(SLOTS[i].path, path) == 0) {
            rule->kind = SLOTS[i].kind;
            rule->offset = SLOTS[i].offset;
        }
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        rule->child = node_make(field->descriptor, path);
}

static uint8_t node_make(const ProtobufCMessageDescriptor *message, const char *path)
{
    uint32_t highest = message->fields[message->n_fields - 1].id; /* protoc-c sorts by number */
    assert(tables.node_count < NODES_MAX && tables.rule_count + highest < RULES_MAX);
    uint8_t number = (uint8_t)tables.node_count++;
    struct rule *rules = &tables.rules[tables.rule_count];
    tables.rule_count += highest + 1;
    tables.nodes[number] = (struct node){.message = message, .rules = rules, .rule_count = highest + 1};
    for (uint32_t i = 0; i <= highest; i++)
        rules[i] = (struct rule){.wire = UNKNOWN};
    for (unsigned i = 0; i < message->n_fields; i++)
        rule_make(&rules[message->fields[i].id], message, &message->fields[i], path);
    return number;
}

static void tables_make(void)
{
    node_make(&vedette__v1__event__descriptor, "");
}

/* ---- Texts */

/* A bit of each byte of a word that is over 127, or 0, or lies behind a 0. */
static inline uint64_t odd_bytes(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (word | (word - ones)) & ones << 7; /* a zero byte borrows */
}

/* Two words of half the size that cover 4 to 7 bytes, in one. */
static inline uint64_t halves(struct vd_bytes text)
{
    uint32_t first, last;
    memcpy(&first, text.data, sizeof first);
    memcpy(&last, text.data + text.len - sizeof last, sizeof last);
    return (uint64_t)last << 32 | first;
}

/* Whether every byte is 1 to 127, eight at a time: of nearly all strings that is all there is to know. */
static inline bool plain(struct vd_bytes text)
{
    uint64_t odd = 0, word;
    if (text.len < sizeof word) {
        if (text.len >= sizeof word / 2)
            return odd_bytes(halves(text)) == 0;
        for (size_t i = 0; i < text.len; i++)
            odd |= text.data[i] | (text.data[i] - 1U);
        return (odd & 0x80) == 0;
    }
    for (size_t i = 0; i + sizeof word <= text.len; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        odd |= odd_bytes(word);
    }
    memcpy(&word, text.data + text.len - sizeof word, sizeof word); /* the rest, and some once more */
    return (odd | odd_bytes(word)) == 0;
}

bool event_text_valid(struct vd_bytes text)
{
    return text.len <= VD_VALIDATE_STRING_MAX_BYTES &&
           (text.len == 0 || memchr(text.data, 0, text.len) == NULL) && vd_utf8_valid(text);
}

/* ---- The walk */

static bool stop(struct event_walk *walk, const struct event_place *place, const struct vd_wire_field *field,
                 enum event_fault fault)
{
    if (walk->fault != NULL)
        walk->fault(walk, place, field != NULL ? field->number : 0, fault,
                    field != NULL ? field->bytes : (struct vd_bytes){0});
    return false;
}

static inline void store(struct event_walk *walk, const struct rule *rule, const struct vd_wire_field *field)
{
    uint8_t *where = (uint8_t *)walk->view + rule->offset;
    int32_t narrow = (int32_t)field->value;
    switch ((enum slot_kind)rule->kind) {
    case SLOT_NONE:
        break;
    case SLOT_TEXT:
        memcpy(where, &field->bytes, sizeof field->bytes);
        break;
    case SLOT_INT32:
        memcpy(where, &narrow, sizeof narrow);
        break;
    case SLOT_INT64:
        memcpy(where, &field->value, sizeof field->value);
        break;
    case SLOT_UNMAPPED:
        walk->unmapped++;
        break;
    }
}

/* What is wrong with a field, whatever is inside it. */
static inline __attribute__((always_inline)) enum event_fault
field_fault(const struct rule *rule, const struct vd_wire_field *field, bool strict)
{
    if (strict && rule->owned)
        return EVENT_FAULT_COLLECTORS_OWN;
    if (rule->wire != field->type)
        return EVENT_FAULT_WIRE_TYPE;
    if (!strict || !rule->is_text)
        return EVENT_FAULT_NONE;
    bool usual = plain(field->bytes) && field->bytes.len <= VD_VALIDATE_STRING_MAX_BYTES;
    return usual || event_text_valid(field->bytes) ? EVENT_FAULT_NONE : EVENT_FAULT_STRING;
}

typedef bool message_walker(struct event_walk *walk, const struct event_place *place, const struct node *node,
                            struct vd_bytes bytes);

/* Compiled twice, once for each kind of walk: what a lenient one never asks costs it nothing. */
static inline __attribute__((always_inline)) bool fields_walk(struct event_walk *walk,
                                                              const struct event_place *place,
                                                              const struct node *node, struct vd_bytes bytes,
                                                              bool strict, message_walker *inside)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field)) {
        const struct rule *rule = &node->rules[field.number < node->rule_count ? field.number : 0];
        if (strict && ++walk->fields > VD_VALIDATE_FIELDS_MAX)
            return stop(walk, place, NULL, EVENT_FAULT_TOO_MANY_FIELDS);
        if (rule->wire == UNKNOWN) {
            if (strict)
                return stop(walk, place, &field, EVENT_FAULT_UNKNOWN_FIELD);
            continue;
        }
        enum event_fault fault = field_fault(rule, &field, strict);
        if (fault != EVENT_FAULT_NONE)
            return stop(walk, place, &field, fault);
        store(walk, rule, &field);
        if (rule->child == 0)
            continue;
        if (strict && walk->unmapped > VD_VALIDATE_UNMAPPED_MAX)
            return stop(walk, place, &field, EVENT_FAULT_TOO_MANY_UNMAPPED);
        const struct node *child = &tables.nodes[rule->child];
        const struct event_place there = {.above = place, .message = child->message, .number = field.number};
        if (!inside(walk, &there, child, field.bytes))
            return false;
    }
    return !w.bad || stop(walk, place, NULL, EVENT_FAULT_MALFORMED);
}

static bool strict_walk(struct event_walk *walk, const struct event_place *place, const struct node *node,
                        struct vd_bytes bytes)
{
    return fields_walk(walk, place, node, bytes, true, strict_walk);
}

static bool lenient_walk(struct event_walk *walk, const struct event_place *place, const struct node *node,
                         struct vd_bytes bytes)
{
    return fields_walk(walk, place, node, bytes, false, lenient_walk);
}

/* In pieces: gcc clears the whole with one `rep stos`, which costs as much as reading five fields. */
static inline void clear(struct vd_event_view *out)
{
    enum { PIECES = 8, PIECE_BYTES = sizeof *out / PIECES };
    _Static_assert(PIECES * PIECE_BYTES == sizeof *out, "the pieces are the whole");
    for (int i = 0; i < PIECES; i++)
        memset((uint8_t *)out + i * PIECE_BYTES, 0, PIECE_BYTES);
}

bool event_walk(struct event_walk *walk, struct vd_bytes event)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, tables_make);
    clear(walk->view);
    const struct node *top = &tables.nodes[0];
    const struct event_place place = {.message = top->message};
    if (!(walk->strict ? strict_walk : lenient_walk)(walk, &place, top, event))
        return false;
    if (walk->view->user_name.len == 0)
        walk->view->user_name = walk->view->actor_user_name;
    return true;
}
