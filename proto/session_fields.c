/* Fields that several of the session's messages have: numbers, texts, marks. */
#include "session_fields.h"

#include <assert.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/utf8.h>

enum { MARK_STREAM = 1, MARK_MARK = 2, MARK_CHAIN = 3 };

int session_fields_read(struct vd_bytes message, int (*read)(void *out, const struct vd_wire_field *field),
                        void *out)
{
    struct vd_wire w = vd_wire_of(message);
    struct vd_wire_field field;
    int rc = 0;
    while (rc == 0 && vd_wire_next(&w, &field))
        rc = read(out, &field);
    return rc == 0 && w.bad ? VD_EMALFORMED : rc;
}

int session_uint32_read(uint32_t *out, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_VARINT || field->value > UINT32_MAX)
        return VD_EMALFORMED;
    *out = (uint32_t)field->value;
    return 0;
}

int session_uint64_read(uint64_t *out, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_VARINT)
        return VD_EMALFORMED;
    *out = field->value;
    return 0;
}

int session_fixed64_read(uint64_t *out, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_FIXED64)
        return VD_EMALFORMED;
    *out = field->value;
    return 0;
}

int session_text_read(char out[VD_SESSION_TEXT_BYTES], const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES)
        return VD_EMALFORMED;
    struct vd_bytes text = field->bytes;
    if (text.len >= VD_SESSION_TEXT_BYTES)
        return VD_ELIMIT;
    if (!vd_utf8_valid(text) || (text.len > 0 && memchr(text.data, 0, text.len) != NULL))
        return VD_EMALFORMED;
    /* Cleared first: of a longer text that came before nothing is left behind the end. */
    memset(out, 0, VD_SESSION_TEXT_BYTES);
    if (text.len > 0)
        memcpy(out, text.data, text.len);
    return 0;
}

static int mark_field_read(void *out, const struct vd_wire_field *field)
{
    struct vd_stream_mark *mark = out;
    switch (field->number) {
    case MARK_STREAM:
        return session_uint32_read(&mark->stream, field);
    case MARK_MARK:
        return session_uint64_read(&mark->mark, field);
    case MARK_CHAIN:
        return session_fixed64_read(&mark->chain, field);
    default:
        return 0;
    }
}

int session_mark_read(struct vd_stream_mark *marks, uint32_t *count, const struct vd_wire_field *field)
{
    if (field->type != VD_WIRE_BYTES)
        return VD_EMALFORMED;
    if (*count == VD_SESSION_STREAMS_MAX)
        return VD_ELIMIT;
    struct vd_stream_mark *mark = &marks[(*count)++];
    *mark = (struct vd_stream_mark){0};
    int rc = session_fields_read(field->bytes, mark_field_read, mark);
    return rc == 0 && mark->stream >= VD_SESSION_STREAMS_MAX ? VD_EMALFORMED : rc;
}

uint8_t *session_text_put(uint8_t *at, uint32_t number, const char *text)
{
    size_t len = strnlen(text, VD_SESSION_TEXT_BYTES - 1);
    return len == 0 ? at : vd_wire_put_bytes(at, number, vd_bytes_of(text, len));
}

uint8_t *session_marks_put(uint8_t *at, uint32_t number, const struct vd_stream_mark *marks, uint32_t count)
{
    assert(count <= VD_SESSION_STREAMS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t mark[SESSION_MARK_MAX_BYTES];
        uint8_t *end = vd_wire_put_uint(mark, MARK_STREAM, marks[i].stream);
        end = vd_wire_put_uint(end, MARK_MARK, marks[i].mark);
        end = vd_wire_put_fixed64(end, MARK_CHAIN, marks[i].chain);
        at = vd_wire_put_bytes(at, number, vd_bytes_of(mark, (size_t)(end - mark)));
    }
    return at;
}
