/* A shard's state as chunks of bytes, and back: SnapshotChunk of proto/state.proto. Marks come first, then
 * the windows, whose bytes are score/state.h's. Pure; any thread. */
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

/* With one chunk, that says the version, and how many scored events behind the marks the windows have taken
 * in; VD_ENOMEM. */
int snapshot_init(struct snapshot *s, uint64_t windows_ahead);
void snapshot_deinit(struct snapshot *s); /* idempotent */
/* VD_ENOMEM, VD_ELIMIT. */
int snapshot_put_mark(struct snapshot *s, const struct snapshot_mark *mark);
/* Of chunk_count; a view until the next call that is not const. */
struct vd_bytes snapshot_chunk(const struct snapshot *s, uint32_t i);

/* A chunk of a piece of the windows that stands at room + SNAPSHOT_WINDOWS_AT, of at most
 * SNAPSHOT_WINDOWS_MAX_BYTES; a view of room, whose begin it writes. Without a piece: a chunk that says
 * nothing. */
enum { SNAPSHOT_WINDOWS_AT = 16, SNAPSHOT_WINDOWS_MAX_BYTES = SNAPSHOT_CHUNK_BYTES - SNAPSHOT_WINDOWS_AT };
struct vd_bytes snapshot_windows(uint8_t room[SNAPSHOT_CHUNK_BYTES], size_t piece_len);

/* What a chunk says; what they return that is not 0 ends it. */
struct snapshot_sink {
    int (*mark)(void *arg, const struct snapshot_mark *mark);
    int (*windows)(void *arg, struct vd_bytes piece);
    int (*windows_ahead)(void *arg, uint64_t events);
};
/* VD_EMALFORMED, VD_EUNSUPPORTED (of a later version). */
int snapshot_read(struct vd_bytes chunk, const struct snapshot_sink *sink, void *arg);

/* The key of a mark, and of an event: "tenant/agent", each as long as a name may be. */
bool snapshot_key_read(struct snapshot_mark *mark, struct vd_bytes key);

#endif
