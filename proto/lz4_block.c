/* LZ4 blocks; the compression table of 16 KiB is kept a thread, so that a small batch need not clear it. */
#include <vedette/lz4_block.h>

#include <limits.h>

#include <lz4.h>

static _Thread_local LZ4_stream_t table;
static _Thread_local bool table_ready;

size_t vd_lz4_pack(struct vd_bytes raw, uint8_t *out, size_t cap)
{
    if (raw.len == 0 || raw.len > LZ4_MAX_INPUT_SIZE || cap == 0 || cap > INT_MAX)
        return 0;
    /* A fast reset forgets the last block without clearing; only a failed compression asks for the full one.
     */
    if (table_ready)
        LZ4_resetStream_fast(&table);
    else
        LZ4_initStream(&table, sizeof table);
    int len =
        LZ4_compress_fast_continue(&table, (const char *)raw.data, (char *)out, (int)raw.len, (int)cap, 1);
    table_ready = len > 0;
    return len > 0 ? (size_t)len : 0;
}

bool vd_lz4_unpack(struct vd_bytes packed, uint8_t *raw, size_t raw_bytes)
{
    if (packed.len == 0 || packed.len > INT_MAX || raw_bytes > INT_MAX)
        return false;
    int len = LZ4_decompress_safe((const char *)packed.data, (char *)raw, (int)packed.len, (int)raw_bytes);
    return len >= 0 && (size_t)len == raw_bytes;
}
