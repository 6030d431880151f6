/* Whom an event counts for, by hash, and the values it brings them. Pure; any thread. */
#ifndef SCORE_KEYS_H
#define SCORE_KEYS_H

#include "score.h"

/* Fills the origin's hashes from its texts. */
void keys_of_origin(struct score_origin *origin);
/* Fills prepared->keys and what stands beside them from prepared->in and its kind. */
void keys_of(struct score_prepared *prepared);
/* Whose silence would be told: the tenant's, the host's, and the source's where all is well with what it
 * does. Returns how many. */
int keys_of_heard(const struct score_prepared *prepared, struct silence_who out[WHO_COUNT]);
/* What a value was, for people; empty where a hash of several texts is all there is. */
struct vd_bytes keys_value_text(const struct score_input *in, enum what what);
uint64_t keys_text_hash(struct vd_bytes text);

#endif
