/* Writes a shard's snapshot into its log: the marks of its streams and the windows of its scorer, as they
 * stand behind what the log holds.
 *
 * Happy path: scribe_begin, in the moment in which all that was taken is sent → scribe_go_on, after each
 * commit, until it is 1: all chunks are sent, and once they are committed the log says so. A small state goes
 * at once, a large one bit by bit, so that nothing stands still for it. How it fails: whatever goes wrong,
 * the snapshot before is as good as it was. One loop. */
#ifndef COLLECTOR_SCRIBE_H
#define COLLECTOR_SCRIBE_H

#include "ownership/snapshot.h"
#include "score/state.h"
#include "streams.h"

#include <vedette/shard_log.h>

struct scribe_subject {
    struct vd_shard_log *log;
    const struct streams *streams;
    struct score *score;
    int64_t events_offset; /* the marks are of all before it, or later */
    uint64_t ahead;        /* scored events behind it, which the windows have taken in already */
};

struct scribe {
    struct scribe_subject subject; /* .log NULL: nothing is being written */
    struct snapshot marks;
    struct score_cut *cut;
    uint8_t *room;
    struct vd_bytes unsent; /* in room: the log was full */
    uint32_t chunk_count, sent;
    bool windows_written;
};

/* Notes the windows; the marks, which may be later ones, are for the first scribe_go_on: for a large state
 * that is to be in another turn of the loop. 0; VD_ENOMEM. */
int scribe_begin(struct scribe *s, const struct scribe_subject *subject);
/* Whether that is worth another turn. */
bool scribe_is_large(const struct scribe *s);
/* About so many bytes more. 1: that was all; 0: there is more to come; VD_ENOMEM, and the log's errors. After
 * 1 and errors it has ended. */
int scribe_go_on(struct scribe *s, size_t bytes, const char **why);
void scribe_end(struct scribe *s); /* idempotent */
static inline bool scribe_busy(const struct scribe *s)
{
    return s->subject.log != NULL;
}

#endif
