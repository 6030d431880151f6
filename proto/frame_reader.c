/* Cuts a byte stream into frames.
 *
 * Happy path: what the socket gave holds a header and its whole payload; both are read in place and the sink
 * is called. Only a frame that is split over reads is gathered in `stored`, which grows with the bytes that
 * came, never with the length announced. At a sink that says hold the bytes behind the frame wait in `held`.
 * A violation, or a sink that says stop, is sticky: nothing is read after it. */
#include <vedette/frame.h>

#include <assert.h>
#include <vedette/error.h>

enum { KEEP_MAX_BYTES = 64 * 1024, HELD_MAX_BYTES = 256 * 1024 };

void vd_frame_reader_init(struct vd_frame_reader *r, size_t batch_max_bytes)
{
    *r = (struct vd_frame_reader){.batch_max_bytes = batch_max_bytes};
    size_t limit =
        batch_max_bytes > VD_FRAME_CONTROL_MAX_BYTES ? batch_max_bytes : (size_t)VD_FRAME_CONTROL_MAX_BYTES;
    vd_buffer_init(&r->stored, limit);
    vd_buffer_init(&r->raw, limit);
    vd_buffer_init(&r->held, HELD_MAX_BYTES);
}

void vd_frame_reader_deinit(struct vd_frame_reader *r)
{
    vd_buffer_deinit(&r->stored);
    vd_buffer_deinit(&r->raw);
    vd_buffer_deinit(&r->held);
}

static struct vd_bytes take(struct vd_bytes *bytes, size_t len)
{
    struct vd_bytes head = vd_bytes_of(bytes->data, len);
    *bytes = vd_bytes_of(len == 0 ? bytes->data : bytes->data + len, bytes->len - len);
    return head;
}

/* Takes what of the header is there; once it is whole, checks it. */
static int header_feed(struct vd_frame_reader *r, struct vd_bytes *bytes)
{
    size_t missing = VD_FRAME_HEADER_BYTES - r->header_have;
    struct vd_bytes part = take(bytes, bytes->len < missing ? bytes->len : missing);
    if (part.len > 0)
        memcpy(r->header_bytes + r->header_have, part.data, part.len);
    r->header_have += part.len;
    if (r->header_have < VD_FRAME_HEADER_BYTES)
        return 0;
    int rc = vd_frame_header_read(&r->header, r->header_bytes, r->batch_max_bytes);
    if (rc == 0 && r->header.type == VD_FRAME_BATCH && !r->batch_allowed)
        rc = VD_EMALFORMED;
    return rc;
}

static int deliver(struct vd_frame_reader *r, struct vd_bytes stored, vd_frame_sink *sink, void *arg)
{
    enum vd_frame_type type = (enum vd_frame_type)r->header.type;
    if ((r->header.flags & VD_FRAME_FLAG_LZ4) == 0)
        return sink(arg, type, stored);
    uint8_t *raw;
    vd_buffer_clear(&r->raw);
    int rc = vd_buffer_reserve(&r->raw, r->header.raw_bytes, &raw);
    if (rc == 0)
        rc = vd_frame_payload_read(&r->header, stored, raw);
    return rc != 0 ? rc : sink(arg, type, vd_bytes_of(raw, r->header.raw_bytes));
}

/* Takes what of the payload is there; once it is whole, delivers the frame and makes ready for the next. */
static int payload_feed(struct vd_frame_reader *r, struct vd_bytes *bytes, vd_frame_sink *sink, void *arg)
{
    size_t gathered = vd_buffer_len(&r->stored), missing = r->header.stored_bytes - gathered;
    struct vd_bytes part = take(bytes, bytes->len < missing ? bytes->len : missing);
    if (gathered > 0 || part.len < missing) {
        int rc = vd_buffer_append(&r->stored, part.data, part.len);
        if (rc != 0 || part.len < missing)
            return rc;
        part = vd_buffer_bytes(&r->stored);
    }
    r->header_have = 0;
    int rc = deliver(r, part, sink, arg);
    vd_buffer_clear(&r->stored);
    r->on_hold = rc == VD_FRAME_HOLD;
    return r->on_hold ? 0 : rc;
}

static void give_back(struct vd_buffer *b)
{
    if (b->cap > KEEP_MAX_BYTES)
        vd_buffer_release_idle(b);
}

/* What a hold leaves over waits in `held`. */
int vd_frame_reader_feed(struct vd_frame_reader *r, struct vd_bytes bytes, vd_frame_sink *sink, void *arg)
{
    assert(bytes.data != NULL || bytes.len == 0);
    while (r->failed == 0 && !r->on_hold && bytes.len > 0) {
        if (r->header_have < VD_FRAME_HEADER_BYTES)
            r->failed = header_feed(r, &bytes);
        /* A payload of no bytes is whole as soon as its header is. */
        if (r->failed == 0 && r->header_have == VD_FRAME_HEADER_BYTES)
            r->failed = payload_feed(r, &bytes, sink, arg);
    }
    if (r->failed == 0 && bytes.len > 0)
        r->failed = vd_buffer_append(&r->held, bytes.data, bytes.len);
    give_back(&r->stored);
    give_back(&r->raw);
    return r->failed;
}

int vd_frame_reader_go_on(struct vd_frame_reader *r, vd_frame_sink *sink, void *arg)
{
    struct vd_buffer kept = r->held;
    vd_buffer_init(&r->held, HELD_MAX_BYTES);
    r->on_hold = false;
    if (vd_buffer_len(&kept) > 0)
        vd_frame_reader_feed(r, vd_buffer_bytes(&kept), sink, arg);
    vd_buffer_deinit(&kept);
    return r->failed;
}

bool vd_frame_reader_midway(const struct vd_frame_reader *r)
{
    return r->header_have > 0;
}

void vd_frame_reader_rest(struct vd_frame_reader *r)
{
    vd_buffer_release_idle(&r->stored);
    vd_buffer_deinit(&r->raw);
}

size_t vd_frame_reader_held_bytes(const struct vd_frame_reader *r)
{
    return r->stored.cap + r->raw.cap + r->held.cap;
}
