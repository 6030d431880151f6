/* Reading what is durable, record by record; what cannot be read is a hole.
 *
 * Happy path: find the segment of the number wanted → read its records in order → unpack one → hand out its
 * events. How it fails: a record that turns out damaged now is read over by loading the segment whole and
 * looking for the next valid one; each step moves the number or the place in the segment forward, so it ends.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "segment.h"
#include "state.h"

struct vd_spool_reader {
    struct vd_spool *s;
    uint64_t seq;   /* of the next item */
    int fd;         /* -1: no segment */
    uint64_t base;  /* of the segment */
    size_t at;      /* in it: the next record */
    uint8_t *bytes; /* SPOOL_RECORD_MAX_BYTES: a record as it is on disk */
    uint8_t *raw;   /* SPOOL_RAW_MAX_BYTES: its events */
    struct vd_bytes rest;
    uint64_t rest_seq, rest_end; /* the number of the first event in rest, and behind the last */
    uint64_t chain;              /* before it */
    int64_t time_ms;
    struct vd_spool_item item;
    bool ready;      /* item is at seq */
    bool after_hole; /* the chain does not go on */
};

int vd_spool_reader_new(struct vd_spool_reader **out, struct vd_spool *s)
{
    struct vd_spool_reader *r = vd_calloc(1, sizeof *r);
    if (r == NULL)
        return VD_ENOMEM;
    *r = (struct vd_spool_reader){.s = s,
                                  .fd = -1,
                                  .seq = s->first,
                                  .bytes = vd_malloc(SPOOL_RECORD_MAX_BYTES),
                                  .raw = vd_malloc(SPOOL_RAW_MAX_BYTES)};
    if (r->bytes == NULL || r->raw == NULL) {
        vd_spool_reader_free(r);
        return VD_ENOMEM;
    }
    *out = r;
    return 0;
}

static void leave_segment(struct vd_spool_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    r->base = 0;
}

void vd_spool_reader_free(struct vd_spool_reader *r)
{
    if (r == NULL)
        return;
    leave_segment(r);
    vd_free(r->bytes);
    vd_free(r->raw);
    vd_free(r);
}

void vd_spool_seek(struct vd_spool_reader *r, uint64_t seq)
{
    r->ready = r->after_hole = false;
    r->seq = seq;
    r->rest_seq = r->rest_end = 0;
    leave_segment(r);
}

/* The item at r->seq is a hole up to `to`. */
static void make_hole(struct vd_spool_reader *r, uint64_t to)
{
    r->item = (struct vd_spool_item){.seq = to, .hole = {.from = r->seq, .to = to}};
    snprintf(r->item.hole.why, sizeof r->item.hole.why, "damaged on disk");
    r->ready = true;
}

/* ---- Records */

/* 0; VD_EIO: it is gone; VD_ENOMEM: not now, for want of memory or descriptors. */
static int enter_segment(struct vd_spool_reader *r, const struct spool_extent *e)
{
    char name[SPOOL_NAME_BYTES];
    if (r->fd >= 0 && r->base == e->base)
        return 0;
    leave_segment(r);
    spool_segment_name(e->base, name);
    /* What is no file must not keep anybody waiting. */
    r->fd = openat(r->s->folder.stream, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    r->base = e->base;
    r->at = (size_t)e->body;
    if (r->fd >= 0)
        return 0;
    return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? VD_ENOMEM : VD_EIO;
}

/* The record at r->at. False: it is damaged, or there is none. */
static bool read_record(struct vd_spool_reader *r, const struct spool_extent *e, struct spool_record *record)
{
    size_t got;
    if (r->at + SPOOL_RECORD_HEAD_BYTES > e->used ||
        spool_file_read(r->fd, r->bytes, SPOOL_RECORD_HEAD_BYTES, r->at, &got) != 0 ||
        got < SPOOL_RECORD_HEAD_BYTES)
        return false;
    size_t len = spool_record_announced(r->bytes);
    if (len == 0 || len > SPOOL_RECORD_MAX_BYTES || r->at + len > e->used)
        return false;
    if (spool_file_read(r->fd, r->bytes + SPOOL_RECORD_HEAD_BYTES, len - SPOOL_RECORD_HEAD_BYTES,
                        r->at + SPOOL_RECORD_HEAD_BYTES, &got) != 0)
        return false;
    return spool_record_read(record, vd_bytes_of(r->bytes, SPOOL_RECORD_HEAD_BYTES + got),
                             spool_header_seed(r->s->stream, e->base), e->base) == 0;
}

/* Moves r->at to the next valid record behind it. VD_ENOTFOUND: there is none; VD_ENOMEM. */
static int read_over_damage(struct vd_spool_reader *r, const struct spool_extent *e)
{
    struct spool_header header = {.base = e->base, .body = r->at + 8};
    struct spool_walk w;
    struct spool_record record;
    uint8_t *bytes;
    size_t len;
    if (r->at >= e->used)
        return VD_ENOTFOUND;
    int rc = spool_segment_load(r->fd, &bytes, &len);
    if (rc != 0)
        return rc;
    memcpy(header.stream, r->s->stream, VD_STREAM_BYTES);
    spool_walk_init(&w, vd_bytes_of(bytes, len < e->used ? len : (size_t)e->used), &header, e->end);
    w.expect = r->seq;
    rc = w.at < w.segment.len && spool_walk_next(&w, &record) ? 0 : VD_ENOTFOUND;
    if (rc == 0)
        r->at = w.at - record.bytes;
    vd_free(bytes);
    return rc;
}

static bool unpack(struct vd_spool_reader *r, const struct spool_record *record)
{
    struct vd_bytes event;
    if (spool_record_unpack(record, r->raw) != 0)
        return false;
    r->rest = vd_bytes_of(r->raw, record->raw_bytes);
    r->rest_seq = record->first;
    r->rest_end = record->first + record->count;
    r->chain = record->chain;
    r->time_ms = record->time_ms;
    for (; r->rest_seq < r->seq; r->rest_seq++) {
        if (!spool_event_next(&r->rest, &event))
            return false;
        r->chain = vd_chain_next(r->chain, event);
    }
    return true;
}

/* Finds the record of r->seq, or makes a hole. VD_ENOMEM: later, perhaps. */
static int load(struct vd_spool_reader *r, const struct spool_extent *e)
{
    struct spool_record record;
    uint64_t end = e == &r->s->newest ? r->s->durable : e->end;
    int rc = enter_segment(r, e);
    while (rc == 0) {
        if (!read_record(r, e, &record)) {
            rc = read_over_damage(r, e);
            continue;
        }
        if (record.first > r->seq) {
            make_hole(r, (record.first < end ? record.first : end) - 1);
            return 0;
        }
        r->at += record.bytes;
        if (record.first + record.count <= r->seq)
            continue;
        if (!unpack(r, &record))
            make_hole(r, record.first + record.count - 1);
        return 0;
    }
    if (rc != VD_ENOMEM)
        make_hole(r, end - 1);
    return rc == VD_ENOMEM ? rc : 0;
}

/* ---- Items */

/* The event at r->seq, which the unpacked record holds. */
static void take_event(struct vd_spool_reader *r)
{
    struct vd_bytes event;
    if (!spool_event_next(&r->rest, &event)) {
        make_hole(r, r->rest_end - 1);
        return;
    }
    r->item = (struct vd_spool_item){
        .seq = r->seq, .event = event, .chain = r->after_hole ? 0 : r->chain, .time_ms = r->time_ms};
    r->chain = vd_chain_next(r->chain, event);
    r->rest_seq++;
    r->ready = true;
}

const struct vd_spool_item *vd_spool_peek(struct vd_spool_reader *r)
{
    if (r->ready)
        return &r->item;
    if (r->seq < r->s->first)
        vd_spool_seek(r, r->s->first);
    while (!r->ready) {
        if (r->seq >= r->s->durable)
            return NULL;
        if (r->seq == r->rest_seq && r->rest_seq < r->rest_end) {
            take_event(r);
            continue;
        }
        const struct spool_extent *e = spool_extent_find(r->s, r->seq);
        if (e == NULL)
            make_hole(r, r->s->durable - 1);
        else if (load(r, e) != 0)
            return NULL;
    }
    return &r->item;
}

/* Where nothing is durable yet, whatever comes next knows. */
static uint64_t chain_at_end(const struct vd_spool *s)
{
    const struct spool_batch *next = s->commit.under_way ? s->commit.batches : s->pending.head;
    return next != NULL ? next->chain : s->chain;
}

uint64_t vd_spool_chain_at(struct vd_spool_reader *r, uint64_t seq)
{
    if (seq == r->s->durable)
        return chain_at_end(r->s);
    vd_spool_seek(r, seq);
    const struct vd_spool_item *item = vd_spool_peek(r);
    return item != NULL && item->seq == seq && item->event.len > 0 ? item->chain : 0;
}

void vd_spool_step(struct vd_spool_reader *r)
{
    assert(r->ready);
    r->ready = false;
    r->seq = r->item.seq + 1;
    r->after_hole = r->item.event.len == 0;
}
