/* Reasons as a sentence for people. Pure; any thread. */
#ifndef SCORE_SENTENCE_H
#define SCORE_SENTENCE_H

#include <vedette/score.h>

/* Room for every sentence, with its end. */
enum { SCORE_SENTENCE_BYTES = 512 };
/* The first two reasons: "47 failed logins from 203.0.113.9 in 5 min, expected 0.6 (p 2e-7, own habits 90%);
 * …". Writes at most cap bytes, the terminator included, and returns the length. A value longer than 64 bytes
 * is cut at a character's edge; control characters become "?". */
size_t score_sentence(const struct vd_score *score, char *out, size_t cap);

#endif
