/* The scorer's state as bytes, and back: what a shard's snapshot holds of its windows.
 *
 * Writing: score_cut_begin, which notes the state as it is at that moment → score_cut_next, piece by piece,
 * while events go on being scored → 0 bytes: that was all → score_cut_end. Reading, into a scorer that is
 * new: score_state_read, all pieces in order → score_restore_whole. The state that is read back is the state
 * that was written, to the bit: the same events then make the same scores.
 *
 * The bytes are rows of flat tables, of which only what differs from a new scorer's is written; a row stands
 * in one piece. How it fails: what was written by another version, or with another score.max_entities, is
 * VD_EUNSUPPORTED; what could not have been written, whatever it is, is VD_EMALFORMED. The scorer is to be
 * thrown away then. Assets and measures of findings may be others: no window depends on them. Pure; one
 * thread at a time. */
#ifndef SCORE_STATE_H
#define SCORE_STATE_H

#include "score.h"

/* A piece has room for a row. */
enum { SCORE_PIECE_MIN_BYTES = 8192 };

struct score_cut;
/* Only one at a time. Returns owned; VD_ENOMEM. */
int score_cut_begin(struct score *s, struct score_cut **out);
void score_cut_end(struct score_cut *cut); /* NULL is fine; before score_free */
/* The most that it may come to. */
size_t score_cut_max_bytes(const struct score_cut *cut);
/* The next piece into out, room bytes at most, SCORE_PIECE_MIN_BYTES at least; *len 0: there is no more.
 * VD_ENOMEM: what was to be kept since it began could not be, and the cut is of no use. */
int score_cut_next(struct score_cut *cut, uint8_t *out, size_t room, size_t *len);

/* About what the state would come to, for whoever decides when. */
size_t score_state_bytes(const struct score *s);

struct score_restore {
    uint64_t rows;
    bool begun, whole;
};
/* restore: zero before the first piece. 0, VD_EUNSUPPORTED, VD_EMALFORMED. */
int score_state_read(struct score *s, struct score_restore *restore, struct vd_bytes piece);
/* Whether all of it was there. */
static inline bool score_restore_whole(const struct score_restore *restore)
{
    return restore->whole;
}

/* The counters go on from there: whoever replays has counted what was counted before. */
void score_counters_write(struct score *s, const struct score_counters *counters);

#endif
