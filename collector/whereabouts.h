/* Where an agent's events belong. */
#ifndef COLLECTOR_WHEREABOUTS_H
#define COLLECTOR_WHEREABOUTS_H

#include <stdint.h>

struct shard;

/* shard: here. Else address: with another collector. Else nowhere for now: why, and when to ask again. */
struct whereabouts {
    struct shard *shard;
    const char *address, *why;
    uint32_t retry_after_ms;
};

#endif
