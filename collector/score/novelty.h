/* First seen: whether a pair of an entity and a value has come up before, and how new that is.
 *
 * A blocked Bloom filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom Filters", WEA
 * 2007) of half a cache line a pair, in two generations: when the younger is full, the older is forgotten. A
 * pair that comes up again moves to the younger, so what is in use is never forgotten. Pure; one thread at a
 * time. */
#ifndef SCORE_NOVELTY_H
#define SCORE_NOVELTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOVELTY_LINE_BYTES = 64 };

struct novelty {
    void *memory;
    uint64_t *words; /* both generations, flat */
    size_t block_count;
    uint64_t held, held_max; /* pairs in the younger */
    uint32_t younger;        /* 0 or 1 */
};

/* Room for so many pairs a generation, 12 bits each: one new pair in fifty is missed at the fullest.
 * VD_ENOMEM. */
int novelty_init(struct novelty *n, size_t pairs);
void novelty_deinit(struct novelty *n);

void novelty_prefetch(const struct novelty *n, uint64_t pair);
/* Takes the pair in; whether it was not there. */
bool novelty_is_first(struct novelty *n, uint64_t pair);

/* An entity's share of first ones, by which a first one is judged. */
enum { NOVELTY_UNIT = 32 };
/* -log10 of the share before this one, smoothed: (firsts + 1/2) / (seen + 1). */
double novelty_surprise(uint16_t firsts, uint16_t seen);
/* Counts one more; halves both at 1,000. */
void novelty_count(uint16_t *firsts, uint16_t *seen, bool is_first);

#endif
