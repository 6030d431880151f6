/* How surprising a count is under a negative binomial distribution. Pure; any thread. */
#ifndef SCORE_TAIL_H
#define SCORE_TAIL_H

#include <stdint.h>

/* What a window is expected to hold: mean > 0; a variance under mean + 1e-6 mean² counts as that, nearly
 * Poisson. */
struct rate {
    double mean, variance;
};

/* What is known of a window before it is judged: nothing, or that it is not empty. Of most kinds an event at
 * all is no news: without the condition a user who logs in once a day would surprise each time. */
enum tail_given { TAIL_OF_ANY, TAIL_NOT_EMPTY };

/* -log10 P(N >= count), or P(N >= count | N >= 1), within 1e-6: how surprising so many are. 0 for a count
 * that is at most the mean. Never lower for a higher count. */
double tail_surprise(uint32_t count, struct rate rate, enum tail_given given);

#endif
