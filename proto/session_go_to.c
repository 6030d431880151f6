/* GO_TO: other collectors that this session's events belong to. */
#include <vedette/session.h>

#include <assert.h>
#include <vedette/error.h>

#include "session_fields.h"

enum { GO_TO_ADDRESSES = 1, GO_TO_RETRY_AFTER_MS = 2 };
enum { PAYLOAD_MAX_BYTES = VD_SESSION_ADDRESSES_MAX * SESSION_TEXT_MAX_BYTES + 6 };
_Static_assert(PAYLOAD_MAX_BYTES <= (int)VD_FRAME_CONTROL_MAX_BYTES, "a GO_TO fits its frame");

static int address_read(struct vd_go_to *out, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES || field->bytes.len == 0)
        return VD_EMALFORMED;
    if (out->address_count == VD_SESSION_ADDRESSES_MAX)
        return VD_ELIMIT;
    return session_text_read(out->addresses[out->address_count++], field);
}

static int field_read(void *out, const struct vd_wire_field *field)
{
    struct vd_go_to *go_to = out;
    switch (field->number) {
    case GO_TO_ADDRESSES:
        return address_read(go_to, field);
    case GO_TO_RETRY_AFTER_MS:
        return session_uint32_read(&go_to->retry_after_ms, field);
    default:
        return 0;
    }
}

int vd_go_to_read(struct vd_go_to *out, struct vd_bytes payload)
{
    *out = (struct vd_go_to){0};
    int rc = session_fields_read(payload, field_read, out);
    return rc == 0 && out->address_count == 0 ? VD_EMALFORMED : rc;
}

int vd_go_to_write(struct vd_buffer *frame, const struct vd_go_to *go_to)
{
    assert(go_to->address_count <= VD_SESSION_ADDRESSES_MAX);
    uint8_t payload[PAYLOAD_MAX_BYTES], *end = payload;
    for (uint32_t i = 0; i < go_to->address_count; i++)
        end = session_text_put(end, GO_TO_ADDRESSES, go_to->addresses[i]);
    end = vd_wire_put_uint(end, GO_TO_RETRY_AFTER_MS, go_to->retry_after_ms);
    return vd_frame_write(frame, VD_FRAME_GO_TO, vd_bytes_of(payload, (size_t)(end - payload)));
}
