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

int vd_goodbye_read(struct vd_goodbye *out, struct vd_bytes payload)
{
    *out = (struct vd_goodbye){0};
    struct vd_wire w = vd_wire_of(payload);
    struct vd_wire_field f;
    int rc = 0;
    uint32_t forked = 0;
    while (rc == 0 && vd_wire_next(&w, &f)) {
        if (f.number == GOODBYE_CODE)
            rc = session_uint32_read(&out->code, &f);
        else if (f.number == GOODBYE_REASON)
            rc = session_text_read(out->reason, &f);
        else if (f.number == GOODBYE_RETRY_AFTER_MS)
            rc = session_uint32_read(&out->retry_after_ms, &f);
        else if (f.number == GOODBYE_FORKED)
            rc = forked == 0 ? session_mark_read(&out->forked, &forked, &f) : VD_EMALFORMED;
    }
    return rc == 0 && w.bad ? VD_EMALFORMED : rc;
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
