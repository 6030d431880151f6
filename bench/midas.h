/* MIDAS-R, the yardstick of the score's cost: S. Bhatia, B. Hooi, M. Yoon, K. Shin, C. Faloutsos, "MIDAS:
 * Microcluster-Based Detector of Anomalies in Edge Streams", AAAI 2020, algorithm 2, written from the paper.
 *
 * Count-min sketches of edges, sources and destinations, once for now (fading with each tick) and once for
 * ever; the score is the largest chi-squared of the three. */
#ifndef BENCH_MIDAS_H
#define BENCH_MIDAS_H

#include <stdint.h>

enum { MIDAS_ROWS = 2, MIDAS_COLUMNS = 1024, MIDAS_SKETCHES = 3 };

struct midas_sketch {
    double now[MIDAS_ROWS][MIDAS_COLUMNS], ever[MIDAS_ROWS][MIDAS_COLUMNS];
};
struct midas {
    struct midas_sketch sketches[MIDAS_SKETCHES]; /* edges, sources, destinations */
    uint64_t tick;
};

/* tick: from 1, never less than before. */
double midas_score(struct midas *m, uint64_t source, uint64_t destination, uint64_t tick);

#endif
