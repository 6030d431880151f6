/* What lies in a segment: two copies of its header, then records. docs/spool.md has it byte by byte. Little-
 * endian; headers and records begin at multiples of 8. Pure: bytes in, bytes out. */
#ifndef SPOOL_FORMAT_H
#define SPOOL_FORMAT_H

#include <endian.h>
#include <vedette/buffer.h>
#include <vedette/spool.h>

enum {
    SPOOL_VERSION = 1,
    SPOOL_AGENT_BYTES = 256, /* terminated */
    SPOOL_RECORD_HEAD_BYTES = 56,
    SPOOL_CURSOR_HEAD_BYTES = 3,
    SPOOL_CURSORS_MAX_BYTES = VD_SPOOL_SOURCES_MAX * (SPOOL_CURSOR_HEAD_BYTES + VD_SPOOL_SOURCE_NAME_BYTES -
                                                      1 + VD_SPOOL_CURSOR_MAX_BYTES),
    SPOOL_HEADER_MAX_BYTES = 72 + SPOOL_AGENT_BYTES + SPOOL_CURSORS_MAX_BYTES + 8,
    /* A record holds one event of any size, or several together below the writer's cap. */
    SPOOL_RAW_MAX_BYTES = VD_EVENT_MAX_BYTES + 4,
    SPOOL_RECORD_MAX_BYTES = SPOOL_RECORD_HEAD_BYTES + SPOOL_CURSORS_MAX_BYTES + SPOOL_RAW_MAX_BYTES + 8,
    SPOOL_SEGMENT_MAX_BYTES = 16 * 1024 * 1024, /* as they are made; hence the bound of what is read whole */
    /* Numbers that a segment may use from its base on: the bound for what a damaged one may have held. */
    SPOOL_SEGMENT_NUMBERS = 1 << 20,
};
#define SPOOL_NUMBER_MAX (UINT64_C(1) << 62)

struct spool_cursor {
    char name[VD_SPOOL_SOURCE_NAME_BYTES];
    uint16_t len;
    uint64_t set_at; /* the table's count of sets then */
    uint8_t bytes[VD_SPOOL_CURSOR_MAX_BYTES];
};
struct spool_cursors {
    int count;
    uint64_t sets;
    struct spool_cursor at[VD_SPOOL_SOURCES_MAX];
};
/* Sets the cursor of a source; where there are too many, the one that was set longest ago makes room. */
void spool_cursors_set(struct spool_cursors *c, const char *name, struct vd_bytes cursor);
/* One cursor after another; returns where it ends. */
uint8_t *spool_cursor_put(uint8_t *at, const char *name, struct vd_bytes cursor);
/* Reads the next one; false: the end, or malformed, then *bad. cursor is a view. */
bool spool_cursor_next(struct vd_bytes *rest, char *name, struct vd_bytes *cursor, bool *bad);
/* Sets them all. */
void spool_cursors_merge(struct spool_cursors *c, struct vd_bytes encoded);

struct spool_header {
    char agent[SPOOL_AGENT_BYTES];
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t base, chain, size; /* size: of the file as it was made */
    struct vd_bytes cursors;    /* a view */
    size_t body;                /* where records begin */
};
/* Both copies; bytes written. out: 2 * SPOOL_HEADER_MAX_BYTES. */
size_t spool_header_write(const struct spool_header *h, const struct spool_cursors *cursors, uint8_t *out);
/* Whichever copy is whole. VD_EMALFORMED, VD_EUNSUPPORTED. */
int spool_header_read(struct spool_header *out, struct vd_bytes segment);
/* What the sums of records begin with, so that a record counts only in the segment it was written to. */
uint32_t spool_header_seed(const uint8_t *stream, uint64_t base);

struct spool_record {
    uint64_t first;
    uint64_t synced; /* numbers below it were on disk, and may have left the host, when this was made */
    uint64_t chain;
    int64_t time_ms;
    uint32_t count; /* 0: only says `synced`, and cursors */
    uint32_t raw_bytes;
    struct vd_bytes cursors, payload; /* views; payload is packed where it is not of raw_bytes */
    size_t bytes;                     /* on disk, padded */
};
/* Sets the sum and the padding around what is there already: head, cursors, payload. Returns bytes on disk.
 * record: cursors and payload by length. */
size_t spool_record_seal(const struct spool_record *r, uint32_t seed, uint8_t *out);
/* The record at the beginning of bytes, checked in every respect but its payload's. VD_EMALFORMED. */
int spool_record_read(struct spool_record *out, struct vd_bytes bytes, uint32_t seed, uint64_t base);
/* The length on disk that a head announces, or 0. head: SPOOL_RECORD_HEAD_BYTES. */
size_t spool_record_announced(const uint8_t *head);
/* Payload into out, SPOOL_RAW_MAX_BYTES. VD_EMALFORMED. */
int spool_record_unpack(const struct spool_record *r, uint8_t *out);
/* The next event of an unpacked payload; false: malformed or the end. */
bool spool_event_next(struct vd_bytes *rest, struct vd_bytes *event);
uint8_t *spool_event_put(uint8_t *at, struct vd_bytes event);
enum { SPOOL_EVENT_HEAD_BYTES = 4 };

/* The next multiple of 8. */
static inline size_t spool_padded(size_t len)
{
    return (len + 7) & ~(size_t)7;
}
static inline uint32_t spool_get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}
static inline uint64_t spool_get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}
static inline void spool_put32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}
static inline void spool_put64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

#endif
