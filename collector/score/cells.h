/* Peers: entities of one sort, which are judged by what all of them do. A cell holds what they do and the
 * calibrations of their features. There is one for each kind and who, and of detections one for each rule
 * while there is room. Flat; pure; one thread at a time. */
#ifndef SCORE_CELLS_H
#define SCORE_CELLS_H

#include "calibration.h"
#include "entities.h"
#include "kind.h"

enum { CELLS_RULES = 2048, CELLS_COUNT = KIND_COUNT * WHO_COUNT + CELLS_RULES };

struct cell {
    struct peers rates[ENTITY_RINGS], distinct;
    double active; /* 5-minute windows in which there was anything */
};

struct cells {
    struct cell *peers;
    struct calibration *features; /* FEATURE_COUNT a cell */
    uint64_t *rules;              /* by rule's cell, 0: free */
};

/* A cell as it begins. */
const struct cell *cells_first(uint32_t cell);
int cells_init(struct cells *c);
void cells_deinit(struct cells *c);

uint32_t cells_of_kind(uint32_t kind, enum who who);
/* A rule's own, or once there are too many one that rules share. rule: a hash, not 0. */
uint32_t cells_of_rule(struct cells *c, uint64_t rule);
struct calibration *cells_feature(const struct cells *c, uint32_t cell, enum feature feature);

#endif
