/* A fork: what was not acknowledged is copied into a new stream in a folder of its own, which then takes the
 * place of the old one by its name. Killed before that, nothing has happened. */
#include <assert.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "state.h"

struct fork {
    struct spool_writer w;
    struct spool_batch *batch;
    uint64_t shift; /* from old numbers to new ones */
    uint64_t chain;
    size_t record_raw_bytes;
};

static int flush(struct fork *f)
{
    static const struct spool_cursors none;
    struct spool_batch *left = f->batch;
    if (f->batch->count == 0)
        return 0;
    f->w.past_count = 0; /* recovery finds them */
    int rc = spool_writer_run(&f->w, &left, &none);
    f->batch->count = 0;
    return rc;
}

static int copy_event(struct fork *f, const struct vd_spool_item *item)
{
    struct spool_batch *b = f->batch;
    size_t more = SPOOL_EVENT_HEAD_BYTES + item->event.len;
    int rc = b->count > 0 && b->raw_bytes + more > f->record_raw_bytes ? flush(f) : 0;
    if (rc != 0)
        return rc;
    if (b->count == 0) {
        b->first = item->seq - f->shift;
        b->chain = f->chain;
        b->time_ms = item->time_ms;
        b->raw_bytes = 0;
    }
    spool_event_put(b->raw + b->raw_bytes, item->event);
    b->raw_bytes += more;
    b->count++;
    f->chain = b->chain_after = vd_chain_next(f->chain, item->event);
    return 0;
}

/* A new segment behind it shows it to whoever opens the spool again. */
static int copy_hole(struct fork *f, const struct vd_spool_item *item)
{
    int rc = flush(f);
    f->w.synced = item->seq + 1 - f->shift;
    f->w.synced_chain = f->chain;
    f->w.past_count = 0;
    return rc == 0 ? spool_writer_new_segment(&f->w, 0) : rc;
}

static int copy(struct vd_spool *s, struct fork *f)
{
    struct vd_spool_reader *r;
    int rc = spool_writer_new_segment(&f->w, 0);
    if (rc == 0)
        rc = vd_spool_reader_new(&r, s);
    if (rc != 0)
        return rc;
    vd_spool_seek(r, f->shift + 1);
    for (const struct vd_spool_item *item; rc == 0 && (item = vd_spool_peek(r)) != NULL; vd_spool_step(r))
        rc = item->event.len > 0 ? copy_event(f, item) : copy_hole(f, item);
    vd_spool_reader_free(r);
    return rc == 0 ? flush(f) : rc;
}

static int fork_init(struct fork *f, struct vd_spool *s, const uint8_t *new_stream)
{
    int rc = spool_writer_init(&f->w, s->max_bytes, s->writer.free_floor_bytes);
    f->w.agent = s->agent;
    f->record_raw_bytes = s->record_raw_bytes;
    f->w.cursors = s->writer.cursors;
    memcpy(f->w.stream, new_stream, VD_STREAM_BYTES);
    f->batch = vd_calloc(1, sizeof *f->batch + SPOOL_RAW_MAX_BYTES);
    if (rc != 0 || f->batch == NULL)
        return VD_ENOMEM;
    f->batch->raw = (uint8_t *)(f->batch + 1);
    f->batch->raw_cap = SPOOL_RAW_MAX_BYTES;
    return spool_folder_begin(&s->folder, &f->w.dir);
}

/* The spool is what its new folder says. */
static int open_again(struct vd_spool *s, const uint8_t *new_stream)
{
    struct spool_writer *w = &s->writer;
    struct vd_spool_recovery found;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    w->now = s->newest = (struct spool_extent){.base = 0};
    w->disk_bytes = s->past_bytes = s->trimmed_bytes = s->passed_bytes = 0;
    w->past_count = 0;
    s->past_count = 0;
    s->trail = (struct spool_trail){.count = 0};
    int rc = spool_recover(s, new_stream, &found);
    s->failed = rc != 0;
    return rc;
}

int vd_spool_fork(struct vd_spool *s, const uint8_t *new_stream, uint64_t mark, struct vd_spool_hole *lost)
{
    struct fork f = {.w.dir = -1, .w.fd = -1};
    assert(!s->commit.under_way);
    *lost = (struct vd_spool_hole){.from = 0};
    int rc = vd_spool_commit_now(s);
    if (rc != 0)
        return rc;
    uint64_t last = mark < s->next ? mark : s->next - 1;
    if (s->first <= last)
        *lost =
            (struct vd_spool_hole){.from = s->first, .to = last, .why = "behind the mark of a forked stream"};
    f.shift = last >= s->first ? last : s->first - 1;
    rc = fork_init(&f, s, new_stream);
    if (rc == 0)
        rc = copy(s, &f);
    if (rc == 0)
        rc = spool_folder_replace(&s->folder, f.w.dir);
    if (rc != 0 && f.w.dir >= 0)
        close(f.w.dir);
    spool_writer_deinit(&f.w);
    vd_free(f.batch);
    return rc == 0 ? open_again(s, new_stream) : rc;
}
