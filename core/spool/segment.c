/* Reading a segment whole, over whatever is damaged in it. */
#include "segment.h"

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"

enum { PAGE_BYTES = 4096, BUDGET_FACTOR = 4 };

/* A sector that cannot be read costs a page, not the segment. */
static void load_by_pages(int fd, uint8_t *out, size_t len)
{
    for (size_t at = 0; at < len; at += PAGE_BYTES) {
        size_t got, want = len - at < PAGE_BYTES ? len - at : PAGE_BYTES;
        spool_file_read(fd, out + at, want, at, &got);
        memset(out + at + got, 0, want - got);
    }
}

int spool_segment_load(int fd, uint8_t **out, size_t *len)
{
    uint64_t size = spool_file_size(fd);
    size_t got;
    *len = size > SPOOL_SEGMENT_READ_BYTES ? (size_t)SPOOL_SEGMENT_READ_BYTES : (size_t)size;
    *out = vd_malloc(*len);
    if (*out == NULL)
        return VD_ENOMEM;
    if (spool_file_read(fd, *out, *len, 0, &got) != 0)
        load_by_pages(fd, *out, *len);
    else
        *len = got;
    return 0;
}

void spool_walk_init(struct spool_walk *w, struct vd_bytes segment, const struct spool_header *h,
                     uint64_t limit)
{
    *w = (struct spool_walk){.segment = segment,
                             .at = h->body,
                             .seed = spool_header_seed(h->stream, h->base),
                             .base = h->base,
                             .expect = h->base,
                             .limit = limit,
                             .budget_bytes = segment.len * BUDGET_FACTOR};
}

static bool read_at(struct spool_walk *w, size_t at, struct spool_record *record)
{
    struct vd_bytes rest = vd_bytes_of(w->segment.data + at, w->segment.len - at);
    return spool_record_read(record, rest, w->seed, w->base) == 0 && record->first >= w->expect;
}

/* What the sum of a record at `at` would be taken of. */
static size_t cost_at(const struct spool_walk *w, size_t at)
{
    size_t left = w->segment.len - at;
    size_t bytes = left < SPOOL_RECORD_HEAD_BYTES ? 0 : spool_record_announced(w->segment.data + at);
    return bytes <= left ? bytes : 0;
}

bool spool_walk_next(struct spool_walk *w, struct spool_record *record)
{
    size_t at = w->at;
    bool found = at < w->segment.len && read_at(w, at, record);
    while (!found && at + 8 < w->segment.len) {
        at += 8;
        size_t cost = cost_at(w, at);
        if (cost == 0)
            continue;
        if (cost > w->budget_bytes)
            return false;
        w->budget_bytes -= cost;
        found = read_at(w, at, record);
    }
    /* What lies at or above the limit was written again, to the next segment. */
    if (!found || record->first >= w->limit || record->first + record->count > w->limit)
        return false;
    w->skipped = at - w->at;
    w->at = at + record->bytes;
    w->expect = record->first + record->count;
    return true;
}

uint64_t spool_segment_synced(struct vd_bytes segment, const struct spool_header *h)
{
    struct spool_walk w;
    struct spool_record record;
    uint64_t synced = h->base;
    spool_walk_init(&w, segment, h, UINT64_MAX);
    while (spool_walk_next(&w, &record))
        if (record.synced > synced)
            synced = record.synced;
    return synced;
}
