/* What a published event was scored from: for whoever scores it again, to replay it or to take a shard's
 * windows over. The events of a partition in its order, and each as this says, give the state and the scores
 * of the shard that published them. Pure; any thread. */
#ifndef SCORE_PUBLISHED_H
#define SCORE_PUBLISHED_H

#include "score.h"

/* false: it was not scored as an event, because the collector made it itself: the GAP of a refusal, a FORK, a
 * SILENCE. in then borrows from the view and from origin, which has to stand as long. */
bool score_input_of_published(const struct score *s, const struct vd_event_view *view,
                              struct score_origin *origin, struct score_input *in);
/* Scores such an event again as its shard did, and drops what is told by it, which was told before; false: it
 * was not scored. skip: nothing is done but to say so. */
bool score_published(struct score *s, const struct vd_event_view *view, bool skip);

#endif
