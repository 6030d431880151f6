/* Any bytes as records of a state partition, each after its length in one byte: what is taken for a chunk
 * must be what is written for it, and the newest snapshot one of those shown. */
#include <assert.h>

#include "snapshot_chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vd_snapshot_chunk *chunk, struct vd_bytes value)
{
    uint8_t head[VD_SNAPSHOT_HEAD_BYTES];
    assert(chunk->index < chunk->count && chunk->count <= VD_SNAPSHOT_CHUNKS_MAX &&
           chunk->events_offset >= 0);
    assert(chunk->body.data == value.data + VD_SNAPSHOT_HEAD_BYTES);
    vd_snapshot_head(chunk, head);
    assert(memcmp(head, value.data, sizeof head) == 0);
    (void)value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vd_snapshot_search search = {0};
    int64_t offset = 0;
    for (size_t at = 0; at < size; offset++) {
        char key[VD_SNAPSHOT_KEY_BYTES];
        size_t len = data[at++];
        len = len > size - at ? size - at : len;
        struct vd_bytes value = vd_bytes_of(data + at, len);
        struct vd_snapshot_chunk chunk;
        /* The key that fits most often is the one that the value's own index names. */
        const struct vd_snapshot_chunk named = {.generation = len & 1,
                                                .index = len > 24 ? value.data[24] : 0};
        vd_snapshot_key(1, &named, key);
        if (vd_snapshot_read(&chunk, 1, vd_bytes_str(key), value) == 0) {
            check(&chunk, value);
            vd_snapshot_show(&search, &chunk, offset);
        }
        vd_snapshot_read(&chunk, 1, value, value);
        at += len;
    }
    assert(!search.newest.found || (search.newest.state_offset < offset && search.newest.count > 0));
    return 0;
}
