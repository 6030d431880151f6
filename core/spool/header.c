/* A segment's header, written twice, so that no single damage costs a segment. */
#include "format.h"

#include <vedette/crc32c.h>
#include <vedette/error.h>

enum { MAGIC = 0x50534456 /* "VDSP" */, FIXED_BYTES = 72 };

/*  0 magic  4 sum over what follows  8 length, a multiple of 8  12 version (16 bits)  14 agent's length (16)
 * 16 stream  32 base  40 chain before base  48 size of the file  56 length of the cursors (32)  60 zero
 * 72 agent, cursors, zeros */
static size_t write_one(const struct spool_header *h, const struct spool_cursors *cursors, uint8_t *out)
{
    size_t agent_len = strlen(h->agent);
    memcpy(out + FIXED_BYTES, h->agent, agent_len);
    uint8_t *begin = out + FIXED_BYTES + agent_len, *end = begin;
    for (int i = 0; i < cursors->count; i++)
        end =
            spool_cursor_put(end, cursors->at[i].name, vd_bytes_of(cursors->at[i].bytes, cursors->at[i].len));
    size_t used = (size_t)(end - out), len = spool_padded(used);
    memset(end, 0, len - used);
    memset(out, 0, FIXED_BYTES);
    spool_put32(out, MAGIC);
    spool_put32(out + 8, (uint32_t)len);
    spool_put32(out + 12, SPOOL_VERSION | (uint32_t)agent_len << 16);
    memcpy(out + 16, h->stream, VD_STREAM_BYTES);
    spool_put64(out + 32, h->base);
    spool_put64(out + 40, h->chain);
    spool_put64(out + 48, h->size);
    spool_put32(out + 56, (uint32_t)(end - begin));
    spool_put32(out + 4, vd_crc32c(0, vd_bytes_of(out + 8, len - 8)));
    return len;
}

size_t spool_header_write(const struct spool_header *h, const struct spool_cursors *cursors, uint8_t *out)
{
    size_t len = write_one(h, cursors, out);
    memcpy(out + len, out, len);
    return 2 * len;
}

static int parse(struct spool_header *h, const uint8_t *in, size_t len)
{
    uint32_t version = spool_get32(in + 12) & 0xffff;
    size_t agent_len = spool_get32(in + 12) >> 16, cursors_len = spool_get32(in + 56);
    if (version != SPOOL_VERSION)
        return VD_EUNSUPPORTED;
    *h = (struct spool_header){
        .base = spool_get64(in + 32), .chain = spool_get64(in + 40), .size = spool_get64(in + 48)};
    if (agent_len >= SPOOL_AGENT_BYTES || cursors_len > SPOOL_CURSORS_MAX_BYTES ||
        FIXED_BYTES + agent_len + cursors_len > len || h->base == 0 || h->base > SPOOL_NUMBER_MAX)
        return VD_EMALFORMED;
    memcpy(h->stream, in + 16, VD_STREAM_BYTES);
    memcpy(h->agent, in + FIXED_BYTES, agent_len);
    h->cursors = vd_bytes_of(in + FIXED_BYTES + agent_len, cursors_len);
    struct vd_bytes rest = h->cursors, cursor;
    char name[VD_SPOOL_SOURCE_NAME_BYTES];
    bool bad = false;
    while (spool_cursor_next(&rest, name, &cursor, &bad))
        continue;
    return bad ? VD_EMALFORMED : 0;
}

static int read_at(struct spool_header *out, struct vd_bytes segment, size_t at)
{
    const uint8_t *in = segment.data + at;
    size_t left = segment.len - at;
    if (left < FIXED_BYTES || spool_get32(in) != MAGIC)
        return VD_EMALFORMED;
    size_t len = spool_get32(in + 8);
    if (len < FIXED_BYTES || len > SPOOL_HEADER_MAX_BYTES || len % 8 != 0 || len > left ||
        spool_get32(in + 4) != vd_crc32c(0, vd_bytes_of(in + 8, len - 8)))
        return VD_EMALFORMED;
    out->body = 0;
    int rc = parse(out, in, len);
    out->body = 2 * len;
    /* The first copy is where the file begins, the second right behind it. */
    return rc == 0 && at != 0 && at != len ? VD_EMALFORMED : rc;
}

int spool_header_read(struct spool_header *out, struct vd_bytes segment)
{
    int rc = VD_EMALFORMED;
    for (size_t at = 0; rc == VD_EMALFORMED && at < segment.len && at <= SPOOL_HEADER_MAX_BYTES; at += 8)
        rc = read_at(out, segment, at);
    return rc == 0 && out->body > segment.len ? VD_EMALFORMED : rc;
}

uint32_t spool_header_seed(const uint8_t *stream, uint64_t base)
{
    uint8_t number[8];
    spool_put64(number, base);
    return vd_crc32c(vd_crc32c(0, vd_bytes_of(stream, VD_STREAM_BYTES)), vd_bytes_of(number, sizeof number));
}
