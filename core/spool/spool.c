/* The spool: appending, its state, and trimming. */
#include <assert.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "state.h"

enum { PENDING_MAX_BYTES = 8 * 1024 * 1024, SPACE_EVERY_MS = 1000 };

/* ---- Sources */

int vd_spool_source(struct vd_spool *s, const char *name)
{
    struct spool_cursors *c = &s->cursors;
    size_t len = strlen(name);
    int i = 0;
    if (len == 0 || len >= VD_SPOOL_SOURCE_NAME_BYTES)
        return VD_EINVAL;
    while (i < c->count && strcmp(c->at[i].name, name) != 0)
        i++;
    if (i == VD_SPOOL_SOURCES_MAX) {
        /* One that the configuration no longer has makes room. */
        for (i = 0; i < VD_SPOOL_SOURCES_MAX && (s->registered & UINT32_C(1) << i) != 0;)
            i++;
        if (i == VD_SPOOL_SOURCES_MAX)
            return VD_EFULL;
    }
    if (i == c->count || strcmp(c->at[i].name, name) != 0) {
        c->at[i].len = 0;
        memcpy(c->at[i].name, name, len + 1);
        if (i == c->count)
            c->count++;
    }
    s->registered |= UINT32_C(1) << i;
    return i;
}

struct vd_bytes vd_spool_cursor(const struct vd_spool *s, int source)
{
    return vd_bytes_of(s->cursors.at[source].bytes, s->cursors.at[source].len);
}

/* ---- Room */

/* What all segments and what is pending will take, as if nothing got smaller; the segment that is always kept
 * ready comes on top. */
static uint64_t claimed_bytes(const struct vd_spool *s, size_t more)
{
    enum { CURSORS_GUESS_BYTES = 128 };
    uint64_t pending = s->pending_bytes + more;
    uint64_t heads = (s->pending_records + 2) * (SPOOL_RECORD_HEAD_BYTES + CURSORS_GUESS_BYTES);
    uint64_t headers = (pending / s->writer.segment_bytes + 1) * s->newest.body;
    return pending + heads + headers + s->past_bytes + s->newest.used;
}

/* Near the floor of free space, what was allocated already may still be filled. */
static bool space_is_low(struct vd_spool *s, size_t more, int64_t time_ms)
{
    uint64_t filled = claimed_bytes(s, more) - s->past_bytes;
    if (!s->low_space || filled <= s->newest.size)
        return false;
    if (s->space_asked_ms > time_ms || time_ms - s->space_asked_ms >= SPACE_EVERY_MS) {
        s->space_asked_ms = time_ms;
        s->low_space = spool_writer_low_space(&s->writer);
    }
    return s->low_space;
}

static bool is_full(struct vd_spool *s, enum vd_spool_claim claim, size_t more, int64_t time_ms)
{
    static const unsigned PERCENT[] = {
        [VD_SPOOL_LOW] = 80, [VD_SPOOL_NORMAL] = 90, [VD_SPOOL_HIGH] = 95, [VD_SPOOL_RESERVE] = 100};
    uint64_t room = s->max_bytes - s->writer.segment_bytes;
    return claimed_bytes(s, more) > room / 100 * PERCENT[claim] ||
           s->pending_bytes + more > PENDING_MAX_BYTES || space_is_low(s, more, time_ms);
}

/* ---- In */

static struct spool_batch *batch_new(struct vd_spool *s, size_t raw_bytes)
{
    struct spool_batch *b = s->spare;
    size_t cap = raw_bytes > s->record_raw_bytes ? raw_bytes : s->record_raw_bytes;
    if (b != NULL && cap == s->record_raw_bytes) {
        s->spare = b->next;
        s->spare_count--;
    } else {
        b = vd_malloc(sizeof *b + cap);
        if (b == NULL)
            return NULL;
        b->raw = (uint8_t *)(b + 1);
        b->raw_cap = cap;
    }
    b->next = NULL;
    b->count = b->sources = 0;
    b->event_bytes = b->raw_bytes = 0;
    return b;
}

/* The batch that the next event goes to. */
static struct spool_batch *batch_for(struct vd_spool *s, size_t more, int64_t time_ms)
{
    struct spool_batch *b = s->pending.tail;
    if (b != NULL && more <= b->raw_cap - b->raw_bytes)
        return b;
    b = batch_new(s, more);
    if (b == NULL)
        return NULL;
    b->first = s->next;
    b->chain = b->chain_after = s->chain;
    b->time_ms = time_ms;
    if (s->pending.tail == NULL)
        s->pending.head = b;
    else
        s->pending.tail->next = b;
    s->pending.tail = b;
    s->pending_records++;
    return b;
}

static void keep_cursor(struct spool_batch *b, int source, struct vd_bytes cursor)
{
    b->sources |= UINT32_C(1) << source;
    b->cursor_len[source] = (uint16_t)cursor.len;
    if (cursor.len > 0)
        memcpy(b->cursors[source], cursor.data, cursor.len);
}

int vd_spool_append(struct vd_spool *s, int source, enum vd_spool_claim claim, struct vd_bytes event,
                    struct vd_bytes cursor, int64_t time_ms)
{
    size_t more = SPOOL_EVENT_HEAD_BYTES + event.len;
    assert(source >= 0 && source < s->cursors.count);
    if (event.len == 0 || event.len > s->event_max_bytes || cursor.len > VD_SPOOL_CURSOR_MAX_BYTES)
        return VD_ELIMIT;
    if (s->failed)
        return VD_EIO;
    if (is_full(s, claim, more, time_ms))
        return VD_SPOOL_FULL;
    struct spool_batch *b = batch_for(s, more, time_ms);
    if (b == NULL)
        return VD_ENOMEM;
    spool_event_put(b->raw + b->raw_bytes, event);
    b->raw_bytes += more;
    b->count++;
    b->event_bytes += event.len;
    keep_cursor(b, source, cursor);
    s->chain = b->chain_after = vd_chain_next(s->chain, event);
    s->next++;
    s->pending_bytes += more;
    s->appended_bytes += event.len;
    return 0;
}

int vd_spool_note(struct vd_spool *s, int source, struct vd_bytes cursor, int64_t time_ms)
{
    assert(source >= 0 && source < s->cursors.count);
    if (cursor.len > VD_SPOOL_CURSOR_MAX_BYTES)
        return VD_ELIMIT;
    if (s->failed)
        return VD_EIO;
    if (is_full(s, VD_SPOOL_RESERVE, 0, time_ms))
        return VD_SPOOL_FULL;
    struct spool_batch *b = batch_for(s, 0, time_ms);
    if (b == NULL)
        return VD_ENOMEM;
    keep_cursor(b, source, cursor);
    return 0;
}

/* ---- Segments */

int spool_extent_reserve(struct vd_spool *s, size_t more)
{
    if (s->past_count + more <= s->past_cap)
        return 0;
    size_t cap = 2 * (s->past_count + more);
    struct spool_extent *past = vd_realloc(s->past, cap * sizeof *past);
    if (past == NULL)
        return VD_ENOMEM;
    s->past = past;
    s->past_cap = cap;
    return 0;
}

void spool_extent_add(struct vd_spool *s, const struct spool_extent *e)
{
    assert(s->past_count < s->past_cap);
    s->past[s->past_count++] = *e;
    s->past_bytes += e->size;
}

const struct spool_extent *spool_extent_find(const struct vd_spool *s, uint64_t seq)
{
    if (s->newest.size > 0 && seq >= s->newest.base)
        return seq < s->durable ? &s->newest : NULL;
    for (size_t i = s->past_count; i > 0; i--)
        if (seq >= s->past[i - 1].base)
            return seq < s->past[i - 1].end ? &s->past[i - 1] : NULL;
    return NULL;
}

void vd_spool_trim(struct vd_spool *s, uint64_t mark)
{
    char name[SPOOL_NAME_BYTES];
    size_t gone = 0;
    if (mark >= s->durable)
        mark = s->durable - 1;
    if (mark < s->first)
        return;
    s->first = mark + 1;
    spool_trail_trim(&s->trail, s->first);
    for (; gone < s->past_count && s->past[gone].end <= s->first; gone++) {
        spool_segment_name(s->past[gone].base, name);
        spool_file_unlink(s->folder.stream, name, 0);
        s->past_bytes -= s->past[gone].size;
        s->trimmed_bytes += s->past[gone].size;
    }
    s->past_count -= gone;
    if (gone > 0)
        memmove(s->past, s->past + gone, s->past_count * sizeof *s->past);
}

/* ---- State */

const uint8_t *vd_spool_stream(const struct vd_spool *s)
{
    return s->stream;
}

uint64_t vd_spool_first(const struct vd_spool *s)
{
    return s->first;
}

uint64_t vd_spool_next(const struct vd_spool *s)
{
    return s->next;
}

uint64_t vd_spool_durable(const struct vd_spool *s)
{
    return s->durable;
}

uint64_t vd_spool_bytes(const struct vd_spool *s)
{
    const struct spool_trail_point *p = spool_trail_find(&s->trail, s->first);
    if (s->first >= s->durable)
        return s->pending_bytes;
    return s->passed_bytes - (p == NULL ? 0 : p->bytes) + s->pending_bytes;
}

uint64_t vd_spool_appended_bytes(const struct vd_spool *s)
{
    return s->appended_bytes;
}

uint64_t vd_spool_durable_bytes(const struct vd_spool *s)
{
    return s->durable_bytes;
}

int64_t vd_spool_oldest_ms(const struct vd_spool *s)
{
    const struct spool_trail_point *p = spool_trail_find(&s->trail, s->first);
    if (s->first == s->next)
        return 0;
    if (s->first < s->durable)
        return p != NULL ? p->time_ms : s->trail.count > 0 ? s->trail.at[0].time_ms : 0;
    const struct spool_batch *oldest = s->commit.under_way ? s->commit.batches : s->pending.head;
    return oldest->time_ms;
}
