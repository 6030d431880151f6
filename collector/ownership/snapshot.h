/* A shard's state as chunks of bytes, and back: SnapshotChunk of proto/state.proto. Pure; any thread. */
#ifndef COLLECTOR_SNAPSHOT_H
#define COLLECTOR_SNAPSHOT_H

#include <vedette/buffer.h>
#include <vedette/session.h>

enum {
    SNAPSHOT_VERSION = 1,
    SNAPSHOT_CHUNK_BYTES = 480 * 1024, /* under what the shard log takes */
    SNAPSHOT_CHUNKS_MAX = 512,
};

struct snapshot_mark {
    struct vd_bytes key; /* "tenant/agent" */
    size_t tenant_len;
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t mark, chain;
    bool quarantined;
};

struct snapshot {
    struct vd_buffer bytes;
    size_t ends[SNAPSHOT_CHUNKS_MAX]; /* of each chunk */
    uint32_t chunk_count;
};

/* With one chunk, that says the version; VD_ENOMEM. */
int snapshot_init(struct snapshot *s);
void snapshot_deinit(struct snapshot *s); /* idempotent */
/* VD_ENOMEM, VD_ELIMIT. */
int snapshot_put_mark(struct snapshot *s, const struct snapshot_mark *mark);
/* The chunks written, SNAPSHOT_CHUNKS_MAX at most; views until the next call that is not const. */
uint32_t snapshot_chunks(const struct snapshot *s, struct vd_bytes *out);

/* Each mark of a chunk is told; what `mark` returns that is not 0 ends it. VD_EMALFORMED, VD_EUNSUPPORTED (of
 * a later version). */
int snapshot_read(struct vd_bytes chunk, int (*mark)(void *arg, const struct snapshot_mark *mark), void *arg);

/* The key of a mark, and of an event: "tenant/agent", each as long as a name may be. */
bool snapshot_key_read(struct snapshot_mark *mark, struct vd_bytes key);

#endif
