/* The view of an event that was checked before: the walk, without its checks. */
#include <vedette/event_view.h>

#include <vedette/error.h>

#include "event_walk.h"

/* Whoever reads takes times from one another, so none may be near the ends. */
static int64_t believable(int64_t ms)
{
    return ms >= 0 && ms <= INT64_C(1) << 53 ? ms : 0;
}

int vd_event_view_read(struct vd_event_view *out, struct vd_bytes event)
{
    struct event_walk walk = {.view = out};
    if (!event_walk(&walk, event))
        return VD_EMALFORMED;
    out->time_ms = believable(out->time_ms);
    out->processed_ms = believable(out->processed_ms);
    return 0;
}
