/* OCSF JSON to events: one pass over the text along the plan of names fills the generated structs, which are
 * then packed. */
#include <vedette/event_json.h>

#include <event.pb-c.h>
#include <stdio.h>
#include <vedette/error.h>

#include "event_json_names.h"
#include "event_json_scan.h"

/* Where a value stands, from the inside out; lives on the stack of the walk. */
struct place {
    const struct place *up;
    struct vd_bytes name; /* data NULL: an element of up, number index */
    size_t index;
};

struct reader {
    struct json_scan scan;
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
    int len = place->name.data == NULL ? snprintf(out + used, cap - used, "[%zu]", place->index)
                                       : snprintf(out + used, cap - used, "%s%.*s", used > 0 ? "." : "",
                                                  (int)(place->name.len < cap ? place->name.len : cap),
                                                  (const char *)place->name.data);
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

/* As refuse(), but a text that stops in the middle is best told so. */
static int refuse_next(struct reader *r, const struct place *place, const char *what)
{
    json_scan_peek(&r->scan);
    return refuse(r, place, r->scan.at == r->scan.end ? "the text ends too early" : what);
}

static int scanned(struct reader *r, int rc, const struct place *place)
{
    return rc == VD_EMALFORMED ? refuse_next(r, place, r->scan.wrong) : rc;
}

/* --- scalars --- */

static int read_int32(struct reader *r, int32_t *out, const struct place *place)
{
    int64_t value;
    int rc = scanned(r, json_scan_integer(&r->scan, &value), place);
    if (rc != 0)
        return rc;
    *out = (int32_t)value;
    return value == *out ? 0 : refuse(r, place, "out of range");
}

static int read_bool(struct reader *r, protobuf_c_boolean *out, const struct place *place)
{
    *out = json_scan_take(&r->scan, "true");
    return *out || json_scan_take(&r->scan, "false") ? 0 : refuse_next(r, place, "expected true or false");
}

static int terminate(struct reader *r, struct vd_bytes text, char **out)
{
    *out = event_json_alloc(&r->scratch, text.len + 1);
    if (*out == NULL)
        return r->scratch.error;
    if (text.len > 0)
        memcpy(*out, text.data, text.len);
    (*out)[text.len] = '\0';
    return 0;
}

static int read_string(struct reader *r, char **out, const struct place *place)
{
    struct vd_bytes text;
    int rc = scanned(r, json_scan_string(&r->scan, &text), place);
    return rc != 0 ? rc : terminate(r, text, out);
}

static int read_double(struct reader *r, double *out, const struct place *place)
{
    static const char expected[] = "expected a number in a string";
    char *text;
    if (json_scan_peek(&r->scan) != '"')
        return refuse_next(r, place, expected);
    int rc = read_string(r, &text, place);
    if (rc != 0)
        return rc;
    return json_scan_double(text, out) ? 0 : refuse(r, place, expected);
}

/* --- structure --- */

static int read_message(struct reader *r, const struct event_json_message *plan, ProtobufCMessage **out,
                        const struct place *place);

static int read_value(struct reader *r, const struct event_json_field *field, void *at,
                      const struct place *place)
{
    switch (field->kind) {
    case EVENT_JSON_INT32:
        return read_int32(r, at, place);
    case EVENT_JSON_INT64:
        return scanned(r, json_scan_integer(&r->scan, at), place);
    case EVENT_JSON_BOOL:
        return read_bool(r, at, place);
    case EVENT_JSON_DOUBLE:
        return read_double(r, at, place);
    case EVENT_JSON_STRING:
        return read_string(r, at, place);
    case EVENT_JSON_MESSAGE:
    case EVENT_JSON_MAP:
        break;
    }
    return read_message(r, field->message, at, place);
}

static int enter(struct reader *r, const char *mark, const char *expected, const struct place *place)
{
    return json_scan_take(&r->scan, mark) ? 0 : refuse_next(r, place, expected);
}

static int enter_object(struct reader *r, const struct place *place)
{
    return enter(r, "{", "expected an object", place);
}

enum { NEXT = 1 }; /* of next_*(): there is one, and the scan stands before its value; 0 is the end */

/* seen: how many members came before. */
static int next_member(struct reader *r, size_t seen, struct vd_bytes *name, const struct place *place)
{
    if (json_scan_take(&r->scan, "}"))
        return 0;
    if (seen > 0 && !json_scan_take(&r->scan, ","))
        return refuse_next(r, place, "expected ',' or '}'");
    if (json_scan_peek(&r->scan) != '"')
        return refuse_next(r, place, "expected a name");
    int rc = scanned(r, json_scan_string(&r->scan, name), place);
    if (rc != 0)
        return rc;
    return json_scan_take(&r->scan, ":") ? NEXT : refuse_next(r, place, "expected ':'");
}

static int next_element(struct reader *r, size_t seen, const struct place *place)
{
    if (json_scan_take(&r->scan, "]"))
        return 0;
    if (seen > 0 && !json_scan_take(&r->scan, ","))
        return refuse_next(r, place, "expected ',' or ']'");
    return NEXT;
}

/* A value that OCSF nests: {"inner": value}. An element must have it; a member may be empty. */
static int read_nested(struct reader *r, const struct event_json_field *field, void *at,
                       const struct place *place)
{
    struct place inside = {.up = place};
    size_t seen = 0;
    int rc = enter_object(r, place);
    if (rc != 0)
        return rc;
    while ((rc = next_member(r, seen, &inside.name, place)) == NEXT) {
        if (!vd_bytes_equal(inside.name, field->inner))
            return refuse(r, &inside, "unknown name");
        if (seen++ > 0)
            return refuse(r, &inside, "name twice");
        rc = read_value(r, field, at, &inside);
        if (rc != 0)
            return rc;
    }
    return rc == 0 && seen == 0 && field->repeated ? refuse(r, place, "empty object") : rc;
}

/* A list of pointers that grows in the arena; what it leaves behind there is less than it holds. */
struct list {
    void **items;
    size_t count, cap;
};

static void **add(struct reader *r, struct list *list)
{
    enum { FIRST = 4 };
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? FIRST : list->cap * 2;
        void **items = event_json_alloc(&r->scratch, cap * sizeof *items);
        if (items == NULL)
            return NULL;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    return &list->items[list->count++];
}

static int read_array(struct reader *r, const struct event_json_field *field, struct list *list,
                      const struct place *place)
{
    struct place inside = {.up = place};
    int rc = enter(r, "[", "expected an array", place);
    if (rc != 0)
        return rc;
    while ((rc = next_element(r, list->count, place)) == NEXT) {
        inside.index = list->count;
        void **item = add(r, list);
        if (item == NULL)
            return r->scratch.error;
        rc =
            field->inner.len > 0 ? read_nested(r, field, item, &inside) : read_value(r, field, item, &inside);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int read_entry(struct reader *r, struct vd_bytes key, void **out, const struct place *place)
{
    Vedette__V1__Event__UnmappedEntry *entry = event_json_alloc(&r->scratch, sizeof *entry);
    if (entry == NULL)
        return r->scratch.error;
    vedette__v1__event__unmapped_entry__init(entry);
    *out = entry;
    int rc = terminate(r, key, &entry->key);
    return rc != 0 ? rc : read_string(r, &entry->value, place);
}

static bool has_key(const struct list *entries, struct vd_bytes key)
{
    for (size_t i = 0; i < entries->count; i++) {
        const Vedette__V1__Event__UnmappedEntry *entry = entries->items[i];
        if (vd_bytes_equal(vd_bytes_str(entry->key), key))
            return true;
    }
    return false;
}

static int read_map(struct reader *r, struct list *list, const struct place *place)
{
    struct place inside = {.up = place};
    int rc = enter_object(r, place);
    if (rc != 0)
        return rc;
    while ((rc = next_member(r, list->count, &inside.name, place)) == NEXT) {
        if (list->count == VD_EVENT_JSON_UNMAPPED_MAX) /* the search for a key is linear */
            return VD_ELIMIT;
        if (has_key(list, inside.name))
            return refuse(r, &inside, "name twice");
        void **item = add(r, list);
        if (item == NULL)
            return r->scratch.error;
        rc = read_entry(r, inside.name, item, &inside);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int read_field(struct reader *r, const struct event_json_field *field, ProtobufCMessage *message,
                      const struct place *place)
{
    void *at = event_json_at(field, message), *quantifier = event_json_quantifier_at(field, message);
    if (field->repeated) {
        struct list list = {0};
        int rc =
            field->kind == EVENT_JSON_MAP ? read_map(r, &list, place) : read_array(r, field, &list, place);
        *(void ***)at = list.items;
        *(size_t *)quantifier = list.count;
        return rc;
    }
    if (field->oneof_case != 0)
        *(uint32_t *)quantifier = field->oneof_case;
    return field->inner.len > 0 ? read_nested(r, field, at, place) : read_value(r, field, at, place);
}

/* The index of the field called name, or the count of fields. */
static size_t find(const struct event_json_message *plan, struct vd_bytes name)
{
    size_t i = 0;
    while (i < plan->field_count && !vd_bytes_equal(plan->fields[i].name, name))
        i++;
    return i;
}

/* Recursion ends with the schema, which has none: what is nested deeper has an unknown name. */
static int read_message(struct reader *r, const struct event_json_message *plan, ProtobufCMessage **out,
                        const struct place *place)
{
    struct place inside = {.up = place};
    bool known[EVENT_JSON_MEMBERS_MAX] = {false};
    size_t seen = 0;
    int rc = enter_object(r, place);
    if (rc != 0)
        return rc;
    ProtobufCMessage *message = event_json_alloc(&r->scratch, plan->descriptor->sizeof_message);
    if (message == NULL)
        return r->scratch.error;
    protobuf_c_message_init(plan->descriptor, message);
    while ((rc = next_member(r, seen++, &inside.name, place)) == NEXT) {
        size_t i = find(plan, inside.name);
        if (i == plan->field_count)
            return refuse(r, &inside, "unknown name");
        if (known[i])
            return refuse(r, &inside, "name twice");
        known[i] = true;
        rc = read_field(r, &plan->fields[i], message, &inside);
        if (rc != 0)
            return rc;
    }
    *out = message;
    return rc;
}

static int pack(const ProtobufCMessage *message, struct vd_buffer *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *where;
    if (len == 0)
        return 0;
    int rc = vd_buffer_reserve(out, len, &where);
    if (rc == 0)
        vd_buffer_commit(out, protobuf_c_message_pack(message, where));
    return rc;
}

int vd_event_json_read(struct vd_bytes json, struct vd_arena *scratch, struct vd_buffer *out, char *error)
{
    struct reader r = {.scratch.arena = scratch, .error = error};
    ProtobufCMessage *event = NULL;
    const uint8_t *begin = json.len > 0 ? json.data : (const uint8_t *)""; /* not a null pointer plus 0 */
    r.scan = (struct json_scan){.at = begin, .end = begin + json.len, .scratch = &r.scratch};
    if (error != NULL)
        error[0] = '\0';
    int rc = read_message(&r, event_json_plan(), &event, NULL);
    if (rc == 0 && (json_scan_peek(&r.scan), r.scan.at != r.scan.end))
        rc = refuse(&r, NULL, "text after the object");
    if (rc == 0)
        rc = pack(event, out);
    vd_arena_reset(scratch);
    return rc;
}
