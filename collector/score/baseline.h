/* What an entity's windows usually hold: an exponentially weighted mean and variance that forgets, and that
 * leans on its peers' until it has a history of its own. Only +, -, *, / and sqrt, so that every machine
 * learns the same bits. Pure; any thread. */
#ifndef SCORE_BASELINE_H
#define SCORE_BASELINE_H

#include "tail.h"

struct baseline {
    float mean, variance;
};

/* The peers of a kind of entity: its windows all together, and how many there were. */
struct peers {
    struct baseline baseline;
    double windows;
};

/* How far the weight of a new window falls as windows go by: 1/(n+1), but no less. */
#define BASELINE_SLOWEST 0.02
#define PEERS_SLOWEST    1e-4

/* base to the power of exponent, by multiplications alone. */
double baseline_power(double base, uint32_t exponent);
/* Takes in a closed window of x events, after `windows` others. */
void baseline_learn(struct baseline *b, double x, double windows, double slowest);
/* Takes in `idle` empty windows at once, after `windows` others: what baseline_learn of 0 would do, so many
 * times. */
void baseline_idle(struct baseline *b, uint32_t idle, double windows, double slowest);
/* The rate to judge the next window by. */
struct rate baseline_expect(const struct baseline *own, double windows, const struct peers *peers);
/* How much of that is the entity's own history: 0 to 1. */
double baseline_maturity(double windows);
/* The most of a window that is learnt: what is far over the expected is not to become usual at once. */
double baseline_clip(struct rate expected);
/* No count up to this is worth a logarithm. */
uint16_t baseline_quiet_limit(struct rate expected);

#endif
