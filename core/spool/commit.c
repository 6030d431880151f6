/* Group commit: what is pending goes to a commit, which another thread writes, and comes back durable, or as
 * pending as it was. */
#include <assert.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "state.h"

enum { SPARE_MAX = 8, RETRY_MS = 1000 };

void spool_batches_free(struct vd_spool *s, struct spool_batch *batch, const struct spool_batch *end)
{
    while (batch != end) {
        struct spool_batch *next = batch->next;
        if (s->spare_count < SPARE_MAX && batch->raw_cap == s->record_raw_bytes) {
            batch->next = s->spare;
            s->spare = batch;
            s->spare_count++;
        } else {
            vd_free(batch);
        }
        batch = next;
    }
}

bool vd_spool_pending(const struct vd_spool *s)
{
    return s->pending.head != NULL;
}

bool vd_spool_commit_due(struct vd_spool *s, int64_t now_ms)
{
    s->asked_ms = now_ms;
    if (s->pending.head == NULL || s->commit.under_way)
        return false;
    /* A clock that was set back must not make anything wait. */
    if (s->failed)
        return now_ms - s->failed_ms >= RETRY_MS || now_ms < s->failed_ms;
    int64_t age_ms = now_ms - s->pending.head->time_ms;
    return s->pending_bytes >= s->commit_bytes || age_ms < 0 || (uint64_t)age_ms >= s->commit_age_ms;
}

struct vd_spool_commit *vd_spool_commit_begin(struct vd_spool *s)
{
    struct vd_spool_commit *c = &s->commit;
    if (s->pending.head == NULL || c->under_way || spool_extent_reserve(s, SPOOL_BIRTHS_MAX + 1) != 0)
        return NULL;
    s->writer.disk_bytes -= s->trimmed_bytes;
    s->trimmed_bytes = 0;
    *c = (struct vd_spool_commit){
        .spool = s, .batches = s->pending.head, .left = s->pending.head, .under_way = true};
    s->pending = (struct spool_queue){NULL, NULL};
    return c;
}

/* Touches the writer and the commit's batches, and nothing else of the spool but the names of sources, which
 * stay. */
void vd_spool_commit_run(struct vd_spool_commit *c)
{
    struct vd_spool *s = c->spool;
    c->rc = spool_writer_run(&s->writer, &c->left, &s->cursors);
    s->writer.low_space = spool_writer_low_space(&s->writer);
}

void spool_adopt_segments(struct vd_spool *s)
{
    struct spool_writer *w = &s->writer;
    for (int i = 0; i < w->past_count; i++)
        spool_extent_add(s, &w->past[i]);
    w->past_count = 0;
    s->newest = w->now;
    s->durable = w->synced;
    s->low_space = w->low_space;
}

/* Batches that are on disk: counted, and given back. */
static void settle(struct vd_spool *s, struct vd_spool_commit *c)
{
    for (const struct spool_batch *b = c->batches; b != c->left; b = b->next) {
        spool_trail_add(&s->trail, b->first, s->passed_bytes, b->time_ms);
        s->passed_bytes += b->raw_bytes;
        s->durable_bytes += b->event_bytes;
        s->pending_bytes -= b->raw_bytes;
        s->pending_records--;
    }
    spool_batches_free(s, c->batches, c->left);
}

/* What is not on disk goes back in front of what came meanwhile. */
static void take_back(struct vd_spool *s, struct spool_batch *left)
{
    if (left == NULL)
        return;
    struct spool_batch *last = left;
    while (last->next != NULL)
        last = last->next;
    last->next = s->pending.head;
    s->pending.head = left;
    if (s->pending.tail == NULL)
        s->pending.tail = last;
}

int vd_spool_commit_end(struct vd_spool *s, struct vd_spool_commit *c)
{
    assert(c == &s->commit && c->under_way);
    c->under_way = false;
    spool_adopt_segments(s);
    settle(s, c);
    take_back(s, c->left);
    s->failed = c->rc != 0;
    s->failed_ms = s->asked_ms;
    return c->rc;
}

int vd_spool_commit_now(struct vd_spool *s)
{
    int rc = 0;
    for (struct vd_spool_commit *c; rc == 0 && (c = vd_spool_commit_begin(s)) != NULL;) {
        vd_spool_commit_run(c);
        rc = vd_spool_commit_end(s, c);
    }
    return rc;
}
