/* Packs messages along their descriptors, for the types and labels that event.proto has. */
#include <vedette/event_write.h>

#include <assert.h>

#include <event.pb-c.h>
#include <vedette/wire.h>

/* The room behind what the buffer holds; `begin` and `at` enclose what is not committed yet. */
struct writer {
    struct vd_buffer *out;
    uint8_t *begin, *at, *end;
    int rc; /* sticky: once it is not 0, there is no room */
};

static void put_message(struct writer *w, const ProtobufCMessage *message);

static bool make_room(struct writer *w, size_t len)
{
    struct vd_buffer *out = w->out;
    if (w->rc != 0)
        return false;
    vd_buffer_commit(out, (size_t)(w->at - w->begin));
    w->rc = vd_buffer_reserve(out, len, &w->at);
    if (w->rc != 0) {
        w->begin = w->at = w->end = NULL;
        return false;
    }
    size_t room = out->cap - out->end, allowed = out->limit - vd_buffer_len(out);
    w->begin = w->at;
    w->end = w->at + (room < allowed ? room : allowed);
    return true;
}

static inline bool has_room(struct writer *w, size_t len)
{
    return (w->at != NULL && (size_t)(w->end - w->at) >= len) || make_room(w, len);
}

/* 7 bits a byte, one byte for none. */
static inline size_t varint_bytes(uint64_t value)
{
    return (size_t)(70 - __builtin_clzll(value | 1)) / 7;
}

static inline uint64_t tag_of(uint32_t id, enum vd_wire_type type)
{
    return (uint64_t)id << 3 | type;
}

static void put_number(struct writer *w, uint32_t id, uint64_t value)
{
    uint64_t tag = tag_of(id, VD_WIRE_VARINT);
    if (has_room(w, varint_bytes(tag) + varint_bytes(value)))
        w->at = vd_wire_put_varint(vd_wire_put_varint(w->at, tag), value);
}

/* To protobuf-c, -0 is 0. */
static bool is_zero(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits << 1 == 0;
}

static void put_double(struct writer *w, uint32_t id, double value)
{
    if (!is_zero(value) && has_room(w, varint_bytes(tag_of(id, VD_WIRE_FIXED64)) + sizeof value))
        w->at = vd_wire_put_double(w->at, id, value);
}

static void put_text(struct writer *w, uint32_t id, struct vd_bytes text)
{
    if (has_room(w, varint_bytes(tag_of(id, VD_WIRE_BYTES)) + varint_bytes(text.len) + text.len))
        w->at = vd_wire_put_bytes(w->at, id, text);
}

static size_t written(const struct writer *w)
{
    return vd_buffer_len(w->out) + (size_t)(w->at - w->begin);
}

/* One byte is kept for the length, which is enough nearly always. */
static void put_nested(struct writer *w, uint32_t id, const ProtobufCMessage *message)
{
    uint64_t tag = tag_of(id, VD_WIRE_BYTES);
    if (!has_room(w, varint_bytes(tag) + 1))
        return;
    w->at = vd_wire_put_varint(w->at, tag) + 1;
    size_t before = written(w);
    put_message(w, message);
    if (w->rc != 0)
        return;
    size_t len = written(w) - before, more = varint_bytes(len) - 1;
    if (!has_room(w, more))
        return;
    uint8_t *content = w->at - len;
    if (more > 0)
        memmove(content + more, content, len);
    vd_wire_put_varint(content - 1, len);
    w->at += more;
}

static inline void put_pointed(struct writer *w, const ProtobufCFieldDescriptor *field, const void *pointed)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        put_text(w, field->id, vd_bytes_str(pointed));
    else
        put_nested(w, field->id, pointed);
}

/* Repeated are only what pointers lead to: no packed numbers. */
static void put_repeated(struct writer *w, const ProtobufCFieldDescriptor *field, size_t count,
                         const void *const *array)
{
    assert(field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE);
    for (size_t i = 0; i < count; i++)
        put_pointed(w, field, array[i]);
}

static uint64_t number_of(const ProtobufCFieldDescriptor *field, const char *member)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        return (uint64_t) * (const int32_t *)member;
    case PROTOBUF_C_TYPE_INT64:
        return (uint64_t) * (const int64_t *)member;
    default:
        assert(field->type == PROTOBUF_C_TYPE_BOOL);
        return *(const protobuf_c_boolean *)member != 0;
    }
}

/* proto3: what is 0 or "" is absent. */
static inline void put_said(struct writer *w, const ProtobufCFieldDescriptor *field, const char *member)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)member;
        if (text != NULL && *text != '\0')
            put_text(w, field->id, vd_bytes_str(text));
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)member;
        if (message != NULL)
            put_nested(w, field->id, message);
    } else if (field->type == PROTOBUF_C_TYPE_DOUBLE) {
        put_double(w, field->id, *(const double *)member);
    } else {
        uint64_t value = number_of(field, member);
        if (value != 0)
            put_number(w, field->id, value);
    }
}

/* In a oneof, 0 says something; there are but numbers. */
static void put_case(struct writer *w, const ProtobufCFieldDescriptor *field, const char *member,
                     uint32_t chosen)
{
    if (chosen == field->id)
        put_number(w, field->id, number_of(field, member));
}

static void put_message(struct writer *w, const ProtobufCMessage *message)
{
    const char *base = (const char *)message;
    const ProtobufCFieldDescriptor *field = message->descriptor->fields;
    const ProtobufCFieldDescriptor *end = field + message->descriptor->n_fields;
    assert(message->n_unknown_fields == 0);
    for (; field < end; field++) {
        const char *member = base + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_repeated(w, field, *(const size_t *)(base + field->quantifier_offset),
                         *(const void *const *const *)member);
        else if (field->flags == PROTOBUF_C_FIELD_FLAG_ONEOF)
            put_case(w, field, member, *(const uint32_t *)(base + field->quantifier_offset));
        else
            put_said(w, field, member);
    }
}

int vd_event_write(struct vd_buffer *out, const struct ProtobufCMessage *message)
{
    struct writer w = {.out = out};
    size_t before = vd_buffer_len(out);
    put_message(&w, message);
    vd_buffer_commit(out, (size_t)(w.at - w.begin));
    if (w.rc != 0)
        out->end = out->begin + before;
    return w.rc;
}
