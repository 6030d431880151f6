/* The table of what is counted: a bounded one of 8-way sets, allocated once. When a set is full, the entity
 * whose newest event is oldest gives way. Pure; one thread at a time. */
#ifndef SCORE_ENTITIES_H
#define SCORE_ENTITIES_H

#include <stdalign.h>
#include <stddef.h>

#include "ring.h"

enum { ENTITY_RINGS = 3, ENTITIES_WAYS = 8 };

struct entity {
    alignas(64) uint64_t key;
    uint32_t first_seconds, last_seconds; /* event time; first is where the table met it */
    struct ring rings[ENTITY_RINGS];
};
_Static_assert(sizeof(struct entity) <= 128, "an entity is two cache lines");

struct entities {
    void *memory;
    struct entity *slots;
    uint8_t *tags; /* a byte of each slot's key, 0: the slot is free */
    size_t set_count;
    uint64_t live, evictions;
};

/* max_entities is rounded down to whole sets. VD_EINVAL under one set, VD_ENOMEM. */
int entities_init(struct entities *t, size_t max_entities);
void entities_deinit(struct entities *t);

/* Brings what entities_get will touch nearer; changes nothing. */
void entities_prefetch(const struct entities *t, uint64_t key);
/* The entity of that key, made if need be: then *is_new is set and all but the key is zero. Valid until the
 * next call. */
struct entity *entities_get(struct entities *t, uint64_t key, bool *is_new);

#endif
