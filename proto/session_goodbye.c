/* GOODBYE: the last frame, and what its codes mean. */
#include <vedette/session.h>

#include <vedette/error.h>

#include "session_fields.h"

enum { GOODBYE_CODE = 1, GOODBYE_REASON = 2, GOODBYE_RETRY_AFTER_MS = 3, GOODBYE_FORKED = 4 };
enum { PAYLOAD_MAX_BYTES = 6 + SESSION_TEXT_MAX_BYTES + 6 + SESSION_MARK_MAX_BYTES };

const char *vd_goodbye_text(uint32_t code)
{
    switch (code) {
#define GOODBYE_CASE(name, number, retry, text)                                                              \
    case number:                                                                                             \
        return text;
        VD_GOODBYES(GOODBYE_CASE)
#undef GOODBYE_CASE
    default:
        return "unknown reason";
    }
}

bool vd_goodbye_retry(uint32_t code)
{
    switch (code) {
#define GOODBYE_CASE(name, number, retry, text)                                                              \
    case number:                                                                                             \
        return retry;
        VD_GOODBYES(GOODBYE_CASE)
#undef GOODBYE_CASE
    default:
        return true;
    }
}

struct reading {
    struct vd_goodbye *goodbye;
    uint32_t forked_count;
};

static int field_read(void *out, const struct vd_wire_field *field)
{
    struct reading *r = out;
    switch (field->number) {
    case GOODBYE_CODE:
        return session_uint32_read(&r->goodbye->code, field);
    case GOODBYE_REASON:
        return session_text_read(r->goodbye->reason, field);
    case GOODBYE_RETRY_AFTER_MS:
        return session_uint32_read(&r->goodbye->retry_after_ms, field);
    case GOODBYE_FORKED:
        if (r->forked_count > 0)
            return VD_EMALFORMED;
        return session_mark_read(&r->goodbye->forked, &r->forked_count, field);
    default:
        return 0;
    }
}

int vd_goodbye_read(struct vd_goodbye *out, struct vd_bytes payload)
{
    *out = (struct vd_goodbye){0};
    return session_fields_read(payload, field_read, &(struct reading){.goodbye = out});
}

int vd_goodbye_write(struct vd_buffer *frame, const struct vd_goodbye *goodbye)
{
    uint8_t payload[PAYLOAD_MAX_BYTES];
    uint8_t *end = vd_wire_put_uint(payload, GOODBYE_CODE, goodbye->code);
    end = session_text_put(end, GOODBYE_REASON, goodbye->reason);
    end = vd_wire_put_uint(end, GOODBYE_RETRY_AFTER_MS, goodbye->retry_after_ms);
    if (goodbye->code == VD_GOODBYE_FORKED)
        end = session_marks_put(end, GOODBYE_FORKED, &goodbye->forked, 1);
    return vd_frame_write(frame, VD_FRAME_GOODBYE, vd_bytes_of(payload, (size_t)(end - payload)));
}
