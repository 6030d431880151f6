/* When a shard's state is written down again: as often as it costs little beside the events themselves, since
 * whoever takes the shard over reads and scores all that came after it. Pure. */
#ifndef COLLECTOR_SNAPSHOT_WHEN_H
#define COLLECTOR_SNAPSHOT_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By what an event takes in Kafka: light is a state of a twenty-fourth of the bytes of the events since,
 * worth it one of half of them. What is not worth it within SNAPSHOT_AGES is written nevertheless, since
 * events do not stay for ever. */
enum {
    SNAPSHOT_EVENT_BYTES = 600,
    SNAPSHOT_MARK_BYTES = 100,
    SNAPSHOT_LIGHT_SHARE = 24,
    SNAPSHOT_WORTH_SHARE = 2,
    SNAPSHOT_LIGHT_MS = 1000,
    SNAPSHOT_LIGHT_EVENTS = 20000,
    SNAPSHOT_AGES = 60
};

struct snapshot_when {
    int64_t events_max; /* since the last one */
    uint64_t age_ms;    /* since the last one, if anything came */
};

struct snapshot_load {
    int64_t events; /* since the last one */
    size_t bytes;   /* of the state, about */
    uint64_t age_ms;
};

static inline bool snapshot_due(const struct snapshot_when *when, const struct snapshot_load *load)
{
    int64_t light =
        SNAPSHOT_LIGHT_EVENTS + (int64_t)(load->bytes * SNAPSHOT_LIGHT_SHARE / SNAPSHOT_EVENT_BYTES);
    int64_t worth = (int64_t)(load->bytes * SNAPSHOT_WORTH_SHARE / SNAPSHOT_EVENT_BYTES);
    if (load->events <= 0)
        return false;
    return (load->events >= light && load->age_ms >= SNAPSHOT_LIGHT_MS) ||
           (load->events >= worth && (load->events >= when->events_max || load->age_ms >= when->age_ms)) ||
           load->age_ms / SNAPSHOT_AGES >= when->age_ms;
}

#endif
