/* Writing batches as records: into the newest segment, or, where that is full or failed, into a new one.
 *
 * Order is what makes it safe: records are synced before the next segment is made, cursors enter a header
 * only with their records on disk, and an empty record behind each commit says what may have left the host.
 */
#include "writer.h"

#include <unistd.h>

#include <vedette/error.h>
#include <vedette/lz4_block.h>
#include <vedette/memory.h>

#include "file.h"

int spool_writer_init(struct spool_writer *w, uint64_t max_bytes, uint64_t free_floor_bytes)
{
    enum { FRACTION = 16, LEAST = 64 * 1024 };
    uint64_t size = max_bytes / FRACTION;
    size = size < LEAST ? LEAST : size > SPOOL_SEGMENT_MAX_BYTES ? SPOOL_SEGMENT_MAX_BYTES : size;
    *w = (struct spool_writer){.dir = -1,
                               .fd = -1,
                               .max_bytes = max_bytes,
                               .free_floor_bytes = free_floor_bytes,
                               .segment_bytes = (size_t)size & ~(size_t)4095,
                               .synced = 1,
                               .record = vd_malloc(SPOOL_RECORD_MAX_BYTES)};
    return w->record == NULL ? VD_ENOMEM : 0;
}

void spool_writer_deinit(struct spool_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    vd_free(w->record);
    w->record = NULL;
}

static size_t cursors_put(uint8_t *out, const struct spool_batch *b, const struct spool_cursors *names)
{
    uint8_t *at = out;
    for (int i = 0; i < VD_SPOOL_SOURCES_MAX; i++)
        if ((b->sources & UINT32_C(1) << i) != 0)
            at = spool_cursor_put(at, names->at[i].name, vd_bytes_of(b->cursors[i], b->cursor_len[i]));
    return (size_t)(at - out);
}

/* What does not get smaller is stored as it is. */
static size_t payload_put(uint8_t *out, const struct spool_batch *b)
{
    size_t packed =
        b->raw_bytes > 1 ? vd_lz4_pack(vd_bytes_of(b->raw, b->raw_bytes), out, b->raw_bytes - 1) : 0;
    if (packed > 0)
        return packed;
    memcpy(out, b->raw, b->raw_bytes);
    return b->raw_bytes;
}

static void batch_encode(struct spool_writer *w, struct spool_record *r, const struct spool_batch *b,
                         const struct spool_cursors *names)
{
    uint8_t *body = w->record + SPOOL_RECORD_HEAD_BYTES;
    *r = (struct spool_record){
        .first = b->first, .chain = b->chain, .time_ms = b->time_ms, .count = b->count, .synced = w->synced};
    r->raw_bytes = (uint32_t)b->raw_bytes;
    r->cursors.len = cursors_put(body, b, names);
    r->payload.len = payload_put(body + r->cursors.len, b);
    r->bytes = spool_padded(SPOOL_RECORD_HEAD_BYTES + r->cursors.len + r->payload.len);
}

static int record_write(struct spool_writer *w, const struct spool_record *r)
{
    size_t len = spool_record_seal(r, w->seed, w->record);
    int rc = spool_file_write(w->fd, vd_bytes_of(w->record, len), w->at);
    if (rc == 0)
        w->at += len;
    return rc;
}

static void cursors_keep(struct spool_writer *w, const struct spool_batch *b,
                         const struct spool_cursors *names)
{
    for (int i = 0; i < VD_SPOOL_SOURCES_MAX; i++)
        if ((b->sources & UINT32_C(1) << i) != 0)
            spool_cursors_set(&w->cursors, names->at[i].name, vd_bytes_of(b->cursors[i], b->cursor_len[i]));
}

/* Syncs what was written, from *synced up to `to`, and keeps account of it. */
static int sync_to(struct spool_writer *w, struct spool_batch **synced, const struct spool_batch *to,
                   const struct spool_cursors *names)
{
    if (*synced == to)
        return 0;
    int rc = spool_file_sync(w->fd);
    if (rc != 0)
        return rc;
    for (; *synced != to; *synced = (*synced)->next) {
        cursors_keep(w, *synced, names);
        w->synced = (*synced)->first + (*synced)->count;
        w->synced_chain = (*synced)->chain_after;
    }
    w->now.used = w->at;
    w->now.end = w->synced;
    return 0;
}

/* Room for one more empty record is left behind every other. */
static bool fits(const struct spool_writer *w, const struct spool_record *r, const struct spool_batch *b)
{
    return w->fd >= 0 && w->at + r->bytes + SPOOL_RECORD_HEAD_BYTES <= w->now.size &&
           b->first + b->count - w->now.base <= SPOOL_SEGMENT_NUMBERS;
}

static int write_all(struct spool_writer *w, struct spool_batch **synced, const struct spool_cursors *names)
{
    for (const struct spool_batch *b = *synced; b != NULL; b = b->next) {
        struct spool_record r;
        batch_encode(w, &r, b, names);
        int rc = 0;
        if (!fits(w, &r, b)) {
            rc = sync_to(w, synced, b, names);
            if (w->past_count == SPOOL_BIRTHS_MAX)
                return rc; /* the next commit goes on */
            if (rc == 0)
                rc = spool_writer_new_segment(w, r.bytes + SPOOL_RECORD_HEAD_BYTES);
            r.synced = w->synced;
        }
        if (rc == 0)
            rc = record_write(w, &r);
        if (rc != 0)
            return rc;
    }
    return sync_to(w, synced, NULL, names);
}

/* An empty record, unsynced: a process that is killed leaves it all the same, and a sync that follows takes
 * it along. It repeats the cursors, so that damage to the record before it makes no source repeat itself. */
static void mark_synced(struct spool_writer *w)
{
    uint8_t *body = w->record + SPOOL_RECORD_HEAD_BYTES, *end = body;
    for (int i = 0; i < w->cursors.count; i++)
        end = spool_cursor_put(end, w->cursors.at[i].name,
                               vd_bytes_of(w->cursors.at[i].bytes, w->cursors.at[i].len));
    size_t room = (size_t)(w->now.size - w->at) - SPOOL_RECORD_HEAD_BYTES;
    struct spool_record r = {.first = w->synced, .synced = w->synced, .chain = w->synced_chain};
    r.cursors.len = (size_t)(end - body) + 8 <= room ? (size_t)(end - body) : 0;
    if (record_write(w, &r) == 0)
        w->now.used = w->at;
}

static void give_up_segment(struct spool_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

int spool_writer_run(struct spool_writer *w, struct spool_batch **batch, const struct spool_cursors *names)
{
    int rc = write_all(w, batch, names);
    if (rc != 0) {
        /* Once more, into a new segment; what failed is not written to again. */
        give_up_segment(w);
        rc = write_all(w, batch, names);
    }
    if (rc != 0)
        give_up_segment(w);
    else if (w->fd >= 0 && w->at + SPOOL_RECORD_HEAD_BYTES <= w->now.size)
        mark_synced(w);
    return rc;
}
