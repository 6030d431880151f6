/* What an event from an agent may be: a strict walk of its wire bytes, then the values that it left. */
#include <vedette/event_validate.h>

#include <stdio.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/finding.h>

#include "event_walk.h"

struct check {
    struct event_walk walk;
    struct vd_refusal *why;
};

static int refuse(struct vd_refusal *why, const char *path, const char *reason)
{
    why->reason = reason;
    snprintf(why->path, sizeof why->path, "%s", path);
    return VD_EREFUSED;
}

/* ---- What the walk stopped at, in words */

static size_t name_put(char *out, size_t cap, size_t len, const ProtobufCMessageDescriptor *message,
                       uint32_t number)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(message, number);
    const char *dot = len > 0 ? "." : "";
    if (len >= cap)
        return len;
    int more = field != NULL ? snprintf(out + len, cap - len, "%s%s", dot, field->name)
                             : snprintf(out + len, cap - len, "%s%u", dot, number);
    return len + (size_t)more;
}

static size_t path_put(char *out, size_t cap, const struct event_place *place)
{
    if (place->above == NULL)
        return 0;
    size_t len = path_put(out, cap, place->above);
    return name_put(out, cap, len, place->above->message, place->number);
}

static const char *string_fault(struct vd_bytes text)
{
    if (text.len > VD_VALIDATE_STRING_MAX_BYTES)
        return "string too long";
    return memchr(text.data, 0, text.len) != NULL ? "NUL in a string" : "invalid UTF-8";
}

static const char *fault_text(enum event_fault fault, struct vd_bytes text)
{
    switch (fault) {
    case EVENT_FAULT_NONE:
    case EVENT_FAULT_MALFORMED:
        break;
    case EVENT_FAULT_UNKNOWN_FIELD:
        return "unknown field";
    case EVENT_FAULT_WIRE_TYPE:
        return "wrong wire type";
    case EVENT_FAULT_COLLECTORS_OWN:
        return "only the collector may set it";
    case EVENT_FAULT_STRING:
        return string_fault(text);
    case EVENT_FAULT_TOO_MANY_FIELDS:
        return "too many fields";
    case EVENT_FAULT_TOO_MANY_UNMAPPED:
        return "too many unmapped entries";
    }
    return "malformed";
}

static void on_fault(struct event_walk *walk, const struct event_place *place, uint32_t number,
                     enum event_fault fault, struct vd_bytes text)
{
    struct vd_refusal *why = ((struct check *)walk)->why; /* its first member */
    why->reason = fault_text(fault, text);
    why->path[0] = '\0';
    size_t len = path_put(why->path, sizeof why->path, place);
    if (number != 0)
        name_put(why->path, sizeof why->path, len, place->message, number);
}

/* ---- Values */

/* 0 is OCSF's Base Event; else the thousands are one of its eight categories. */
static bool class_possible(int32_t class_uid)
{
    return class_uid == 0 || (class_uid > 1000 && class_uid < 9000 && class_uid % 1000 != 0);
}

static int values_check(const struct vd_event_view *event, int64_t now_ms, struct vd_refusal *why)
{
    if (!class_possible(event->class_uid))
        return refuse(why, "class_uid", "no such class");
    /* type_uid has two digits for it. */
    if (event->activity_id < 0 || event->activity_id > 99)
        return refuse(why, "activity_id", "no such activity");
    if (event->time_ms < VD_VALIDATE_EARLIEST_MS)
        return refuse(why, "time", "time missing or too early");
    if (event->time_ms - VD_VALIDATE_FUTURE_MAX_MS > now_ms)
        return refuse(why, "time", "time in the future");
    /* Another product's detection may come by way of an agent, but not as one of the collector's. */
    if (vd_finding_is(event))
        return refuse(why, "finding_info.uid", fault_text(EVENT_FAULT_COLLECTORS_OWN, event->finding_uid));
    return 0;
}

int vd_event_validate(struct vd_event_view *out, struct vd_bytes event,
                      const struct vd_validate_limits *limits, int64_t now_ms, struct vd_refusal *why)
{
    struct check check = {.walk = {.view = out, .strict = true, .fault = on_fault}, .why = why};
    if (event.len > limits->event_max_bytes)
        return refuse(why, "", "event too large");
    return event_walk(&check.walk, event) ? values_check(out, now_ms, why) : VD_EREFUSED;
}
