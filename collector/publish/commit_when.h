/* When a transaction ends: as late as latency allows, since each commit costs the same however much it holds.
 * Pure. */
#ifndef COLLECTOR_COMMIT_WHEN_H
#define COLLECTOR_COMMIT_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct commit_when {
    uint32_t busy_ms, busy_events;  /* that old, if it holds so many */
    uint32_t idle_ms;               /* that old, whatever it holds */
    size_t full_events, full_bytes; /* at any age */
};

struct commit_load {
    size_t events, bytes;
    uint64_t age_ms; /* of its oldest record, the time that it waited for the transaction included */
};

static inline bool commit_due(const struct commit_when *when, const struct commit_load *load)
{
    return load->age_ms >= when->idle_ms || load->events >= when->full_events ||
           load->bytes >= when->full_bytes ||
           (load->age_ms >= when->busy_ms && load->events >= when->busy_events);
}

/* How long until it may be due by age alone. */
static inline uint64_t commit_look_again_ms(const struct commit_when *when, const struct commit_load *load)
{
    if (load->age_ms < when->busy_ms)
        return when->busy_ms - load->age_ms;
    return load->age_ms < when->idle_ms ? when->idle_ms - load->age_ms : 0;
}

#endif
