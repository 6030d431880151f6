/* When a shard's state is written down again: as often as it costs little beside the events themselves, since
 * whoever takes the shard over reads all that came after it. Pure. */
#ifndef COLLECTOR_SNAPSHOT_WHEN_H
#define COLLECTOR_SNAPSHOT_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mark takes a sixth of an event's bytes, so it is worth writing once in four events. */
enum { SNAPSHOT_LIGHT_MS = 1000, SNAPSHOT_LIGHT_EVENTS = 20000, SNAPSHOT_EVENTS_A_MARK = 4 };

struct snapshot_when {
    int64_t events_max; /* since the last one, whatever it costs */
    uint64_t age_ms;    /* since the last one, if anything came */
};

struct snapshot_load {
    int64_t events; /* since the last one */
    size_t marks;
    uint64_t age_ms;
};

static inline bool snapshot_due(const struct snapshot_when *when, const struct snapshot_load *load)
{
    int64_t worth = SNAPSHOT_LIGHT_EVENTS + (int64_t)load->marks * SNAPSHOT_EVENTS_A_MARK;
    return load->events >= when->events_max || (load->events > 0 && load->age_ms >= when->age_ms) ||
           (load->events >= worth && load->age_ms >= SNAPSHOT_LIGHT_MS);
}

#endif
