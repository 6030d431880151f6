/* Findings of what is scored: who finds, and who is told.
 *
 * After each event, in this order: find; for each told that is next, find_told; then finding_next until it is
 * false. Whoever replays events does the same, and drops what is told, which was told before. One thread at a
 * time. */
#ifndef SCORE_SCORE_FINDINGS_H
#define SCORE_SCORE_FINDINGS_H

#include "finding.h"
#include "score.h"

/* Whether the event concerns a finding: where it does not, find does nothing, and needs no uid. */
bool score_finds(const struct score *s, const struct score_prepared *prepared, const struct vd_score *score);
/* uid: metadata.uid. */
void score_find(struct score *s, const struct score_prepared *prepared, const struct vd_score *score,
                struct vd_bytes uid);
void score_find_told(struct score *s, const struct score_told *told);
/* What is to be told by the watermark. */
bool score_finding_next(struct score *s, struct score_finding *out);
/* It could not be handed on: it is told again after the next event. */
void score_finding_again(struct score *s, const struct score_finding *told);

#endif
