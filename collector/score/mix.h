/* Mixing of 64-bit hashes: the finalizer of MurmurHash3 (Austin Appleby, public domain). Values are part of a
 * snapshot, so they never change. Pure; any thread. */
#ifndef SCORE_MIX_H
#define SCORE_MIX_H

#include <stdint.h>

static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* Of two in that order. */
static inline uint64_t mix_pair(uint64_t a, uint64_t b)
{
    return mix(a * UINT64_C(0x9E3779B97F4A7C15) ^ mix(b));
}

#endif
