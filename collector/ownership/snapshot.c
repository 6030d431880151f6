/* Snapshots of a shard, chunk by chunk, written and read next to each other. */
#include "ownership/snapshot.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/identity.h>
#include <vedette/wire.h>

enum { CHUNK_VERSION = 1, CHUNK_MARKS = 2, CHUNK_WINDOWS = 3, CHUNK_WINDOWS_AHEAD = 4 };
enum { MARK_KEY = 1, MARK_STREAM = 2, MARK_MARK = 3, MARK_CHAIN = 4, MARK_QUARANTINED = 5 };

enum {
    KEY_MAX_BYTES = 2 * (VD_NAME_BYTES - 1) + 1,
    MARK_MAX_BYTES = 2 + KEY_MAX_BYTES + 2 + VD_STREAM_BYTES + 11 + 9 + 2,
    MARK_OVERHEAD_BYTES = 3,
};

/* ---- Writing */

static int begin_chunk(struct snapshot *s)
{
    uint8_t *at;
    if (s->chunk_count == SNAPSHOT_CHUNKS_MAX)
        return VD_ELIMIT;
    int rc = vd_buffer_reserve(&s->bytes, VD_WIRE_TAG_MAX_BYTES + VD_WIRE_VARINT_MAX_BYTES, &at);
    if (rc != 0)
        return rc;
    vd_buffer_commit(&s->bytes, (size_t)(vd_wire_put_uint(at, CHUNK_VERSION, SNAPSHOT_VERSION) - at));
    s->ends[s->chunk_count++] = vd_buffer_len(&s->bytes);
    return 0;
}

int snapshot_init(struct snapshot *s, uint64_t windows_ahead)
{
    uint8_t *at;
    *s = (struct snapshot){0};
    vd_buffer_init(&s->bytes, (size_t)SNAPSHOT_CHUNKS_MAX * SNAPSHOT_CHUNK_BYTES);
    int rc = begin_chunk(s);
    if (rc == 0)
        rc = vd_buffer_reserve(&s->bytes, VD_WIRE_TAG_MAX_BYTES + VD_WIRE_VARINT_MAX_BYTES, &at);
    if (rc != 0)
        return rc;
    vd_buffer_commit(&s->bytes, (size_t)(vd_wire_put_uint(at, CHUNK_WINDOWS_AHEAD, windows_ahead) - at));
    s->ends[0] = vd_buffer_len(&s->bytes);
    return 0;
}

void snapshot_deinit(struct snapshot *s)
{
    vd_buffer_deinit(&s->bytes);
    s->chunk_count = 0;
}

static size_t chunk_begin(const struct snapshot *s, uint32_t i)
{
    return i == 0 ? 0 : s->ends[i - 1];
}

int snapshot_put_mark(struct snapshot *s, const struct snapshot_mark *mark)
{
    uint8_t body[MARK_MAX_BYTES], *at;
    if (mark->key.len > KEY_MAX_BYTES)
        return VD_ELIMIT;
    uint8_t *end = vd_wire_put_bytes(body, MARK_KEY, mark->key);
    end = vd_wire_put_bytes(end, MARK_STREAM, vd_bytes_of(mark->stream, VD_STREAM_BYTES));
    end = vd_wire_put_uint(end, MARK_MARK, mark->mark);
    end = vd_wire_put_fixed64(end, MARK_CHAIN, mark->chain);
    end = vd_wire_put_uint(end, MARK_QUARANTINED, mark->quarantined);
    struct vd_bytes bytes = vd_bytes_of(body, (size_t)(end - body));
    size_t begun = chunk_begin(s, s->chunk_count - 1);
    int rc = 0;
    if (vd_buffer_len(&s->bytes) - begun + bytes.len + MARK_OVERHEAD_BYTES > SNAPSHOT_CHUNK_BYTES)
        rc = begin_chunk(s);
    if (rc == 0)
        rc = vd_buffer_reserve(&s->bytes, bytes.len + MARK_OVERHEAD_BYTES, &at);
    if (rc != 0)
        return rc;
    vd_buffer_commit(&s->bytes, (size_t)(vd_wire_put_bytes(at, CHUNK_MARKS, bytes) - at));
    s->ends[s->chunk_count - 1] = vd_buffer_len(&s->bytes);
    return 0;
}

struct vd_bytes snapshot_chunk(const struct snapshot *s, uint32_t i)
{
    size_t begin = chunk_begin(s, i);
    return vd_bytes_of(vd_buffer_bytes(&s->bytes).data + begin, s->ends[i] - begin);
}

struct vd_bytes snapshot_windows(uint8_t room[SNAPSHOT_CHUNK_BYTES], size_t piece_len)
{
    uint8_t head[2 * (VD_WIRE_TAG_MAX_BYTES + VD_WIRE_VARINT_MAX_BYTES)];
    uint8_t *end = vd_wire_put_uint(head, CHUNK_VERSION, SNAPSHOT_VERSION);
    if (piece_len > 0)
        end = vd_wire_put_varint(vd_wire_put_tag(end, CHUNK_WINDOWS, VD_WIRE_BYTES), piece_len);
    size_t head_len = (size_t)(end - head);
    assert(head_len <= SNAPSHOT_WINDOWS_AT && piece_len <= SNAPSHOT_WINDOWS_MAX_BYTES);
    uint8_t *begin = room + SNAPSHOT_WINDOWS_AT - head_len;
    memcpy(begin, head, head_len);
    return vd_bytes_of(begin, head_len + piece_len);
}

/* ---- Reading */

bool snapshot_key_read(struct snapshot_mark *mark, struct vd_bytes key)
{
    const uint8_t *slash = key.len == 0 ? NULL : memchr(key.data, '/', key.len);
    if (slash == NULL)
        return false;
    mark->key = key;
    mark->tenant_len = (size_t)(slash - key.data);
    size_t agent_len = key.len - mark->tenant_len - 1;
    return mark->tenant_len > 0 && mark->tenant_len < VD_NAME_BYTES && agent_len > 0 &&
           agent_len < VD_NAME_BYTES;
}

static bool mark_field(struct snapshot_mark *mark, const struct vd_wire_field *field, bool *has_stream)
{
    switch (field->number) {
    case MARK_KEY:
        return field->type == VD_WIRE_BYTES && snapshot_key_read(mark, field->bytes);
    case MARK_STREAM:
        if (field->type != VD_WIRE_BYTES || field->bytes.len != VD_STREAM_BYTES)
            return false;
        memcpy(mark->stream, field->bytes.data, VD_STREAM_BYTES);
        return *has_stream = true;
    case MARK_MARK:
        mark->mark = field->value;
        return field->type == VD_WIRE_VARINT;
    case MARK_CHAIN:
        mark->chain = field->value;
        return field->type == VD_WIRE_FIXED64;
    case MARK_QUARANTINED:
        mark->quarantined = field->value != 0;
        return field->type == VD_WIRE_VARINT;
    default:
        return true;
    }
}

static bool mark_read(struct snapshot_mark *out, struct vd_bytes bytes)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    bool has_stream = false;
    *out = (struct snapshot_mark){0};
    while (vd_wire_next(&w, &field))
        if (!mark_field(out, &field, &has_stream))
            return false;
    return !w.bad && has_stream && out->key.len > 0;
}

/* The version first: nothing of a chunk that is not understood may be believed. */
static int version_check(struct vd_wire *w)
{
    struct vd_wire_field field = {0};
    if (!vd_wire_next(w, &field) || field.number != CHUNK_VERSION || field.type != VD_WIRE_VARINT ||
        field.value == 0)
        return VD_EMALFORMED;
    return field.value > SNAPSHOT_VERSION ? VD_EUNSUPPORTED : 0;
}

static int field_read(const struct vd_wire_field *field, const struct snapshot_sink *sink, void *arg)
{
    struct snapshot_mark one;
    switch (field->number) {
    case CHUNK_MARKS:
        if (field->type != VD_WIRE_BYTES || !mark_read(&one, field->bytes))
            return VD_EMALFORMED;
        return sink->mark(arg, &one);
    case CHUNK_WINDOWS:
        return field->type == VD_WIRE_BYTES ? sink->windows(arg, field->bytes) : VD_EMALFORMED;
    case CHUNK_WINDOWS_AHEAD:
        return field->type == VD_WIRE_VARINT ? sink->windows_ahead(arg, field->value) : VD_EMALFORMED;
    default:
        return 0;
    }
}

int snapshot_read(struct vd_bytes chunk, const struct snapshot_sink *sink, void *arg)
{
    struct vd_wire w = vd_wire_of(chunk);
    struct vd_wire_field field = {0};
    int rc = version_check(&w);
    while (rc == 0 && vd_wire_next(&w, &field))
        rc = field_read(&field, sink, arg);
    return rc == 0 && w.bad ? VD_EMALFORMED : rc;
}
