/* Somebody else's text as people are shown it. Pure; any thread. */
#ifndef SCORE_SHOWN_H
#define SCORE_SHOWN_H

#include <vedette/bytes.h>

/* Valid UTF-8 without control characters, which become "?"; at most cap bytes, cut at a character's edge.
 * Returns how many. */
size_t shown_text(struct vd_bytes text, uint8_t *out, size_t cap);

#endif
