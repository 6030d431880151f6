/* OCSF JSON to events: jansson makes a tree of the text, which a walk along the plan of names copies into the
 * generated structs, which are then packed.
 *
 * The text is hostile. Its length is capped before jansson sees it, which bounds the tree, and jansson
 * refuses what is no JSON: broken UTF-8, a NUL, a name twice, nesting beyond its 2048 levels, integers beyond
 * 64 bits. The walk refuses what is no event, and goes no deeper than the schema, which has no recursion. */
#include <assert.h>
#include <vedette/event_json.h>

#include <event.pb-c.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/event_write.h>

#include "event_json_names.h"
#include "event_json_scratch.h"

_Static_assert(sizeof(json_int_t) == sizeof(int64_t), "an integer of jansson's is one of ours");

/* Where a value stands, from the inside out; lives on the stack of the walk. */
struct place {
    const struct place *up;
    const char *name; /* NULL: an element of up, number index */
    size_t index;
};

struct reader {
    struct event_json_scratch scratch;
    char *error; /* VD_JSON_ERROR_BYTES, or NULL */
};

/* --- saying what is wrong --- */

static size_t put_place(const struct place *place, char *out, size_t cap)
{
    if (place == NULL)
        return 0;
    size_t used = put_place(place->up, out, cap);
    if (used >= cap)
        return used;
    int len = place->name == NULL
                  ? snprintf(out + used, cap - used, "[%zu]", place->index)
                  : snprintf(out + used, cap - used, "%s%s", used > 0 ? "." : "", place->name);
    return len < 0 ? used : used + (size_t)len;
}

/* Names come from the text that is refused: an error stays one line of ASCII. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static int refuse(struct reader *r, const struct place *place, const char *what)
{
    if (r->error == NULL)
        return VD_EMALFORMED;
    enum { PLACE_BYTES = VD_JSON_ERROR_BYTES - 50 }; /* so that what is wrong is never cut off */
    char where[PLACE_BYTES] = "";
    put_place(place, where, sizeof where);
    make_printable(where);
    snprintf(r->error, VD_JSON_ERROR_BYTES, "%s%s%s", where, where[0] != '\0' ? ": " : "", what);
    return VD_EMALFORMED;
}

/* Why jansson made no tree. */
static int refuse_text(struct reader *r, const json_error_t *why)
{
    if (why->text[0] == '\0') /* without memory it says nothing */
        return VD_ENOMEM;
    if (r->error == NULL)
        return VD_EMALFORMED;
    snprintf(r->error, VD_JSON_ERROR_BYTES, "line %d, column %d, position %d: %.90s", why->line, why->column,
             why->position, why->text);
    make_printable(r->error);
    return VD_EMALFORMED;
}

/* --- scalars --- */

static int read_int64(struct reader *r, const json_t *value, int64_t *out, const struct place *place)
{
    if (!json_is_integer(value))
        return refuse(r, place, "expected an integer");
    *out = json_integer_value(value);
    return 0;
}

static int read_int32(struct reader *r, const json_t *value, int32_t *out, const struct place *place)
{
    int64_t wide;
    int rc = read_int64(r, value, &wide, place);
    if (rc != 0)
        return rc;
    *out = (int32_t)wide;
    return wide == *out ? 0 : refuse(r, place, "out of range");
}

static int read_bool(struct reader *r, const json_t *value, protobuf_c_boolean *out,
                     const struct place *place)
{
    *out = json_is_true(value);
    return json_is_boolean(value) ? 0 : refuse(r, place, "expected true or false");
}

static int copy(struct reader *r, const char *text, char **out)
{
    size_t size = strlen(text) + 1;
    *out = event_json_alloc(&r->scratch, size);
    if (*out == NULL)
        return r->scratch.error;
    memcpy(*out, text, size);
    return 0;
}

static int read_string(struct reader *r, const json_t *value, char **out, const struct place *place)
{
    return json_is_string(value) ? copy(r, json_string_value(value), out)
                                 : refuse(r, place, "expected a string");
}

/* A whole text as a JSON number: such a one begins and ends at once, where jansson would skip white space. */
static bool parse_number(const char *text, size_t len, double *out)
{
    if (len == 0 || strchr("-0123456789", text[0]) == NULL || strchr("0123456789", text[len - 1]) == NULL)
        return false;
    json_t *number = json_loadb(text, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    bool is_number = json_is_real(number);
    if (is_number)
        *out = json_real_value(number);
    json_decref(number);
    return is_number;
}

/* A number, or one of the names of numbers that JSON lacks. */
static int read_double(struct reader *r, const json_t *value, double *out, const struct place *place)
{
    static const struct {
        const char *name;
        double value;
    } named[] = {{"NaN", NAN}, {"Infinity", HUGE_VAL}, {"-Infinity", -HUGE_VAL}};
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strcmp(text, named[i].name) == 0) {
            *out = named[i].value;
            return 0;
        }
    }
    return parse_number(text, strlen(text), out) ? 0 : refuse(r, place, "expected a number in a string");
}

/* --- structure --- */

static int read_message(struct reader *r, const struct event_json_message *plan, json_t *object,
                        ProtobufCMessage **out, const struct place *place);

static int read_value(struct reader *r, const struct event_json_field *field, json_t *value, void *at,
                      const struct place *place)
{
    switch (field->kind) {
    case EVENT_JSON_INT32:
        return read_int32(r, value, at, place);
    case EVENT_JSON_INT64:
        return read_int64(r, value, at, place);
    case EVENT_JSON_BOOL:
        return read_bool(r, value, at, place);
    case EVENT_JSON_DOUBLE:
        return read_double(r, value, at, place);
    case EVENT_JSON_STRING:
        return read_string(r, value, at, place);
    case EVENT_JSON_MESSAGE:
    case EVENT_JSON_MAP:
        break;
    }
    return read_message(r, field->message, value, at, place);
}

/* A value that OCSF nests: {"inner": value}. An element must have it; a member may be empty. */
static int read_nested(struct reader *r, const struct event_json_field *field, json_t *object, void *at,
                       const struct place *place)
{
    struct place inside = {.up = place};
    json_t *value;
    if (!json_is_object(object))
        return refuse(r, place, "expected an object");
    if (field->repeated && json_object_size(object) == 0)
        return refuse(r, place, "empty object");
    json_object_foreach(object, inside.name, value)
    {
        if (!vd_bytes_equal(vd_bytes_str(inside.name), field->inner))
            return refuse(r, &inside, "unknown name");
        int rc = read_value(r, field, value, at, &inside);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* What a repeated field points to. */
struct list {
    void **items; /* NULL if there are none */
    size_t count; /* that are in it already */
};

static int make_list(struct reader *r, struct list *list, size_t size)
{
    if (size > 0 && (list->items = event_json_alloc(&r->scratch, size * sizeof *list->items)) == NULL)
        return r->scratch.error;
    return 0;
}

static int read_array(struct reader *r, const struct event_json_field *field, json_t *array,
                      struct list *list, const struct place *place)
{
    struct place inside = {.up = place};
    json_t *value;
    if (!json_is_array(array))
        return refuse(r, place, "expected an array");
    int rc = make_list(r, list, json_array_size(array));
    if (rc != 0)
        return rc;
    json_array_foreach(array, inside.index, value)
    {
        void **item = &list->items[list->count++];
        rc = field->inner.len > 0 ? read_nested(r, field, value, item, &inside)
                                  : read_value(r, field, value, item, &inside);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int read_entry(struct reader *r, const json_t *value, void **out, const struct place *place)
{
    assert(out != NULL);
    Vedette__V1__Event__UnmappedEntry *entry = event_json_alloc(&r->scratch, sizeof *entry);
    if (entry == NULL)
        return r->scratch.error;
    vedette__v1__event__unmapped_entry__init(entry);
    *out = entry;
    int rc = copy(r, place->name, &entry->key);
    return rc != 0 ? rc : read_string(r, value, &entry->value, place);
}

static int read_map(struct reader *r, json_t *object, struct list *list, const struct place *place)
{
    struct place inside = {.up = place};
    json_t *value;
    if (!json_is_object(object))
        return refuse(r, place, "expected an object");
    if (json_object_size(object) > VD_EVENT_JSON_UNMAPPED_MAX)
        return VD_ELIMIT;
    int rc = make_list(r, list, json_object_size(object));
    if (rc != 0)
        return rc;
    json_object_foreach(object, inside.name, value)
    {
        rc = read_entry(r, value, &list->items[list->count++], &inside);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int read_field(struct reader *r, const struct event_json_field *field, json_t *value,
                      ProtobufCMessage *message, const struct place *place)
{
    void *at = event_json_at(field, message), *quantifier = event_json_quantifier_at(field, message);
    if (field->repeated) {
        struct list list = {0};
        int rc = field->kind == EVENT_JSON_MAP ? read_map(r, value, &list, place)
                                               : read_array(r, field, value, &list, place);
        *(void ***)at = list.items;
        *(size_t *)quantifier = list.count;
        return rc;
    }
    if (field->oneof_case != 0)
        *(uint32_t *)quantifier = field->oneof_case;
    return field->inner.len > 0 ? read_nested(r, field, value, at, place)
                                : read_value(r, field, value, at, place);
}

/* NULL if no field is called name. */
static const struct event_json_field *find(const struct event_json_message *plan, struct vd_bytes name)
{
    for (size_t i = 0; i < plan->field_count; i++)
        if (vd_bytes_equal(plan->fields[i].name, name))
            return &plan->fields[i];
    return NULL;
}

static int read_message(struct reader *r, const struct event_json_message *plan, json_t *object,
                        ProtobufCMessage **out, const struct place *place)
{
    struct place inside = {.up = place};
    json_t *value;
    if (!json_is_object(object))
        return refuse(r, place, "expected an object");
    ProtobufCMessage *message = event_json_alloc(&r->scratch, plan->descriptor->sizeof_message);
    if (message == NULL)
        return r->scratch.error;
    protobuf_c_message_init(plan->descriptor, message);
    *out = message;
    json_object_foreach(object, inside.name, value)
    {
        const struct event_json_field *field = find(plan, vd_bytes_str(inside.name));
        if (field == NULL)
            return refuse(r, &inside, "unknown name");
        int rc = read_field(r, field, value, message, &inside);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int vd_event_json_read(struct vd_bytes json, struct vd_arena *scratch, struct vd_buffer *out, char *error)
{
    struct reader r = {.scratch.arena = scratch, .error = error};
    ProtobufCMessage *event = NULL;
    json_error_t why;
    if (error != NULL)
        error[0] = '\0';
    if (json.len > VD_EVENT_JSON_MAX_BYTES)
        return VD_ELIMIT;
    const char *text = json.len > 0 ? (const char *)json.data : ""; /* NULL is no text to jansson */
    json_t *tree = json_loadb(text, json.len, JSON_REJECT_DUPLICATES, &why);
    if (tree == NULL)
        return refuse_text(&r, &why);
    int rc = read_message(&r, event_json_plan(), tree, &event, NULL);
    if (rc == 0)
        rc = vd_event_write(out, event);
    json_decref(tree);
    vd_arena_reset(scratch);
    return rc;
}
