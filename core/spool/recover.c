/* Recovery: what the folder holds becomes a spool again.
 *
 * Happy path: the newest segment names the stream; every segment is read and summed, cursors are gathered,
 * and writing goes on behind the last record. How it fails: a segment whose header cannot be read, or that is
 * not of this stream, goes to aside/ and an empty one takes its place; a damaged record is read over; both
 * leave holes. Behind the last record that is known to have been on disk, an unfinished commit is cut off;
 * where that record itself is damaged, what its numbers were is known from the record behind it, or they are
 * passed over by the most that a segment can hold: a number that may have left the host is never given again.
 */
#include "recover.h"

#include <vedette/error.h>
#include <vedette/memory.h>

static bool is_ours(const struct vd_spool *s, const struct spool_header *h)
{
    return strcmp(h->agent, s->agent) == 0 && memcmp(h->stream, s->stream, VD_STREAM_BYTES) == 0;
}

/* Drops a segment from the list, or has an empty one in its place. */
static void set_aside(struct spool_recovery *r, size_t i, bool unreadable)
{
    spool_folder_set_aside(&r->s->folder, r->bases[i]);
    r->found->set_aside_files++;
    if (unreadable && spool_writer_placeholder(&r->s->writer, r->bases[i]) == 0)
        return;
    memmove(r->bases + i, r->bases + i + 1, (r->count - i - 1) * sizeof *r->bases);
    r->count--;
}

static int sort_out(struct spool_recovery *r)
{
    for (size_t i = r->count; i > 0; i--) {
        struct spool_loaded l;
        int rc = spool_load(&l, r->s->folder.stream, r->bases[i - 1], true);
        if (rc == VD_ENOMEM || rc == VD_EIO)
            return rc;
        bool unreadable = rc != 0;
        if (unreadable || !is_ours(r->s, &l.header))
            set_aside(r, i - 1, unreadable && r->bases[i - 1] > 0 && r->bases[i - 1] < SPOOL_NUMBER_MAX);
        spool_unload(&l);
    }
    return 0;
}

/* The stream's name, from the newest segment that tells. VD_ENOTFOUND; VD_EIDENTITY: of another agent. */
static int find_stream(struct spool_recovery *r)
{
    struct vd_spool *s = r->s;
    for (size_t i = r->count; i > 0; i--) {
        struct spool_loaded l;
        int rc = spool_load(&l, s->folder.stream, r->bases[i - 1], true);
        if (rc == VD_ENOMEM || rc == VD_EIO)
            return rc;
        if (rc != 0)
            continue;
        memcpy(s->stream, l.header.stream, VD_STREAM_BYTES);
        rc = strcmp(l.header.agent, s->agent) == 0 ? 0 : VD_EIDENTITY;
        spool_unload(&l);
        return rc;
    }
    return VD_ENOTFOUND;
}

/* A new stream in an empty folder: its first segment, where that can be made. */
static void begin_stream(struct vd_spool *s, const uint8_t *stream, uint64_t next)
{
    struct spool_writer *w = &s->writer;
    memcpy(s->stream, stream, VD_STREAM_BYTES);
    memcpy(w->stream, stream, VD_STREAM_BYTES);
    w->dir = s->folder.stream;
    w->synced = next;
    /* Number 1 is then told as a hole: something was here, and nobody knows what. */
    if (next > 1) {
        struct spool_extent lost = {.base = 1, .end = next, .body = 0, .used = 0, .size = 1};
        if (spool_extent_reserve(s, 1) == 0)
            spool_extent_add(s, &lost);
        spool_writer_placeholder(w, 1);
    }
    /* Where this fails, the first commit tries again. */
    spool_writer_new_segment(w, 0);
    s->first = 1;
}

/* Nothing here is of this stream: all of it goes to aside/. */
static int start_over(struct spool_recovery *r, const uint8_t *new_stream, bool lost)
{
    int dir;
    if (r->count > 0) {
        int rc = spool_folder_begin(&r->s->folder, &dir);
        if (rc == 0)
            rc = spool_folder_replace(&r->s->folder, dir);
        if (rc != 0)
            return rc;
        r->found->set_aside_files += r->count;
    }
    r->found->holes += lost ? 1 : 0;
    begin_stream(r->s, new_stream, lost ? 2 : 1);
    return 0;
}

static int recover(struct spool_recovery *r, const uint8_t *new_stream)
{
    struct vd_spool *s = r->s;
    int rc = find_stream(r);
    if (rc == VD_ENOTFOUND || rc == VD_EIDENTITY)
        return start_over(r, new_stream, rc == VD_ENOTFOUND && r->count > 0);
    memcpy(s->writer.stream, s->stream, VD_STREAM_BYTES);
    s->writer.dir = s->folder.stream;
    if (rc == 0)
        rc = sort_out(r);
    if (rc == 0)
        rc = spool_extent_reserve(s, r->count);
    for (size_t i = 0; i < r->count && rc == 0; i++)
        rc = spool_take_segment(r, i);
    s->first = r->count > 0 ? r->bases[0] : 1;
    return rc;
}

int spool_recover(struct vd_spool *s, const uint8_t *new_stream, struct vd_spool_recovery *found)
{
    struct spool_recovery r = {.s = s, .found = found};
    *found = (struct vd_spool_recovery){0};
    int rc = spool_folder_segments(s->folder.stream, true, &r.bases, &r.count);
    if (rc == 0)
        rc = recover(&r, new_stream);
    vd_free(r.bases);
    spool_adopt_segments(s);
    s->writer.cursors = s->cursors;
    s->next = s->durable;
    s->chain = s->writer.synced_chain;
    return rc;
}
