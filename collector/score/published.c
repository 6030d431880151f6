/* A published event as the collector scored it. */
#include "published.h"

#include "score_findings.h"

/* A score always has a sentence, which no agent may send; a SILENCE has one too, but no number in a stream.
 * An agent's own GAP was scored as any other event of its. */
static bool was_scored(const struct vd_event_view *view)
{
    return view->sequence > 0 && view->risk_details.len > 0;
}

bool score_input_of_published(const struct score *s, const struct vd_event_view *view,
                              struct score_origin *origin, struct score_input *in)
{
    if (!was_scored(view))
        return false;
    /* The splice wrote the certificate's names over whatever the agent said. */
    score_origin_init(s, origin, view->tenant_uid, view->device_uid);
    *in = score_input_of(view, origin, view->processed_ms);
    return true;
}

bool score_published(struct score *s, const struct vd_event_view *view, bool skip)
{
    struct score_origin origin;
    struct score_input in;
    struct score_prepared prepared;
    struct vd_score score;
    struct score_told told;
    struct score_finding finding;
    if (!score_input_of_published(s, view, &origin, &in))
        return false;
    if (skip)
        return true;
    score_prepare(s, &in, &prepared);
    if (score_judge(s, &prepared, &score) != 0)
        return true;
    score_find(s, &prepared, &score, view->uid);
    while (score_told_next(s, &told))
        score_find_told(s, &told);
    while (score_finding_next(s, &finding))
        ;
    return true;
}
