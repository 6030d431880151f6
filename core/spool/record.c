/* A record: its head, its checks, and its payload of events. */
#include "format.h"

#include <vedette/crc32c.h>
#include <vedette/error.h>
#include <vedette/lz4_block.h>

enum { MAGIC = 0x52534456 /* "VDSR" */ };

/*  0 magic  4 sum over what follows  8 length without padding  12 raw length of the payload
 * 16 first number  24 synced  32 chain before it  40 time  48 count  52 length of the cursors
 * 56 cursors, payload, zeros up to a multiple of 8 */
size_t spool_record_seal(const struct spool_record *r, uint32_t seed, uint8_t *out)
{
    size_t len = SPOOL_RECORD_HEAD_BYTES + r->cursors.len + r->payload.len, padded = spool_padded(len);
    memset(out + len, 0, padded - len);
    spool_put32(out, MAGIC);
    spool_put32(out + 8, (uint32_t)len);
    spool_put32(out + 12, r->raw_bytes);
    spool_put64(out + 16, r->first);
    spool_put64(out + 24, r->synced);
    spool_put64(out + 32, r->chain);
    spool_put64(out + 40, (uint64_t)r->time_ms);
    spool_put32(out + 48, r->count);
    spool_put32(out + 52, (uint32_t)r->cursors.len);
    spool_put32(out + 4, vd_crc32c(seed, vd_bytes_of(out + 8, len - 8)));
    return padded;
}

/* Without padding. */
static size_t announced(const uint8_t *head)
{
    size_t len = spool_get32(head + 8);
    bool sound =
        spool_get32(head) == MAGIC && len >= SPOOL_RECORD_HEAD_BYTES && len <= SPOOL_RECORD_MAX_BYTES;
    return sound ? len : 0;
}

size_t spool_record_announced(const uint8_t *head)
{
    return spool_padded(announced(head));
}

static bool sane(const struct spool_record *r, uint64_t base)
{
    if (r->first < base || r->first - base > SPOOL_SEGMENT_NUMBERS ||
        r->first - base + r->count > SPOOL_SEGMENT_NUMBERS || r->synced < base || r->synced > r->first)
        return false;
    if (r->raw_bytes > SPOOL_RAW_MAX_BYTES || r->payload.len > r->raw_bytes)
        return false;
    return (r->count == 0) == (r->raw_bytes == 0) && (r->raw_bytes == 0) == (r->payload.len == 0) &&
           r->raw_bytes >= (uint64_t)r->count * SPOOL_EVENT_HEAD_BYTES;
}

int spool_record_read(struct spool_record *out, struct vd_bytes bytes, uint32_t seed, uint64_t base)
{
    const uint8_t *in = bytes.data;
    size_t len = bytes.len < SPOOL_RECORD_HEAD_BYTES ? 0 : announced(in);
    if (len == 0 || len > bytes.len || spool_get32(in + 4) != vd_crc32c(seed, vd_bytes_of(in + 8, len - 8)))
        return VD_EMALFORMED;
    size_t cursors_len = spool_get32(in + 52), padded = spool_padded(len);
    if (cursors_len > len - SPOOL_RECORD_HEAD_BYTES)
        return VD_EMALFORMED;
    const uint8_t *body = in + SPOOL_RECORD_HEAD_BYTES;
    *out = (struct spool_record){
        .first = spool_get64(in + 16),
        .synced = spool_get64(in + 24),
        .chain = spool_get64(in + 32),
        .time_ms = (int64_t)spool_get64(in + 40),
        .count = spool_get32(in + 48),
        .raw_bytes = spool_get32(in + 12),
        .cursors = vd_bytes_of(body, cursors_len),
        .payload = vd_bytes_of(body + cursors_len, len - SPOOL_RECORD_HEAD_BYTES - cursors_len),
        .bytes = padded < bytes.len ? padded : bytes.len,
    };
    return sane(out, base) ? 0 : VD_EMALFORMED;
}

int spool_record_unpack(const struct spool_record *r, uint8_t *out)
{
    if (r->payload.len < r->raw_bytes)
        return vd_lz4_unpack(r->payload, out, r->raw_bytes) ? 0 : VD_EMALFORMED;
    if (r->raw_bytes > 0)
        memcpy(out, r->payload.data, r->raw_bytes);
    return 0;
}

bool spool_event_next(struct vd_bytes *rest, struct vd_bytes *event)
{
    if (rest->len < SPOOL_EVENT_HEAD_BYTES)
        return false;
    size_t len = spool_get32(rest->data), left = rest->len - SPOOL_EVENT_HEAD_BYTES;
    if (len == 0 || len > left)
        return false;
    *event = vd_bytes_of(rest->data + SPOOL_EVENT_HEAD_BYTES, len);
    *rest = vd_bytes_of(event->data + len, left - len);
    return true;
}

uint8_t *spool_event_put(uint8_t *at, struct vd_bytes event)
{
    spool_put32(at, (uint32_t)event.len);
    memcpy(at + SPOOL_EVENT_HEAD_BYTES, event.data, event.len);
    return at + SPOOL_EVENT_HEAD_BYTES + event.len;
}
