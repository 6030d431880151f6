/* Joins the pieces of sub-messages: to protobuf the concatenation of two pieces is their merging. */
#include <vedette/event_flatten.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/wire.h>

struct part {
    const ProtobufCMessageDescriptor *message;
    struct vd_bytes bytes;
};

static const ProtobufCFieldDescriptor *sub_message(const struct part *part, const struct vd_wire_field *field)
{
    const ProtobufCFieldDescriptor *known =
        field->type == VD_WIRE_BYTES ? protobuf_c_message_descriptor_get_field(part->message, field->number)
                                     : NULL;
    return known != NULL && known->type == PROTOBUF_C_TYPE_MESSAGE ? known : NULL;
}

/* Whether a singular sub-message comes twice, here or further down. All numbers are under 64. */
static bool in_pieces(const struct part *part)
{
    struct vd_wire w = vd_wire_of(part->bytes);
    struct vd_wire_field field;
    uint64_t seen = 0;
    while (vd_wire_next(&w, &field)) {
        const ProtobufCFieldDescriptor *known = sub_message(part, &field);
        if (known == NULL)
            continue;
        uint64_t bit = known->label == PROTOBUF_C_LABEL_REPEATED ? 0 : UINT64_C(1) << (field.number & 63);
        if ((seen & bit) != 0 || in_pieces(&(struct part){known->descriptor, field.bytes}))
            return true;
        seen |= bit;
    }
    return false;
}

/* The contents of all fields of that number, one behind the other; out has room for all of part. */
static struct vd_bytes joined(const struct part *part, uint32_t number, uint8_t *out)
{
    struct vd_wire w = vd_wire_of(part->bytes);
    struct vd_wire_field field;
    size_t len = 0;
    while (vd_wire_next(&w, &field))
        if (field.number == number && field.type == VD_WIRE_BYTES && field.bytes.len > 0) {
            memcpy(out + len, field.bytes.data, field.bytes.len);
            len += field.bytes.len;
        }
    return vd_bytes_of(out, len);
}

static int flatten(const struct part *part, struct vd_arena *scratch, struct vd_bytes *out);

/* Writes a sub-message, flat, to *at. pieces: room for all of part, or NULL where the field is repeated. */
static int sub_message_put(const struct part *part, const ProtobufCFieldDescriptor *known,
                           const struct vd_wire_field *field, uint8_t *pieces, struct vd_arena *scratch,
                           uint8_t **at)
{
    struct part inside = {known->descriptor, field->bytes};
    struct vd_bytes flat;
    if (known->label != PROTOBUF_C_LABEL_REPEATED)
        inside.bytes = joined(part, field->number, pieces);
    int rc = flatten(&inside, scratch, &flat);
    if (rc == 0)
        *at = vd_wire_put_bytes(*at, field->number, flat);
    return rc;
}

/* Joining makes nothing longer: one tag and one length take the place of several. */
static int flatten(const struct part *part, struct vd_arena *scratch, struct vd_bytes *out)
{
    if (!in_pieces(part)) {
        *out = part->bytes;
        return 0;
    }
    uint8_t *flat = vd_arena_alloc(scratch, part->bytes.len),
            *pieces = vd_arena_alloc(scratch, part->bytes.len);
    if (flat == NULL || pieces == NULL)
        return VD_ELIMIT;
    struct vd_wire w = vd_wire_of(part->bytes);
    struct vd_wire_field field;
    uint8_t *at = flat;
    uint64_t done = 0;
    for (const uint8_t *begin = w.at; vd_wire_next(&w, &field); begin = w.at) {
        const ProtobufCFieldDescriptor *known = sub_message(part, &field);
        uint64_t bit = UINT64_C(1) << (field.number & 63);
        int rc = 0;
        if (known == NULL) {
            memcpy(at, begin, (size_t)(w.at - begin));
            at += w.at - begin;
        } else if (known->label == PROTOBUF_C_LABEL_REPEATED) {
            rc = sub_message_put(part, known, &field, NULL, scratch, &at);
        } else if ((done & bit) == 0) {
            rc = sub_message_put(part, known, &field, pieces, scratch, &at);
            done |= bit;
        }
        if (rc != 0)
            return rc;
    }
    *out = vd_bytes_of(flat, (size_t)(at - flat));
    return w.bad ? VD_EMALFORMED : 0;
}

int vd_event_flatten(struct vd_bytes event, struct vd_arena *scratch, struct vd_bytes *out)
{
    return flatten(&(struct part){&vedette__v1__event__descriptor, event}, scratch, out);
}
