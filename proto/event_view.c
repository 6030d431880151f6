/* The view of an event that was checked before: the walk, without its checks. */
#include <vedette/event_view.h>

#include <vedette/error.h>

#include "event_walk.h"

int vd_event_view_read(struct vd_event_view *out, struct vd_bytes event)
{
    struct event_walk walk = {.view = out};
    return event_walk(&walk, event) ? 0 : VD_EMALFORMED;
}
