/* Numbers and durations on a command line. */
#ifndef VEDETTE_TOOLS_NUMBER_H
#define VEDETTE_TOOLS_NUMBER_H

#include <argp.h>

/* A decimal number within bounds, or argp's error exit, which names --option. */
long long number_of(struct argp_state *state, const char *option, const char *text, long long low,
                    long long high);
/* Seconds of "90s", "10m", "2h", "1d"; likewise. */
long long duration_of(struct argp_state *state, const char *option, const char *text, long long high_s);

#endif
