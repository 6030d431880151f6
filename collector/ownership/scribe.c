/* Chunks of marks, which are made at once, then of windows, each when it is sent. How many there are is said
 * in the first one, before the windows are written: the most it can be. What is too many says nothing. */
#include "ownership/scribe.h"

#include <vedette/error.h>
#include <vedette/memory.h>

enum { LARGE_BYTES = 8 * 1024 * 1024 };

static int put_streams(struct snapshot *snapshot, const struct streams *streams, uint64_t ahead)
{
    int rc = snapshot_init(snapshot, ahead);
    for (const struct stream *s = streams->oldest; rc == 0 && s != NULL; s = s->newer) {
        struct snapshot_mark mark = {.key = stream_key(s),
                                     .tenant_len = s->tenant_len,
                                     .mark = s->mark,
                                     .chain = s->mark_chain,
                                     .quarantined = s->quarantined};
        memcpy(mark.stream, s->id, sizeof mark.stream);
        rc = snapshot_put_mark(snapshot, &mark);
    }
    return rc;
}

/* A piece ends where the next row may not fit. */
static uint32_t windows_chunks_max(const struct score_cut *cut)
{
    size_t least_bytes = SNAPSHOT_WINDOWS_MAX_BYTES - SCORE_PIECE_MIN_BYTES;
    return (uint32_t)(score_cut_max_bytes(cut) / least_bytes + 2);
}

int scribe_begin(struct scribe *s, const struct scribe_subject *subject)
{
    *s = (struct scribe){.subject = *subject, .room = vd_malloc(SNAPSHOT_CHUNK_BYTES)};
    int rc = s->room != NULL ? score_cut_begin(subject->score, &s->cut) : VD_ENOMEM;
    if (rc != 0)
        scribe_end(s);
    return rc;
}

bool scribe_is_large(const struct scribe *s)
{
    return score_cut_max_bytes(s->cut) > LARGE_BYTES;
}

static int announce(struct scribe *s)
{
    const struct scribe_subject *subject = &s->subject;
    int rc = put_streams(&s->marks, subject->streams, subject->ahead);
    if (rc != 0)
        return rc;
    s->chunk_count = s->marks.chunk_count + windows_chunks_max(s->cut);
    return vd_shard_log_snapshot_begin(subject->log, subject->events_offset, s->chunk_count);
}

void scribe_end(struct scribe *s)
{
    score_cut_end(s->cut);
    snapshot_deinit(&s->marks);
    vd_free(s->room);
    *s = (struct scribe){0};
}

static int next_chunk(struct scribe *s, struct vd_bytes *out)
{
    if (s->unsent.len > 0) {
        *out = s->unsent;
        return 0;
    }
    if (s->sent < s->marks.chunk_count) {
        *out = snapshot_chunk(&s->marks, s->sent);
        return 0;
    }
    size_t len = 0;
    int rc = s->windows_written
                 ? 0
                 : score_cut_next(s->cut, s->room + SNAPSHOT_WINDOWS_AT, SNAPSHOT_WINDOWS_MAX_BYTES, &len);
    s->windows_written = len == 0;
    *out = snapshot_windows(s->room, len);
    return rc;
}

int scribe_go_on(struct scribe *s, size_t bytes, const char **why)
{
    struct vd_bytes chunk = {0};
    *why = "out of memory";
    int rc = s->chunk_count == 0 ? announce(s) : 0;
    for (size_t sent = 0; rc == 0 && s->sent < s->chunk_count && sent < bytes; sent += chunk.len) {
        rc = next_chunk(s, &chunk);
        if (rc == 0)
            rc = vd_shard_log_snapshot_chunk(s->subject.log, chunk, why);
        s->unsent = rc == VD_EFULL ? chunk : (struct vd_bytes){0};
        s->sent += rc == 0;
    }
    if (rc == VD_EFULL || (rc == 0 && s->sent < s->chunk_count))
        return 0;
    scribe_end(s);
    return rc == 0 ? 1 : rc;
}
