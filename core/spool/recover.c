/* Recovery: what the folder holds becomes a spool again.
 *
 * Happy path: the newest segment names the stream; every segment is read and summed, cursors are gathered,
 * and writing goes on behind the last record. How it fails: a segment whose header cannot be read, or that is
 * not of this stream, goes to aside/ and an empty one takes its place; a damaged record is read over; both
 * leave holes. Behind the last record that is known to have been on disk, an unfinished commit is cut off;
 * where that record itself is damaged, what its numbers were is known from the record behind it, or they are
 * passed over by the most that a segment can hold: a number that may have left the host is never given again.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "segment.h"
#include "state.h"

struct recovery {
    struct vd_spool *s;
    struct vd_spool_recovery *found;
    uint64_t *bases;
    size_t count;
};

/* A segment in memory. */
struct loaded {
    int fd;
    uint8_t *bytes;
    size_t len;
    struct spool_header header;
};

static void unload(struct loaded *l)
{
    vd_free(l->bytes);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct loaded){.fd = -1};
}

/* VD_EMALFORMED: unreadable. heads: only as much as a header takes. */
static int load(struct loaded *l, int dir, uint64_t base, bool heads)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(base, name);
    *l = (struct loaded){.fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
    if (l->fd < 0)
        return errno == EMFILE || errno == ENFILE ? VD_EIO : VD_EMALFORMED;
    int rc = 0;
    if (heads) {
        l->bytes = vd_malloc(2 * SPOOL_HEADER_MAX_BYTES);
        rc = l->bytes == NULL ? VD_ENOMEM : 0;
        if (rc == 0)
            spool_file_read(l->fd, l->bytes, 2 * SPOOL_HEADER_MAX_BYTES, 0, &l->len);
    } else {
        rc = spool_segment_load(l->fd, &l->bytes, &l->len);
    }
    if (rc == 0 && spool_header_read(&l->header, vd_bytes_of(l->bytes, l->len)) != 0)
        rc = VD_EMALFORMED;
    if (rc == 0 && l->header.base != base)
        rc = VD_EMALFORMED;
    if (rc != 0)
        unload(l);
    return rc;
}

/* ---- One segment */

static void hole(struct recovery *r)
{
    r->found->holes++;
}

static void note_record(struct recovery *r, const struct spool_record *record)
{
    struct vd_spool *s = r->s;
    spool_cursors_merge(&s->cursors, record->cursors);
    if (record->count == 0)
        return;
    spool_trail_add(&s->trail, record->first, s->passed_bytes, record->time_ms);
    s->passed_bytes += record->raw_bytes;
    r->found->events += record->count;
}

/* A segment that has a successor: its numbers end where that one's begin. */
static void scan_past(struct recovery *r, const struct loaded *l, uint64_t limit)
{
    struct spool_walk w;
    struct spool_record record;
    struct spool_extent e = {.base = l->header.base, .end = limit, .body = l->header.body, .size = l->len};
    spool_walk_init(&w, vd_bytes_of(l->bytes, l->len), &l->header, limit);
    for (uint64_t expect = w.expect; spool_walk_next(&w, &record); expect = w.expect) {
        if (record.first > expect)
            hole(r);
        note_record(r, &record);
    }
    if (w.expect < limit)
        hole(r);
    e.used = w.at;
    spool_extent_add(r->s, &e);
}

/* How far the newest segment is known to have been on disk. */
static uint64_t synced_of(const struct loaded *l)
{
    struct spool_walk w;
    struct spool_record record;
    uint64_t synced = l->header.base;
    spool_walk_init(&w, vd_bytes_of(l->bytes, l->len), &l->header, UINT64_MAX);
    while (spool_walk_next(&w, &record))
        if (record.synced > synced)
            synced = record.synced;
    return synced;
}

struct tail {
    size_t proven, end; /* records up to proven are known to be on disk; valid ones go on up to end */
    uint64_t next, chain;
    bool damaged;
};

static uint64_t chain_behind(const struct vd_spool *s, const struct spool_record *record)
{
    struct vd_bytes rest = vd_bytes_of(s->writer.record, record->raw_bytes), event;
    uint64_t chain = record->chain;
    if (record->count == 0)
        return chain;
    if (spool_record_unpack(record, s->writer.record) != 0)
        return 0;
    while (spool_event_next(&rest, &event))
        chain = vd_chain_next(chain, event);
    return chain;
}

static void scan_newest(struct recovery *r, const struct loaded *l, struct tail *t)
{
    struct spool_walk w;
    struct spool_record record, last = {.chain = l->header.chain};
    uint64_t synced = synced_of(l);
    *t = (struct tail){.proven = l->header.body, .end = l->header.body, .next = l->header.base};
    spool_walk_init(&w, vd_bytes_of(l->bytes, l->len), &l->header, UINT64_MAX);
    while (spool_walk_next(&w, &record)) {
        if (record.first > t->next) {
            if (t->next >= synced)
                break; /* the disk got to it before its predecessor, in a commit that never was */
            t->damaged = true;
            hole(r);
        }
        note_record(r, &record);
        last = record;
        t->next = w.expect;
        t->end = w.at;
        if (t->next <= synced)
            t->proven = w.at;
    }
    t->chain = chain_behind(r->s, &last);
    bool shorter = l->len < l->header.size;
    if (t->next >= synced && !shorter)
        return;
    /* Damage at the end: what its numbers were is known, or else guarded against. */
    t->damaged = true;
    t->next = shorter ? t->next + SPOOL_SEGMENT_NUMBERS : synced;
    t->chain = 0;
    hole(r);
}

/* What no sync is known of is written again, for a kernel whose sync has failed once may hold it for written;
 * what follows becomes zeros. */
static int secure_tail(struct recovery *r, const struct loaded *l, const struct tail *t)
{
    size_t dirt = l->len;
    while (dirt > t->end && l->bytes[dirt - 1] == 0)
        dirt--;
    r->found->cut_bytes += dirt - t->end;
    if (dirt == t->proven)
        return 0;
    memset(l->bytes + t->end, 0, dirt - t->end);
    int rc = spool_file_write(l->fd, vd_bytes_of(l->bytes + t->proven, dirt - t->proven), t->proven);
    return rc == 0 ? spool_file_sync(l->fd) : rc;
}

static int take_newest(struct recovery *r, struct loaded *l)
{
    struct spool_writer *w = &r->s->writer;
    struct tail t;
    scan_newest(r, l, &t);
    int rc = secure_tail(r, l, &t);
    if (rc != 0)
        return rc;
    w->now = (struct spool_extent){
        .base = l->header.base, .end = t.next, .body = l->header.body, .used = t.end, .size = l->len};
    w->seed = spool_header_seed(w->stream, w->now.base);
    w->at = t.end;
    w->synced = t.next;
    w->synced_chain = t.chain;
    if (!t.damaged) {
        w->fd = l->fd;
        l->fd = -1;
    }
    return 0;
}

static int take_segment(struct recovery *r, size_t i)
{
    struct loaded l;
    int rc = load(&l, r->s->folder.stream, r->bases[i], false);
    if (rc != 0)
        return rc;
    r->s->writer.disk_bytes += l.len;
    spool_cursors_merge(&r->s->cursors, l.header.cursors);
    if (i + 1 < r->count)
        scan_past(r, &l, r->bases[i + 1]);
    else
        rc = take_newest(r, &l);
    unload(&l);
    return rc;
}

/* ---- Which segments count */

static bool is_ours(const struct vd_spool *s, const struct spool_header *h)
{
    return strcmp(h->agent, s->agent) == 0 && memcmp(h->stream, s->stream, VD_STREAM_BYTES) == 0;
}

/* Drops a segment from the list, or has an empty one in its place. */
static void set_aside(struct recovery *r, size_t i, bool unreadable)
{
    spool_folder_set_aside(&r->s->folder, r->bases[i]);
    r->found->set_aside_files++;
    if (unreadable && spool_writer_placeholder(&r->s->writer, r->bases[i]) == 0)
        return;
    memmove(r->bases + i, r->bases + i + 1, (r->count - i - 1) * sizeof *r->bases);
    r->count--;
}

static int sort_out(struct recovery *r)
{
    for (size_t i = r->count; i > 0; i--) {
        struct loaded l;
        int rc = load(&l, r->s->folder.stream, r->bases[i - 1], true);
        if (rc == VD_ENOMEM || rc == VD_EIO)
            return rc;
        bool unreadable = rc != 0;
        if (unreadable || !is_ours(r->s, &l.header))
            set_aside(r, i - 1, unreadable && r->bases[i - 1] > 0 && r->bases[i - 1] < SPOOL_NUMBER_MAX);
        unload(&l);
    }
    return 0;
}

/* The stream's name, from the newest segment that tells. VD_ENOTFOUND; VD_EIDENTITY: of another agent. */
static int find_stream(struct recovery *r)
{
    struct vd_spool *s = r->s;
    for (size_t i = r->count; i > 0; i--) {
        struct loaded l;
        int rc = load(&l, s->folder.stream, r->bases[i - 1], true);
        if (rc == VD_ENOMEM || rc == VD_EIO)
            return rc;
        if (rc != 0)
            continue;
        memcpy(s->stream, l.header.stream, VD_STREAM_BYTES);
        rc = strcmp(l.header.agent, s->agent) == 0 ? 0 : VD_EIDENTITY;
        unload(&l);
        return rc;
    }
    return VD_ENOTFOUND;
}

void spool_begin_stream(struct vd_spool *s, const uint8_t *stream, uint64_t next)
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
static int start_over(struct recovery *r, const uint8_t *new_stream, bool lost)
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
    spool_begin_stream(r->s, new_stream, lost ? 2 : 1);
    return 0;
}

static int recover(struct recovery *r, const uint8_t *new_stream)
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
        rc = take_segment(r, i);
    s->first = r->count > 0 ? r->bases[0] : 1;
    return rc;
}

int spool_recover(struct vd_spool *s, const uint8_t *new_stream, struct vd_spool_recovery *found)
{
    struct recovery r = {.s = s, .found = found};
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
