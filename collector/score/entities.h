/* The table of what is counted: a bounded one of 8-way sets, allocated once, flat. When a set is full, the
 * entity whose newest event is oldest gives way. Pure; one thread at a time. */
#ifndef SCORE_ENTITIES_H
#define SCORE_ENTITIES_H

#include <stdalign.h>
#include <stddef.h>

#include "ring.h"

enum { ENTITY_RINGS = 3, ENTITIES_WAYS = 8 };

/* What is judged of an entity. A special is the day's distinct values of sources and users, and the rarity of
 * a rule on a host. */
enum feature {
    FEATURE_MINUTE,
    FEATURE_MINUTES,
    FEATURE_HOUR,
    FEATURE_DISTINCT,
    FEATURE_NOVELTY,
    FEATURE_SPECIAL,
    FEATURE_COUNT
};

/* What detections keep in the place of the day's values. */
struct entity_record {
    float evidence; /* against its host, decaying */
    uint32_t evidence_seconds;
    uint32_t born_window; /* the first one */
    uint32_t active;      /* 5-minute windows in which there was anything */
};

struct entity {
    alignas(64) uint64_t key;
    uint32_t last_seconds; /* event time */
    uint16_t firsts;       /* values seen first, in 32nds */
    uint16_t seen;         /* events that could have had one */
    struct ring rings[ENTITY_RINGS];
    uint64_t values; /* of this 5-minute window */
    union {
        uint64_t days[2]; /* values of today and yesterday */
        struct entity_record record;
    };
    struct baseline distinct;
    uint8_t top[FEATURE_COUNT]; /* the highest bin of this 5-minute window, for the calibrations */
    uint8_t top_verdict;
    uint8_t unused;
};
_Static_assert(sizeof(struct entity) == 128, "an entity is two cache lines");

/* Whoever writes the table down bit by bit is told of a set before anything in it changes. */
struct entities_keeper {
    void (*keep)(struct entities_keeper *self, size_t set);
};

struct entities {
    void *memory;
    struct entity *slots;
    uint8_t *tags; /* a byte of each slot's key, 0: the slot is free */
    size_t set_count;
    uint64_t live, evictions;
    struct entities_keeper *keeper; /* NULL: nobody */
};

/* max_entities is rounded down to whole sets. VD_EINVAL under one set, VD_ENOMEM. */
int entities_init(struct entities *t, size_t max_entities);
void entities_deinit(struct entities *t);

/* Bring what entities_get will touch nearer, and change nothing: first the tags, then what they say. */
void entities_prefetch_tags(const struct entities *t, uint64_t key);
void entities_prefetch(const struct entities *t, uint64_t key);
/* The entity of that key, made if need be: then *is_new is set and all but the key is zero. Valid until the
 * next call. */
struct entity *entities_get(struct entities *t, uint64_t key, bool *is_new);

/* A slot was filled from outside: false where its key does not belong there. */
bool entities_refill(struct entities *t, size_t slot);

#endif
