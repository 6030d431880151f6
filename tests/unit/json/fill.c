/* Walks the descriptors of event.proto and fills what it finds. */
#include "fill.h"

#include <assert.h>
#include <event.pb-c.h>
#include <stdio.h>

enum { ELEMENTS = 2, TEXT_BYTES = 64 };

struct filler {
    enum fill_style style;
    struct vd_arena *arena;
    int next;
};

static ProtobufCMessage *fill_message(struct filler *f, const ProtobufCMessageDescriptor *descriptor);

static char *fill_text(struct filler *f, const char *name)
{
    static const char *const formats[] = {
        [FILL_DISTINCT] = "%s %d",
        [FILL_LEAST] = "\x01\x1f\"\\/\b\f\n\r\t\x7f%s%d",
        [FILL_MOST] = "%s \xc3\xa9 \xe2\x82\xac \xef\xbf\xbd \xf0\x9f\x9b\xa1 %d",
        [FILL_EMPTY] = "",
    };
    char *text = vd_arena_alloc(f->arena, TEXT_BYTES);
    assert(text != NULL);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(text, TEXT_BYTES, formats[f->style], name, f->next++);
#pragma GCC diagnostic pop
    assert(len < TEXT_BYTES);
    return text;
}

static int64_t fill_number(struct filler *f, int64_t least, int64_t most)
{
    switch (f->style) {
    case FILL_DISTINCT:
        return most - f->next++;
    case FILL_LEAST:
        return least;
    case FILL_MOST:
        return most;
    default:
        return 0;
    }
}

static double fill_double(struct filler *f)
{
    static const double values[] = {
        [FILL_LEAST] = 4.9406564584124654e-324, [FILL_MOST] = -1.7976931348623157e308};
    return f->style == FILL_DISTINCT ? f->next++ + 0.1 : values[f->style % 3];
}

static void fill_value(struct filler *f, const ProtobufCFieldDescriptor *field, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *)at = (int32_t)fill_number(f, INT32_MIN, INT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)at = fill_number(f, INT64_MIN, INT64_MAX);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = f->style != FILL_EMPTY;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)at = fill_double(f);
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = fill_text(f, field->name);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = fill_message(f, field->descriptor);
        break;
    default:
        assert(false && "teach the test this type");
    }
}

static size_t elements_of(const struct filler *f, const ProtobufCFieldDescriptor *field)
{
    /* Of empty keys a map has but one. */
    bool map = strcmp(field->name, "unmapped") == 0;
    return f->style == FILL_EMPTY && map ? 1 : ELEMENTS;
}

static ProtobufCMessage *fill_message(struct filler *f, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = vd_arena_alloc(f->arena, descriptor->sizeof_message);
    assert(message != NULL);
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char *at = (char *)message + field->offset, *quantifier = (char *)message + field->quantifier_offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = elements_of(f, field);
            void **array = vd_arena_alloc(f->arena, count * sizeof *array);
            assert(array != NULL);
            for (size_t j = 0; j < count; j++)
                fill_value(f, field, &array[j]);
            *(void ***)at = array;
            *(size_t *)quantifier = count;
            continue;
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
            *(uint32_t *)quantifier = field->id;
        fill_value(f, field, at);
    }
    return message;
}

void fill_event(enum fill_style style, struct vd_buffer *out)
{
    struct vd_arena arena;
    vd_arena_init(&arena, 64 * 1024, FILL_LIMIT_BYTES);
    struct filler f = {.style = style, .arena = &arena, .next = 1};
    ProtobufCMessage *event = fill_message(&f, &vedette__v1__event__descriptor);
    uint8_t *where;
    size_t len = protobuf_c_message_get_packed_size(event);
    int rc = vd_buffer_reserve(out, len, &where);
    assert(rc == 0);
    (void)rc;
    vd_buffer_commit(out, protobuf_c_message_pack(event, where));
    vd_arena_deinit(&arena);
}

static size_t count_fields(const ProtobufCMessageDescriptor *descriptor)
{
    size_t count = descriptor->n_fields;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            count += count_fields(descriptor->fields[i].descriptor);
    return count;
}

size_t fill_count(void)
{
    return count_fields(&vedette__v1__event__descriptor);
}
