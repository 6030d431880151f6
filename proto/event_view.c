/* One walk over an event's wire bytes that leaves views of the fields wanted.
 *
 * Sub-messages are walked where they stand, so a second occurrence writes over what the first one said:
 * protobuf's merging, for free. */
#include <vedette/event_view.h>

#include <vedette/error.h>
#include <vedette/wire.h>

#include "event_fields.h"

struct walk {
    struct vd_event_view *out;
    struct vd_bytes actor_user_name; /* wanted only where user.name is empty, which the end alone tells */
};

/* False: the field has the wrong wire type or is malformed inside. */
typedef bool field_reader(struct walk *walk, const struct vd_wire_field *field);

static inline bool text_read(struct vd_bytes *out, const struct vd_wire_field *field)
{
    *out = field->bytes;
    return field->type == VD_WIRE_BYTES;
}

static inline bool int32_read(int32_t *out, const struct vd_wire_field *field)
{
    *out = (int32_t)field->value;
    return field->type == VD_WIRE_VARINT;
}

/* Inlined with its reader known, so that the walk of each sub-message is a loop without calls. */
static inline __attribute__((always_inline)) bool
message_read(struct walk *walk, const struct vd_wire_field *message, field_reader *read)
{
    if (message->type != VD_WIRE_BYTES)
        return false;
    struct vd_wire w = vd_wire_of(message->bytes);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field))
        if (!read(walk, &field))
            return false;
    return !w.bad;
}

static bool metadata_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case METADATA_UID:
        return text_read(&walk->out->uid, field);
    case METADATA_TENANT_UID:
        return text_read(&walk->out->tenant_uid, field);
    case METADATA_STREAM_UID:
        return text_read(&walk->out->stream_uid, field);
    case METADATA_SEQUENCE:
        walk->out->sequence = field->value;
        return field->type == VD_WIRE_VARINT;
    default:
        return true;
    }
}

static bool device_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case DEVICE_UID:
        return text_read(&walk->out->device_uid, field);
    case DEVICE_HOSTNAME:
        return text_read(&walk->out->device_hostname, field);
    default:
        return true;
    }
}

static bool user_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != USER_NAME || text_read(&walk->out->user_name, field);
}

static bool actor_user_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != USER_NAME || text_read(&walk->actor_user_name, field);
}

static bool actor_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != ACTOR_USER || message_read(walk, field, actor_user_field_read);
}

static bool file_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != FILE_PATH || text_read(&walk->out->process_path, field);
}

static bool process_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case PROCESS_NAME:
        return text_read(&walk->out->process_name, field);
    case PROCESS_FILE:
        return message_read(walk, field, file_field_read);
    default:
        return true;
    }
}

static bool src_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != ENDPOINT_IP || text_read(&walk->out->src_ip, field);
}

static bool dst_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    switch (field->number) {
    case ENDPOINT_IP:
        return text_read(&walk->out->dst_ip, field);
    case ENDPOINT_PORT:
        walk->out->dst_port = (uint32_t)field->value;
        return field->type == VD_WIRE_VARINT;
    default:
        return true;
    }
}

static bool finding_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    return field->number != FINDING_INFO_UID || text_read(&walk->out->finding_uid, field);
}

static inline bool event_field_read(struct walk *walk, const struct vd_wire_field *field)
{
    struct vd_event_view *out = walk->out;
    switch (field->number) {
    case EVENT_CLASS_UID:
        return int32_read(&out->class_uid, field);
    case EVENT_ACTIVITY_ID:
        return int32_read(&out->activity_id, field);
    case EVENT_SEVERITY_ID:
        return int32_read(&out->severity_id, field);
    case EVENT_STATUS_ID:
        return int32_read(&out->status_id, field);
    case EVENT_TIME:
        out->time_ms = (int64_t)field->value;
        return field->type == VD_WIRE_VARINT;
    case EVENT_METADATA:
        return message_read(walk, field, metadata_field_read);
    case EVENT_DEVICE:
        return message_read(walk, field, device_field_read);
    case EVENT_ACTOR:
        return message_read(walk, field, actor_field_read);
    case EVENT_PROCESS:
        return message_read(walk, field, process_field_read);
    case EVENT_USER:
        return message_read(walk, field, user_field_read);
    case EVENT_SRC_ENDPOINT:
        return message_read(walk, field, src_field_read);
    case EVENT_DST_ENDPOINT:
        return message_read(walk, field, dst_field_read);
    case EVENT_MESSAGE:
        return text_read(&out->message, field);
    case EVENT_COUNT:
        return int32_read(&out->count, field);
    case EVENT_RISK_SCORE:
        return int32_read(&out->risk_score, field);
    case EVENT_RISK_LEVEL_ID:
        return int32_read(&out->risk_level_id, field);
    case EVENT_RISK_DETAILS:
        return text_read(&out->risk_details, field);
    case EVENT_FINDING_INFO:
        return message_read(walk, field, finding_field_read);
    default:
        return true;
    }
}

/* In pieces: gcc clears the whole with one `rep stos`, which costs as much as reading five fields. */
static inline void clear(struct vd_event_view *out)
{
    enum { PIECES = 11, PIECE_BYTES = sizeof *out / PIECES };
    _Static_assert(PIECES * PIECE_BYTES == sizeof *out, "the pieces are the whole");
    for (int i = 0; i < PIECES; i++)
        memset((uint8_t *)out + i * PIECE_BYTES, 0, PIECE_BYTES);
}

int vd_event_view_read(struct vd_event_view *out, struct vd_bytes event)
{
    clear(out);
    struct walk walk = {.out = out};
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field))
        if (!event_field_read(&walk, &field))
            return VD_EMALFORMED;
    if (out->user_name.len == 0)
        out->user_name = walk.actor_user_name;
    return w.bad ? VD_EMALFORMED : 0;
}
