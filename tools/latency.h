/* Quantiles of durations in fixed memory: buckets that are 1/16 of an octave wide (as in HdrHistogram), so a
 * quantile is off by at most 7%. */
#ifndef TOOLS_LATENCY_H
#define TOOLS_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum { LATENCY_BUCKETS = 64 * 16 };

struct latency {
    uint64_t counts[LATENCY_BUCKETS];
    uint64_t total;
    int64_t max_ns;
};

static inline size_t latency_bucket(uint64_t ns)
{
    if (ns < 16)
        return (size_t)ns;
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns);
    return (size_t)octave * 16 + ((ns >> (octave - 4)) & 15);
}

static inline void latency_add(struct latency *l, int64_t ns, uint64_t weight)
{
    if (ns < 0)
        ns = 0;
    l->counts[latency_bucket((uint64_t)ns)] += weight;
    l->total += weight;
    if (ns > l->max_ns)
        l->max_ns = ns;
}

/* Milliseconds; 0 when nothing was added. */
static inline double latency_quantile_ms(const struct latency *l, double q)
{
    uint64_t want = (uint64_t)(q * (double)l->total), seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += l->counts[i];
        if (l->counts[i] > 0 && seen > want) {
            double low = i < 16 ? (double)i : (double)((16 + i % 16) << (i / 16)) / 16;
            return low * 1e-6;
        }
    }
    return (double)l->max_ns * 1e-6;
}

#endif
