/* Recovering one segment: an older one up to its successor, the newest up to where its records end. */
#include "recover.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"

void spool_unload(struct spool_loaded *l)
{
    vd_free(l->bytes);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct spool_loaded){.fd = -1};
}

int spool_load(struct spool_loaded *l, int dir, uint64_t base, bool heads)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(base, name);
    *l = (struct spool_loaded){.fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
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
        spool_unload(l);
    return rc;
}

static void hole(struct spool_recovery *r)
{
    r->found->holes++;
}

static void note_record(struct spool_recovery *r, const struct spool_record *record)
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
static void scan_past(struct spool_recovery *r, const struct spool_loaded *l, uint64_t limit)
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

static void scan_newest(struct spool_recovery *r, const struct spool_loaded *l, struct tail *t)
{
    struct spool_walk w;
    struct spool_record record, last = {.chain = l->header.chain};
    uint64_t synced = spool_segment_synced(vd_bytes_of(l->bytes, l->len), &l->header);
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
static int secure_tail(struct spool_recovery *r, const struct spool_loaded *l, const struct tail *t)
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

static int take_newest(struct spool_recovery *r, struct spool_loaded *l)
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

int spool_take_segment(struct spool_recovery *r, size_t i)
{
    struct spool_loaded l;
    int rc = spool_load(&l, r->s->folder.stream, r->bases[i], false);
    if (rc != 0)
        return rc;
    r->s->writer.disk_bytes += l.len;
    spool_cursors_merge(&r->s->cursors, l.header.cursors);
    if (i + 1 < r->count)
        scan_past(r, &l, r->bases[i + 1]);
    else
        rc = take_newest(r, &l);
    spool_unload(&l);
    return rc;
}
