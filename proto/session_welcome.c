/* WELCOME: what a collector has of each stream and what it allows. */
#include <vedette/session.h>

#include <vedette/error.h>

#include "session_fields.h"

enum {
    WELCOME_VERSION = 1,
    WELCOME_COLLECTOR = 2,
    WELCOME_MARKS = 3,
    WELCOME_CREDIT_LIMIT_BYTES = 4,
    WELCOME_BATCH_MAX_BYTES = 5,
    WELCOME_BATCH_MAX_EVENTS = 6,
    WELCOME_EVENT_MAX_BYTES = 7,
    WELCOME_IDLE_TIMEOUT_MS = 8,
};
enum {
    PAYLOAD_MAX_BYTES = 5 * 6 + 11 + SESSION_TEXT_MAX_BYTES + VD_SESSION_STREAMS_MAX * SESSION_MARK_MAX_BYTES
};
_Static_assert(PAYLOAD_MAX_BYTES <= (int)VD_FRAME_CONTROL_MAX_BYTES, "a WELCOME fits its frame");

static int field_read(void *out, const struct vd_wire_field *field)
{
    struct vd_welcome *welcome = out;
    switch (field->number) {
    case WELCOME_VERSION:
        return session_uint32_read(&welcome->version, field);
    case WELCOME_COLLECTOR:
        return session_text_read(welcome->collector, field);
    case WELCOME_MARKS:
        return session_mark_read(welcome->marks, &welcome->mark_count, field);
    case WELCOME_CREDIT_LIMIT_BYTES:
        return session_uint64_read(&welcome->credit_limit_bytes, field);
    case WELCOME_BATCH_MAX_BYTES:
        return session_uint32_read(&welcome->batch_max_bytes, field);
    case WELCOME_BATCH_MAX_EVENTS:
        return session_uint32_read(&welcome->batch_max_events, field);
    case WELCOME_EVENT_MAX_BYTES:
        return session_uint32_read(&welcome->event_max_bytes, field);
    case WELCOME_IDLE_TIMEOUT_MS:
        return session_uint32_read(&welcome->idle_timeout_ms, field);
    default:
        return 0;
    }
}

static int check(const struct vd_welcome *w)
{
    if (w->version == 0 || w->mark_count == 0 || w->batch_max_bytes == 0 || w->batch_max_events == 0 ||
        w->event_max_bytes == 0 || w->idle_timeout_ms == 0)
        return VD_EMALFORMED;
    for (uint32_t i = 0; i < w->mark_count; i++)
        if (w->marks[i].stream != i)
            return VD_EMALFORMED;
    if (w->batch_max_bytes > VD_FRAME_BATCH_MAX_BYTES || w->batch_max_events > VD_BATCH_EVENTS_MAX ||
        w->event_max_bytes > VD_EVENT_MAX_BYTES)
        return VD_ELIMIT;
    return 0;
}

int vd_welcome_read(struct vd_welcome *out, struct vd_bytes payload)
{
    *out = (struct vd_welcome){0};
    int rc = session_fields_read(payload, field_read, out);
    return rc == 0 ? check(out) : rc;
}

int vd_welcome_write(struct vd_buffer *frame, const struct vd_welcome *welcome)
{
    uint8_t payload[PAYLOAD_MAX_BYTES];
    uint8_t *end = vd_wire_put_uint(payload, WELCOME_VERSION, welcome->version);
    end = session_text_put(end, WELCOME_COLLECTOR, welcome->collector);
    end = session_marks_put(end, WELCOME_MARKS, welcome->marks, welcome->mark_count);
    end = vd_wire_put_uint(end, WELCOME_CREDIT_LIMIT_BYTES, welcome->credit_limit_bytes);
    end = vd_wire_put_uint(end, WELCOME_BATCH_MAX_BYTES, welcome->batch_max_bytes);
    end = vd_wire_put_uint(end, WELCOME_BATCH_MAX_EVENTS, welcome->batch_max_events);
    end = vd_wire_put_uint(end, WELCOME_EVENT_MAX_BYTES, welcome->event_max_bytes);
    end = vd_wire_put_uint(end, WELCOME_IDLE_TIMEOUT_MS, welcome->idle_timeout_ms);
    return vd_frame_write(frame, VD_FRAME_WELCOME, vd_bytes_of(payload, (size_t)(end - payload)));
}
