/* Writing snapshots into a shard's transactions, on the loop's thread.
 *
 * Happy path: begin → chunks, in order, over any number of transactions → the one that holds the last is
 * committed: the snapshot is whole, and the next one takes the other generation's keys. How it fails: one
 * that ends with a log, or that another begins in place of, is a beginning without an end, which readers pass
 * over, and its keys are taken again. */
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/random.h>

#include "shard_log_inside.h"

int vd_shard_log_snapshot_begin(struct vd_shard_log *log, int64_t events_offset, uint32_t chunk_count)
{
    struct vd_shard_log_snapshot *snapshot = &log->loop.snapshot;
    snapshot->begun = false;
    if (chunk_count == 0 || chunk_count > VD_SNAPSHOT_CHUNKS_MAX)
        return VD_ELIMIT;
    snapshot->next.index = 0;
    snapshot->next.count = chunk_count;
    snapshot->next.events_offset = events_offset;
    snapshot->state_offset = -1;
    int result = vd_random_bytes(snapshot->next.id, sizeof snapshot->next.id);
    snapshot->begun = result == 0;
    return result;
}

int vd_shard_log_snapshot_chunk(struct vd_shard_log *log, struct vd_bytes body, const char **why)
{
    struct vd_shard_log_snapshot *snapshot = &log->loop.snapshot;
    struct vd_snapshot_chunk *chunk = &snapshot->next;
    char key[VD_SNAPSHOT_KEY_BYTES];
    *why = "a snapshot has as many chunks as it said, of at most 512 KiB";
    if (!snapshot->begun || chunk->index == chunk->count || body.len > VD_SNAPSHOT_CHUNK_MAX_BYTES)
        return VD_ELIMIT;
    *why = "out of memory";
    uint8_t *value = vd_malloc(VD_SNAPSHOT_HEAD_BYTES + body.len);
    if (value == NULL)
        return VD_ENOMEM;
    vd_snapshot_key(log->options.shard, chunk, key);
    vd_snapshot_head(chunk, value);
    if (body.len > 0)
        memcpy(value + VD_SNAPSHOT_HEAD_BYTES, body.data, body.len);
    struct vd_record record = {.topic = VD_TOPIC_STATE,
                               .partition = log->options.shard,
                               .key = vd_bytes_str(key),
                               .value = vd_bytes_of(value, VD_SNAPSHOT_HEAD_BYTES + body.len)};
    void *first = chunk->index == 0 ? log : NULL; /* whose offset is told */
    int result = vd_shard_log_put(log, &record, first, RD_KAFKA_MSG_F_COPY, why);
    vd_free(value);
    chunk->index += result == 0;
    return result;
}

int64_t vd_shard_log_snapshot_committed(struct vd_shard_log *log)
{
    struct vd_shard_log_snapshot *snapshot = &log->loop.snapshot;
    if (!snapshot->begun || snapshot->next.index < snapshot->next.count)
        return -1;
    snapshot->begun = false;
    snapshot->next.generation = (snapshot->next.generation + 1) % VD_SNAPSHOT_GENERATIONS;
    return snapshot->state_offset;
}
