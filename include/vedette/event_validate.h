/* Whether an event from an agent may go on: a walk of the wire bytes along the schema, before anything else
 * touches it.
 *
 * Refused: what is no protobuf; unknown fields; wrong wire types; bad UTF-8 or a NUL in a string; fields that
 * only the collector may set (PROTOCOL.md section 6); more than VD_VALIDATE_* of anything; a class or a time
 * that cannot be. Pure; any thread. */
#ifndef VEDETTE_EVENT_VALIDATE_H
#define VEDETTE_EVENT_VALIDATE_H

#include <vedette/event_view.h>

enum {
    VD_VALIDATE_FIELDS_MAX = 512, /* of one event, all depths together */
    VD_VALIDATE_DEPTH_MAX = 6,
    VD_VALIDATE_STRING_MAX_BYTES = 64 * 1024,
    VD_VALIDATE_UNMAPPED_MAX = 64, /* entries of Event.unmapped */
};
#define VD_VALIDATE_EARLIEST_MS 946684800000 /* 2000-01-01: before it no event can have been */
#define VD_VALIDATE_FUTURE_MAX_MS                                                                            \
    86400000 /* a stamp further ahead of the collector's clock is impossible                                 \
              */

struct vd_refusal {
    const char *reason; /* static, for people and for a metric's label: "unknown field" */
    char path[64];      /* where: "src_endpoint.99", cut to fit */
};

struct vd_validate_limits {
    uint32_t event_max_bytes;
};

/* 0 with *out filled, as by vd_event_view_read; or VD_EREFUSED with *why filled. now_ms: the collector's
 * clock. */
int vd_event_validate(struct vd_event_view *out, struct vd_bytes event,
                      const struct vd_validate_limits *limits, int64_t now_ms, struct vd_refusal *why);

#endif
