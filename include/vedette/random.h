/* Randomness: the kernel's for identities, a small seeded generator for jitter and simulation. */
#ifndef VEDETTE_RANDOM_H
#define VEDETTE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* From getrandom(2); 0 or VD_EIO. Any thread. */
int vd_random_bytes(void *out, size_t len);

/* SplitMix64 (Steele, Lea, Flood 2014). Not for secrets. One thread at a time. */
struct vd_random {
    uint64_t state;
};
uint64_t vd_random_next(struct vd_random *r);
/* Uniform in [0, bound); 0 when bound is 0. */
uint64_t vd_random_below(struct vd_random *r, uint64_t bound);
/* Uniform in [0, 1). */
double vd_random_unit(struct vd_random *r);

#endif
