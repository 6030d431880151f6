/* HELLO: what an agent is and which streams it brings. */
#include <vedette/session.h>

#include <assert.h>
#include <vedette/error.h>

#include "session_fields.h"

enum { HELLO_VERSION_MIN = 1, HELLO_VERSION_MAX = 2, HELLO_AGENT_VERSION = 3, HELLO_STREAMS = 4 };
enum { OFFER_STREAM = 1, OFFER_FIRST = 2, OFFER_NEXT = 3 };
enum {
    OFFER_MAX_BYTES = 2 + VD_STREAM_BYTES + 11 + 11,
    HELLO_MAX_BYTES = 6 + 6 + SESSION_TEXT_MAX_BYTES + VD_SESSION_STREAMS_MAX * (2 + OFFER_MAX_BYTES),
};
_Static_assert(HELLO_MAX_BYTES <= (int)VD_FRAME_CONTROL_MAX_BYTES, "a HELLO fits its frame");

static int stream_read(uint8_t out[VD_STREAM_BYTES], const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES || field->bytes.len != VD_STREAM_BYTES)
        return VD_EMALFORMED;
    memcpy(out, field->bytes.data, VD_STREAM_BYTES);
    return 0;
}

struct offer_reading {
    struct vd_stream_offer *offer;
    bool named;
};

static int offer_field_read(void *out, const struct vd_wire_field *field)
{
    struct offer_reading *r = out;
    switch (field->number) {
    case OFFER_STREAM:
        r->named = true;
        return stream_read(r->offer->stream, field);
    case OFFER_FIRST:
        return session_uint64_read(&r->offer->first, field);
    case OFFER_NEXT:
        return session_uint64_read(&r->offer->next, field);
    default:
        return 0;
    }
}

static int offer_read(struct vd_hello *out, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES)
        return VD_EMALFORMED;
    if (out->stream_count == VD_SESSION_STREAMS_MAX)
        return VD_ELIMIT;
    struct vd_stream_offer *offer = &out->streams[out->stream_count];
    struct offer_reading reading = {.offer = offer};
    int rc = session_fields_read(field->bytes, offer_field_read, &reading);
    if (rc != 0)
        return rc;
    /* Sequence numbers begin at 1; first == next says that nothing is held. */
    if (!reading.named || offer->first == 0 || offer->next < offer->first || offer->next > INT64_MAX)
        return VD_EMALFORMED;
    for (uint32_t i = 0; i < out->stream_count; i++)
        if (memcmp(out->streams[i].stream, offer->stream, VD_STREAM_BYTES) == 0)
            return VD_EMALFORMED;
    out->stream_count++;
    return 0;
}

static int hello_field_read(void *out, const struct vd_wire_field *field)
{
    struct vd_hello *hello = out;
    switch (field->number) {
    case HELLO_VERSION_MIN:
        return session_uint32_read(&hello->version_min, field);
    case HELLO_VERSION_MAX:
        return session_uint32_read(&hello->version_max, field);
    case HELLO_AGENT_VERSION:
        return session_text_read(hello->agent_version, field);
    case HELLO_STREAMS:
        return offer_read(hello, field);
    default:
        return 0;
    }
}

int vd_hello_read(struct vd_hello *out, struct vd_bytes payload)
{
    *out = (struct vd_hello){0};
    int rc = session_fields_read(payload, hello_field_read, out);
    bool sound = out->version_min >= 1 && out->version_max >= out->version_min && out->stream_count >= 1;
    return rc == 0 && !sound ? VD_EMALFORMED : rc;
}

static uint8_t *offer_put(uint8_t *at, const struct vd_stream_offer *offer)
{
    uint8_t bytes[OFFER_MAX_BYTES];
    uint8_t *end = vd_wire_put_bytes(bytes, OFFER_STREAM, vd_bytes_of(offer->stream, VD_STREAM_BYTES));
    end = vd_wire_put_uint(end, OFFER_FIRST, offer->first);
    end = vd_wire_put_uint(end, OFFER_NEXT, offer->next);
    return vd_wire_put_bytes(at, HELLO_STREAMS, vd_bytes_of(bytes, (size_t)(end - bytes)));
}

int vd_hello_write(struct vd_buffer *frame, const struct vd_hello *hello)
{
    assert(hello->stream_count <= VD_SESSION_STREAMS_MAX);
    uint8_t payload[HELLO_MAX_BYTES];
    uint8_t *end = vd_wire_put_uint(payload, HELLO_VERSION_MIN, hello->version_min);
    end = vd_wire_put_uint(end, HELLO_VERSION_MAX, hello->version_max);
    end = session_text_put(end, HELLO_AGENT_VERSION, hello->agent_version);
    for (uint32_t i = 0; i < hello->stream_count; i++)
        end = offer_put(end, &hello->streams[i]);
    return vd_frame_write(frame, VD_FRAME_HELLO, vd_bytes_of(payload, (size_t)(end - payload)));
}
