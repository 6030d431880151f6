/* Reading and writing the chunks of a snapshot, and finding the newest whole one. */
#include "snapshot_chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <vedette/error.h>

static const uint8_t MAGIC[4] = {'V', 'D', 'S', 'N'};

enum { VERSION_AT = 4, ID_AT = 8, INDEX_AT = 24, COUNT_AT = 28, EVENTS_AT = 32 };

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

void vd_snapshot_key(int32_t shard, const struct vd_snapshot_chunk *chunk, char *out)
{
    snprintf(out, VD_SNAPSHOT_KEY_BYTES, "%" PRId32 "/%" PRIu32, shard,
             chunk->generation * VD_SNAPSHOT_CHUNKS_MAX + chunk->index);
}

void vd_snapshot_head(const struct vd_snapshot_chunk *chunk, uint8_t *out)
{
    memcpy(out, MAGIC, sizeof MAGIC);
    put(out + VERSION_AT, VD_SNAPSHOT_VERSION, 4);
    memcpy(out + ID_AT, chunk->id, sizeof chunk->id);
    put(out + INDEX_AT, chunk->index, 4);
    put(out + COUNT_AT, chunk->count, 4);
    put(out + EVENTS_AT, (uint64_t)chunk->events_offset, 8);
}

/* The number that a chunk's key names; -1: it is no key of a chunk of this shard. */
static int64_t number_of(int32_t shard, struct vd_bytes key)
{
    char prefix[VD_SNAPSHOT_KEY_BYTES];
    size_t len = (size_t)snprintf(prefix, sizeof prefix, "%" PRId32 "/", shard);
    int64_t number = 0;
    if (key.len <= len || key.len >= VD_SNAPSHOT_KEY_BYTES || memcmp(key.data, prefix, len) != 0)
        return -1;
    for (size_t i = len; i < key.len; i++) {
        if (key.data[i] < '0' || key.data[i] > '9')
            return -1;
        number = number * 10 + (key.data[i] - '0');
        if (number >= VD_SNAPSHOT_GENERATIONS * VD_SNAPSHOT_CHUNKS_MAX)
            return -1;
    }
    return number;
}

int vd_snapshot_read(struct vd_snapshot_chunk *out, int32_t shard, struct vd_bytes key, struct vd_bytes value)
{
    int64_t number = number_of(shard, key);
    if (number < 0 || value.len == 0)
        return VD_SNAPSHOT_OTHER;
    if (value.len < ID_AT || memcmp(value.data, MAGIC, sizeof MAGIC) != 0)
        return VD_EMALFORMED;
    if (get(value.data + VERSION_AT, 4) != VD_SNAPSHOT_VERSION)
        return VD_EUNSUPPORTED;
    if (value.len < VD_SNAPSHOT_HEAD_BYTES ||
        value.len - VD_SNAPSHOT_HEAD_BYTES > VD_SNAPSHOT_CHUNK_MAX_BYTES)
        return VD_EMALFORMED;
    memcpy(out->id, value.data + ID_AT, sizeof out->id);
    out->generation = (uint32_t)number / VD_SNAPSHOT_CHUNKS_MAX;
    out->index = (uint32_t)get(value.data + INDEX_AT, 4);
    out->count = (uint32_t)get(value.data + COUNT_AT, 4);
    uint64_t events_offset = get(value.data + EVENTS_AT, 8);
    if (out->index != number % VD_SNAPSHOT_CHUNKS_MAX || out->index >= out->count ||
        out->count > VD_SNAPSHOT_CHUNKS_MAX || events_offset > INT64_MAX)
        return VD_EMALFORMED;
    out->events_offset = (int64_t)events_offset;
    out->body = vd_bytes_of(value.data + VD_SNAPSHOT_HEAD_BYTES, value.len - VD_SNAPSHOT_HEAD_BYTES);
    return 0;
}

int vd_snapshot_show(struct vd_snapshot_search *search, const struct vd_snapshot_chunk *chunk,
                     int64_t state_offset)
{
    struct vd_snapshot_place *growing = &search->growing;
    bool same = growing->found && memcmp(growing->id, chunk->id, sizeof chunk->id) == 0;
    if (!same) {
        growing->found = chunk->index == 0;
        if (!growing->found)
            return 0;
        memcpy(growing->id, chunk->id, sizeof chunk->id);
        growing->generation = chunk->generation;
        growing->count = chunk->count;
        growing->events_offset = chunk->events_offset;
        growing->state_offset = state_offset;
        search->next = 0;
    }
    if (chunk->index != search->next || chunk->count != growing->count ||
        chunk->events_offset != growing->events_offset)
        return VD_EMALFORMED;
    search->next++;
    if (search->next == growing->count)
        search->newest = *growing;
    return 0;
}
