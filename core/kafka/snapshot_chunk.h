/* Chunks of a shard's snapshot as they stand in the state topic, and which of them make up the newest whole
 * one. Pure; what is read is treated as hostile. Private to core/kafka.
 *
 * A chunk is a record of key "<shard>/<index>", whose value is 40 bytes, little-endian, and then the chunk:
 * "VDSN" | version u32 | id 16 bytes | index u32 | count u32 | events_offset u64. The chunks of a snapshot
 * come in order, over as many transactions as it takes; later ones of the same key replace earlier ones by
 * compaction. So that a half snapshot never replaces a whole one, snapshots take turns at two ranges of keys:
 * those of the second generation are the index and 4096. */
#ifndef VEDETTE_KAFKA_SNAPSHOT_CHUNK_H
#define VEDETTE_KAFKA_SNAPSHOT_CHUNK_H

#include <vedette/shard_log.h>

enum {
    VD_SNAPSHOT_VERSION = 1,
    VD_SNAPSHOT_ID_BYTES = 16,
    VD_SNAPSHOT_HEAD_BYTES = 40,
    VD_SNAPSHOT_CHUNKS_MAX = 4096,
    VD_SNAPSHOT_GENERATIONS = 2,
    VD_SNAPSHOT_KEY_BYTES = 32,
};

struct vd_snapshot_chunk {
    uint8_t id[VD_SNAPSHOT_ID_BYTES];
    uint32_t generation, index, count; /* the generation is told by the key */
    int64_t events_offset;
    struct vd_bytes body; /* a view */
};

/* The key's text into out (VD_SNAPSHOT_KEY_BYTES). */
void vd_snapshot_key(int32_t shard, const struct vd_snapshot_chunk *chunk, char *out);
/* The head of a chunk into out (VD_SNAPSHOT_HEAD_BYTES); the body follows it. */
void vd_snapshot_head(const struct vd_snapshot_chunk *chunk, uint8_t *out);

/* 0: *out is a chunk of that shard; VD_SNAPSHOT_OTHER: another record, or the mark of a deleted chunk.
 * VD_EUNSUPPORTED: of a version that is not known; VD_EMALFORMED: a chunk's key, but no chunk. */
enum { VD_SNAPSHOT_OTHER = 1 };
int vd_snapshot_read(struct vd_snapshot_chunk *out, int32_t shard, struct vd_bytes key,
                     struct vd_bytes value);

/* The newest whole snapshot of the chunks shown so far, by offset; {0} before the first. */
struct vd_snapshot_place {
    bool found;
    uint8_t id[VD_SNAPSHOT_ID_BYTES];
    uint32_t generation, count;
    int64_t events_offset, state_offset; /* the latter: of its first chunk */
};
struct vd_snapshot_search {
    struct vd_snapshot_place newest, growing; /* growing.found: it has begun */
    uint32_t next;                            /* the index that goes on with `growing` */
};
/* Shows the next chunk. VD_EMALFORMED: it does not fit the chunks of its own snapshot. Chunks whose beginning
 * was compacted away, and a snapshot that was never finished, count for nothing. */
int vd_snapshot_show(struct vd_snapshot_search *search, const struct vd_snapshot_chunk *chunk,
                     int64_t state_offset);

#endif
