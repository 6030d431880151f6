/* Frames, one at a time: header, checks, payload. */
#include <vedette/frame.h>

#include <vedette/error.h>
#include <vedette/lz4_block.h>

static uint32_t get32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void put32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int lengths_check(const struct vd_frame_header *h, size_t batch_max_bytes)
{
    size_t cap = h->type == VD_FRAME_BATCH ? batch_max_bytes : (size_t)VD_FRAME_CONTROL_MAX_BYTES;
    if (h->raw_bytes > cap)
        return VD_ELIMIT;
    if ((h->flags & VD_FRAME_FLAG_LZ4) == 0)
        return h->stored_bytes == h->raw_bytes ? 0 : VD_EMALFORMED;
    if (h->stored_bytes >= h->raw_bytes || h->raw_bytes > (uint64_t)h->stored_bytes * VD_LZ4_RATIO_MAX)
        return VD_EMALFORMED;
    return 0;
}

int vd_frame_header_read(struct vd_frame_header *out, const uint8_t in[VD_FRAME_HEADER_BYTES],
                         size_t batch_max_bytes)
{
    *out = (struct vd_frame_header){
        .version = in[0],
        .type = in[1],
        .flags = (uint16_t)(in[2] << 8 | in[3]),
        .stored_bytes = get32(in + 4),
        .raw_bytes = get32(in + 8),
    };
    if (out->version != VD_FRAME_VERSION)
        return VD_EUNSUPPORTED;
    if (out->type < VD_FRAME_HELLO || out->type > VD_FRAME_GOODBYE)
        return VD_EMALFORMED;
    uint16_t allowed = out->type == VD_FRAME_BATCH ? VD_FRAME_FLAG_LZ4 : 0;
    if ((out->flags & ~allowed) != 0)
        return VD_EMALFORMED;
    return lengths_check(out, batch_max_bytes);
}

static void header_write(const struct vd_frame_header *h, uint8_t out[VD_FRAME_HEADER_BYTES])
{
    out[0] = h->version;
    out[1] = h->type;
    out[2] = (uint8_t)(h->flags >> 8);
    out[3] = (uint8_t)h->flags;
    put32(out + 4, h->stored_bytes);
    put32(out + 8, h->raw_bytes);
}

int vd_frame_write(struct vd_buffer *out, enum vd_frame_type type, struct vd_bytes raw)
{
    size_t cap = type == VD_FRAME_BATCH ? VD_FRAME_BATCH_MAX_BYTES : VD_FRAME_CONTROL_MAX_BYTES;
    if (raw.len > cap)
        return VD_ELIMIT;
    uint8_t *frame;
    int rc = vd_buffer_reserve(out, VD_FRAME_HEADER_BYTES + raw.len, &frame);
    if (rc != 0)
        return rc;
    struct vd_frame_header header = {
        .version = VD_FRAME_VERSION, .type = (uint8_t)type, .raw_bytes = (uint32_t)raw.len};
    uint8_t *payload = frame + VD_FRAME_HEADER_BYTES;
    /* Room for one byte less than raw: what does not get smaller does not fit. */
    size_t packed = type == VD_FRAME_BATCH && raw.len > 1 ? vd_lz4_pack(raw, payload, raw.len - 1) : 0;
    if (packed > 0)
        header.flags = VD_FRAME_FLAG_LZ4;
    else if (raw.len > 0)
        memcpy(payload, raw.data, raw.len);
    header.stored_bytes = (uint32_t)(packed > 0 ? packed : raw.len);
    header_write(&header, frame);
    vd_buffer_commit(out, VD_FRAME_HEADER_BYTES + header.stored_bytes);
    return 0;
}

int vd_frame_payload_read(const struct vd_frame_header *header, struct vd_bytes stored, uint8_t *raw)
{
    if (stored.len != header->stored_bytes)
        return VD_EMALFORMED;
    if ((header->flags & VD_FRAME_FLAG_LZ4) != 0)
        return vd_lz4_unpack(stored, raw, header->raw_bytes) ? 0 : VD_EMALFORMED;
    if (stored.len != header->raw_bytes)
        return VD_EMALFORMED;
    if (stored.len > 0)
        memcpy(raw, stored.data, stored.len);
    return 0;
}
