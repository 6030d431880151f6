/* Sets of numbers, kept as stretches: small however many numbers there are, as long as most are neighbours.
 * Pure. */
#ifndef VEDETTE_TOOLS_INTERVALS_H
#define VEDETTE_TOOLS_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
    uint64_t from, to; /* both within */
};
struct intervals {
    struct interval *at; /* ascending, neither touching nor overlapping */
    size_t count, room;
};
enum { INTERVALS_MAX = 1 << 20 };
/* Greater ones are refused, so that the number behind one is always a number. */
#define INTERVALS_NUMBER_MAX ((uint64_t)INT64_MAX)

/* A zeroed set is an empty one. */
void intervals_deinit(struct intervals *set);
/* VD_EINVAL: from > to, or too great; VD_ELIMIT: too many stretches; VD_ENOMEM. The set is as it was then. */
int intervals_add(struct intervals *set, uint64_t from, uint64_t to);
bool intervals_has(const struct intervals *set, uint64_t number);
/* How many numbers of the set are within. */
uint64_t intervals_within(const struct intervals *set, struct interval within);
/* The first stretch within that is in neither set. */
bool intervals_hole(const struct intervals *a, const struct intervals *b, struct interval within,
                    struct interval *hole);

#endif
