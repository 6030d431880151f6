/* Baselines: learning, forgetting, and leaning on peers. */
#include "baseline.h"

#include <math.h>

#include "bounds.h"

/* Windows that the peers' history counts for. */
static const double KAPPA = 2;
static const double CLIP_SIGMAS = 8;
/* The first burst of an entity that is idle as a rule is learnt whole up to this. */
static const double CLIP_LEAST = 8;
static const double QUIET_SIGMAS = 1.5;
static const double LEAST_MEAN = 1e-6;
/* Least variance, as a share of mean²: no rate is known better than that. */
static const double SPREAD = 0.1;
/* Least variance, as a multiple of the mean: events come in clusters, also where none has been seen yet. */
static const double CLUSTER = 2;

double baseline_power(double base, uint32_t exponent)
{
    double result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result *= base;
        base *= base;
    }
    return result;
}

void baseline_learn(struct baseline *b, double x, double windows, double slowest)
{
    double weight = larger(1 / (windows + 1), slowest);
    double delta = x - (double)b->mean;
    b->mean = (float)((double)b->mean + weight * delta);
    b->variance = (float)((1 - weight) * ((double)b->variance + weight * delta * delta));
}

/* What is left of the mean. While the weight is 1/(n+1), the product of n/(n+1) telescopes; then it is a
 * power. The raw second moment, variance + mean², shrinks by the same factor. */
void baseline_idle(struct baseline *b, uint32_t idle, double windows, double slowest)
{
    double young = smaller(larger(ceil(1 / slowest - 1 - windows), 0), idle);
    double keep = young > 0 ? windows / (windows + young) : 1;
    keep *= baseline_power(1 - slowest, idle - (uint32_t)young);
    double mean = (double)b->mean;
    b->mean = (float)(keep * mean);
    b->variance = (float)(keep * ((double)b->variance + (1 - keep) * mean * mean));
}

struct rate baseline_expect(const struct baseline *own, double windows, const struct peers *peers)
{
    double all = windows + KAPPA;
    double mean = (windows * (double)own->mean + KAPPA * (double)peers->baseline.mean) / all;
    double variance = (windows * (double)own->variance + KAPPA * (double)peers->baseline.variance) / all;
    mean = larger(mean, LEAST_MEAN);
    variance *= 1 + 1 / all; /* the baseline itself is uncertain */
    variance = larger(variance, larger(mean + SPREAD * mean * mean, CLUSTER * mean));
    return (struct rate){.mean = mean, .variance = variance};
}

double baseline_maturity(double windows)
{
    return windows / (windows + KAPPA);
}

double baseline_clip(struct rate expected)
{
    return larger(expected.mean + CLIP_SIGMAS * sqrt(expected.variance), CLIP_LEAST);
}

uint16_t baseline_quiet_limit(struct rate expected)
{
    double limit = expected.mean + QUIET_SIGMAS * sqrt(expected.variance);
    return (uint16_t)smaller(limit, UINT16_MAX);
}
