/* Events to OCSF JSON: unpacked by protobuf-c into the caller's arena, then walked along the plan. */
#include <vedette/event_json.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_flatten.h>
#include <vedette/utf8.h>

#include "event_json_names.h"
#include "event_json_scratch.h"
#include "event_json_text.h"

struct writer {
    struct json_text text;
    struct event_json_scratch *scratch;
};

static void write_message(struct writer *w, const struct event_json_message *plan,
                          const ProtobufCMessage *message);

/* A string as valid UTF-8: protobuf-c does not look, and what is written must be JSON whoever made the event.
 * A NUL inside a string cuts it here, because protobuf-c's strings end there; the validator refuses such
 * events before. */
static struct vd_bytes repaired(struct writer *w, struct vd_bytes raw)
{
    enum { REPAIRED_MAX = 3 }; /* bytes that one bad byte becomes */
    if (vd_utf8_valid(raw))
        return raw;
    uint8_t *text = event_json_alloc(w->scratch, raw.len * REPAIRED_MAX);
    if (text == NULL) {
        json_text_fail(&w->text, w->scratch->error);
        return vd_bytes_of(NULL, 0);
    }
    return vd_bytes_of(text, vd_utf8_repair(raw, text, raw.len * REPAIRED_MAX));
}

static void write_string(struct writer *w, const char *string)
{
    struct vd_bytes raw = vd_bytes_str(string);
    if (!json_text_plain_string(&w->text, raw))
        json_text_string(&w->text, repaired(w, raw));
}

/* A map of entries (key, value). Of equal keys the last counts, as protobuf says; the keys are compared as
 * they will read, so that no object has a name twice. */
static void write_map(struct writer *w, size_t count, ProtobufCMessage *const *entries)
{
    if (count > VD_EVENT_JSON_UNMAPPED_MAX) { /* the comparison is quadratic */
        json_text_fail(&w->text, VD_ELIMIT);
        return;
    }
    struct vd_bytes *keys = event_json_alloc(w->scratch, count * sizeof *keys);
    if (keys == NULL) {
        json_text_fail(&w->text, w->scratch->error);
        return;
    }
    char before = '{';
    for (size_t i = 0; i < count; i++)
        keys[i] = repaired(w, vd_bytes_str(((const Vedette__V1__Event__UnmappedEntry *)entries[i])->key));
    for (size_t i = 0; i < count; i++) {
        size_t later = i + 1;
        while (later < count && !vd_bytes_equal(keys[i], keys[later]))
            later++;
        if (later < count)
            continue;
        json_text_byte(&w->text, before);
        json_text_string(&w->text, keys[i]);
        json_text_byte(&w->text, ':');
        write_string(w, ((const Vedette__V1__Event__UnmappedEntry *)entries[i])->value);
        before = ',';
    }
    json_text_byte(&w->text, '}');
}

static void write_array(struct writer *w, const struct event_json_field *field, size_t count, void *elements)
{
    char before = '[';
    for (size_t i = 0; i < count; i++) {
        json_text_byte(&w->text, before);
        before = ',';
        if (field->kind == EVENT_JSON_MESSAGE) {
            write_message(w, field->message, ((ProtobufCMessage *const *)elements)[i]);
        } else if (field->inner.len == 0) {
            write_string(w, ((char *const *)elements)[i]);
        } else {
            json_text_raw(&w->text, "{\"", 2);
            json_text_raw(&w->text, field->inner.data, field->inner.len);
            json_text_raw(&w->text, "\":", 2);
            write_string(w, ((char *const *)elements)[i]);
            json_text_byte(&w->text, '}');
        }
    }
    json_text_byte(&w->text, ']');
}

static void write_value(struct writer *w, const struct event_json_field *field, const void *at)
{
    switch (field->kind) {
    case EVENT_JSON_INT32:
        json_text_int(&w->text, *(const int32_t *)at);
        break;
    case EVENT_JSON_INT64:
        json_text_int(&w->text, *(const int64_t *)at);
        break;
    case EVENT_JSON_BOOL:
        json_text_raw(&w->text, *(const protobuf_c_boolean *)at ? "true" : "false",
                      *(const protobuf_c_boolean *)at ? 4 : 5);
        break;
    case EVENT_JSON_DOUBLE:
        json_text_byte(&w->text, '"');
        json_text_double(&w->text, *(const double *)at);
        json_text_byte(&w->text, '"');
        break;
    case EVENT_JSON_STRING:
        write_string(w, *(char *const *)at);
        break;
    case EVENT_JSON_MESSAGE:
        write_message(w, field->message, *(ProtobufCMessage *const *)at);
        break;
    case EVENT_JSON_MAP:
        break; /* always repeated */
    }
}

/* proto3: a zero is absent, save in a oneof, which says itself whether it is there. */
static bool is_present(const struct event_json_field *field, const ProtobufCMessage *message)
{
    const void *at = event_json_at(field, message), *quantifier = event_json_quantifier_at(field, message);
    if (field->repeated)
        return *(const size_t *)quantifier > 0;
    if (field->oneof_case != 0)
        return *(const uint32_t *)quantifier == field->oneof_case;
    switch (field->kind) {
    case EVENT_JSON_INT32:
        return *(const int32_t *)at != 0;
    case EVENT_JSON_INT64:
        return *(const int64_t *)at != 0;
    case EVENT_JSON_BOOL:
        return *(const protobuf_c_boolean *)at != 0;
    case EVENT_JSON_DOUBLE:
        return *(const double *)at != 0;
    case EVENT_JSON_STRING:
        return *(char *const *)at != NULL && (*(char *const *)at)[0] != '\0';
    case EVENT_JSON_MESSAGE:
    case EVENT_JSON_MAP:
        break;
    }
    return *(ProtobufCMessage *const *)at != NULL;
}

static void write_field(struct writer *w, const struct event_json_field *field,
                        const ProtobufCMessage *message)
{
    const void *at = event_json_at(field, message);
    if (!field->repeated) {
        write_value(w, field, at);
        if (field->inner.len > 0)
            json_text_byte(&w->text, '}');
        return;
    }
    size_t count = *(const size_t *)event_json_quantifier_at(field, message);
    void *elements = *(void *const *)at;
    if (field->kind == EVENT_JSON_MAP)
        write_map(w, count, elements);
    else
        write_array(w, field, count, elements);
}

/* Recursion ends with the schema, which has none. */
static void write_message(struct writer *w, const struct event_json_message *plan,
                          const ProtobufCMessage *message)
{
    json_text_byte(&w->text, '{');
    size_t comma = 1; /* bytes of an opening that its message's first member leaves out */
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct event_json_field *field = &plan->fields[i];
        if (!is_present(field, message))
            continue;
        json_text_raw(&w->text, field->opening + comma, field->opening_len - comma);
        comma = 0;
        write_field(w, field, message);
    }
    json_text_byte(&w->text, '}');
}

static void *allocate(void *scratch, size_t len)
{
    return event_json_alloc(scratch, len);
}

/* The arena forgets everything at once. */
static void forget(void *scratch, void *memory)
{
    (void)scratch;
    (void)memory;
}

int vd_event_json_write(struct vd_bytes event, struct vd_arena *scratch, struct vd_buffer *out)
{
    struct event_json_scratch heap = {.arena = scratch};
    ProtobufCAllocator allocator = {.alloc = allocate, .free = forget, .allocator_data = &heap};
    struct writer w = {.scratch = &heap};
    const struct event_json_message *plan = event_json_plan();
    /* A spliced event has sub-messages in pieces, which protobuf-c would not merge whole. */
    int rc = vd_event_flatten(event, scratch, &event);
    /* Fields that the schema does not know stay behind: JSON has no names for them. */
    ProtobufCMessage *message =
        rc == 0 ? protobuf_c_message_unpack(plan->descriptor, &allocator, event.len, event.data) : NULL;
    if (rc == 0)
        rc = VD_EMALFORMED;
    if (message != NULL) {
        json_text_begin(&w.text, out);
        write_message(&w, plan, message);
        rc = json_text_finish(&w.text);
    } else if (heap.error != 0) {
        rc = heap.error;
    }
    vd_arena_reset(scratch);
    return rc;
}
