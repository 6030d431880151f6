/* Events of the collector itself, as they are published: in an agent's stream a GAP where an event was
 * refused, and a FORK; of nobody's a TAKEOVER. Pure; any thread. */
#ifndef COLLECTOR_NOTICE_H
#define COLLECTOR_NOTICE_H

#include <vedette/buffer.h>
#include <vedette/event_validate.h>
#include <vedette/gap.h>

#include "streams.h"

struct notice_refusal {
    uint64_t from, seq; /* of the event; from is lower where it was to tell of the numbers before it */
    const struct vd_refusal *why;
    bool letter; /* the event itself is in the dead letter topic */
};
int notice_refusal(struct vd_buffer *out, const struct stream *stream, const struct notice_refusal *refusal,
                   int64_t now_ms);

struct notice_fork {
    const char *detail;   /* "behind the mark", "another history" */
    uint64_t first, next; /* what the agent that was found said it has */
};
int notice_fork(struct vd_buffer *out, const struct stream *stream, const struct notice_fork *fork,
                int64_t now_ms);

int notice_takeover(struct vd_buffer *out, const struct vd_takeover *takeover);

#endif
