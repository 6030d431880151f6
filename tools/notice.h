/* What is in the events topic and is no event of a host: the words of agents and collectors about the events.
 * Pure; any thread. */
#ifndef VEDETTE_TOOLS_NOTICE_H
#define VEDETTE_TOOLS_NOTICE_H

#include <vedette/event_view.h>

enum notice { NOTICE_NONE, NOTICE_GAP, NOTICE_FORK, NOTICE_SILENCE, NOTICE_VOLUME, NOTICE_TAKEOVER };

/* A GAP has a number of its agent's stream; the others have none: what has one an agent made up. */
enum notice notice_of(const struct vd_event_view *event);
/* "Gap"; NULL for NOTICE_NONE. */
const char *notice_name(enum notice notice);

#endif
