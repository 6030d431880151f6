/* One walk over an event's wire bytes for both who check it and who view it, driven by tables that are made
 * once from the generated descriptors. Private to proto/. */
#ifndef EVENT_WALK_H
#define EVENT_WALK_H

#include <event.pb-c.h>
#include <stdbool.h>
#include <vedette/event_view.h>

/* What the walk stopped at. */
enum event_fault {
    EVENT_FAULT_NONE,
    EVENT_FAULT_MALFORMED,
    EVENT_FAULT_UNKNOWN_FIELD,
    EVENT_FAULT_WIRE_TYPE,
    EVENT_FAULT_COLLECTORS_OWN,
    EVENT_FAULT_STRING,
    EVENT_FAULT_TOO_MANY_FIELDS,
    EVENT_FAULT_TOO_MANY_UNMAPPED,
};

/* Where the walk is: a chain of messages on the stack. */
struct event_place {
    const struct event_place *above; /* NULL: the event itself */
    const ProtobufCMessageDescriptor *message;
    uint32_t number; /* of the field of `above` that this message is */
};

struct event_walk {
    struct vd_event_view *view;
    /* A strict walk refuses unknown fields, the collector's own, bad strings, and too many of anything
     * (VD_VALIDATE_*). */
    bool strict;
    uint32_t fields, unmapped; /* so far */
    /* Called once, with the place still standing; number: the field in it, 0 for the message itself. */
    void (*fault)(struct event_walk *walk, const struct event_place *place, uint32_t number,
                  enum event_fault fault, struct vd_bytes text);
};

/* Clears and fills the view. false: the walk stopped at a fault. */
bool event_walk(struct event_walk *walk, struct vd_bytes event);

/* Whether a string is what a strict walk takes: at most VD_VALIDATE_STRING_MAX_BYTES of UTF-8, no NUL. */
bool event_text_valid(struct vd_bytes text);

#endif
