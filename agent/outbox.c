/* The outbox in memory: a list of chunks, each a run of records, like the segments of a spool. */
#include "outbox.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct record {
    uint32_t event_len;
    uint16_t cursor_len, source;
};

struct outbox_chunk {
    struct outbox_chunk *next;
    uint64_t first_seq;
    size_t cap, used;
    uint8_t bytes[];
};

struct cursor {
    uint16_t len;
    uint8_t bytes[OUTBOX_CURSOR_MAX_BYTES];
};

struct outbox {
    uint8_t stream[VD_STREAM_BYTES];
    struct outbox_chunk *oldest, *newest;
    size_t oldest_at; /* where the record of `first` stands in the oldest chunk */
    uint64_t first, next, appended_bytes;
    size_t bytes, max_bytes; /* of the records held */
    struct cursor cursors[OUTBOX_SOURCES_MAX];
};

int outbox_new(struct outbox **out, size_t max_bytes, const uint8_t *stream)
{
    struct outbox *o = vd_calloc(1, sizeof *o);
    if (o == NULL)
        return VD_ENOMEM;
    memcpy(o->stream, stream, VD_STREAM_BYTES);
    o->first = o->next = 1;
    o->max_bytes = max_bytes;
    *out = o;
    return 0;
}

void outbox_free(struct outbox *o)
{
    while (o != NULL && o->oldest != NULL) {
        struct outbox_chunk *next = o->oldest->next;
        vd_free(o->oldest);
        o->oldest = next;
    }
    vd_free(o);
}

static size_t record_bytes(const struct record *r)
{
    return sizeof *r + r->event_len + r->cursor_len;
}

static struct outbox_chunk *chunk_for(struct outbox *o, size_t len)
{
    struct outbox_chunk *chunk = o->newest;
    if (chunk != NULL && chunk->cap - chunk->used >= len)
        return chunk;
    size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;
    chunk = vd_malloc(sizeof *chunk + cap);
    if (chunk == NULL)
        return NULL;
    *chunk = (struct outbox_chunk){.first_seq = o->next, .cap = cap};
    if (o->newest == NULL)
        o->oldest_at = 0;
    *(o->newest != NULL ? &o->newest->next : &o->oldest) = chunk;
    o->newest = chunk;
    return chunk;
}

int outbox_append(struct outbox *o, uint32_t source, struct vd_bytes event, struct vd_bytes cursor)
{
    if (event.len == 0 || event.len > VD_EVENT_MAX_BYTES || cursor.len > OUTBOX_CURSOR_MAX_BYTES ||
        source >= OUTBOX_SOURCES_MAX)
        return VD_ELIMIT;
    struct record head = {
        .event_len = (uint32_t)event.len, .cursor_len = (uint16_t)cursor.len, .source = (uint16_t)source};
    size_t len = record_bytes(&head);
    if (len > o->max_bytes)
        return VD_ELIMIT;
    if (len > o->max_bytes - o->bytes)
        return OUTBOX_FULL;
    struct outbox_chunk *chunk = chunk_for(o, len);
    if (chunk == NULL)
        return VD_ENOMEM;
    uint8_t *at = chunk->bytes + chunk->used;
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, event.data, event.len);
    if (cursor.len > 0)
        memcpy(at + sizeof head + event.len, cursor.data, cursor.len);
    chunk->used += len;
    o->bytes += len;
    o->appended_bytes += event.len;
    o->next++;
    return 0;
}

const uint8_t *outbox_stream(const struct outbox *o)
{
    return o->stream;
}

uint64_t outbox_first(const struct outbox *o)
{
    return o->first;
}

uint64_t outbox_next(const struct outbox *o)
{
    return o->next;
}

size_t outbox_bytes(const struct outbox *o)
{
    return o->bytes;
}

uint64_t outbox_appended_bytes(const struct outbox *o)
{
    return o->appended_bytes;
}

/* Records are not aligned: copied out. */
static struct record record_at(const struct outbox_chunk *chunk, size_t at)
{
    struct record head;
    memcpy(&head, chunk->bytes + at, sizeof head);
    return head;
}

static void commit_cursor(struct outbox *o, const struct record *head, const uint8_t *cursor)
{
    if (head->cursor_len == 0)
        return;
    struct cursor *kept = &o->cursors[head->source];
    kept->len = head->cursor_len;
    memcpy(kept->bytes, cursor, head->cursor_len);
}

static void drop_chunk(struct outbox *o)
{
    struct outbox_chunk *chunk = o->oldest;
    o->oldest = chunk->next;
    o->oldest_at = 0;
    if (o->oldest == NULL)
        o->newest = NULL;
    vd_free(chunk);
}

void outbox_trim(struct outbox *o, uint64_t mark)
{
    while (o->first <= mark && o->first < o->next) {
        if (o->oldest_at == o->oldest->used)
            drop_chunk(o);
        assert(o->oldest != NULL);
        struct record head = record_at(o->oldest, o->oldest_at);
        commit_cursor(o, &head, o->oldest->bytes + o->oldest_at + sizeof head + head.event_len);
        o->oldest_at += record_bytes(&head);
        o->bytes -= record_bytes(&head);
        o->first++;
    }
    /* Empty: nothing is held, so that a quiet agent is small. */
    if (o->first == o->next && o->oldest != NULL)
        drop_chunk(o);
}

struct vd_bytes outbox_cursor(const struct outbox *o, uint32_t source)
{
    assert(source < OUTBOX_SOURCES_MAX);
    return vd_bytes_of(o->cursors[source].bytes, o->cursors[source].len);
}

void outbox_seek(const struct outbox *o, struct outbox_reader *r, uint64_t seq)
{
    assert(seq >= o->first && seq <= o->next);
    *r = (struct outbox_reader){.outbox = o, .chunk = o->oldest, .at = o->oldest_at, .seq = o->first};
    while (r->chunk != NULL && r->chunk->next != NULL && r->chunk->next->first_seq <= seq) {
        r->chunk = r->chunk->next;
        r->at = 0;
        r->seq = r->chunk->first_seq;
    }
    struct vd_bytes skipped;
    while (r->seq < seq && outbox_read(r, &skipped))
        ;
}

/* Steps over the end of a chunk; false: there is no record here. */
static bool settle(struct outbox_reader *r)
{
    if (r->seq >= r->outbox->next)
        return false;
    if (r->chunk == NULL) {
        r->chunk = r->outbox->oldest;
        r->at = r->outbox->oldest_at;
    }
    while (r->at == r->chunk->used) {
        r->chunk = r->chunk->next;
        r->at = 0;
    }
    return true;
}

size_t outbox_peek(const struct outbox_reader *r)
{
    struct outbox_reader here = *r;
    return settle(&here) ? record_at(here.chunk, here.at).event_len : 0;
}

bool outbox_read(struct outbox_reader *r, struct vd_bytes *event)
{
    if (!settle(r))
        return false;
    struct record head = record_at(r->chunk, r->at);
    *event = vd_bytes_of(r->chunk->bytes + r->at + sizeof head, head.event_len);
    r->at += record_bytes(&head);
    r->seq++;
    return true;
}
