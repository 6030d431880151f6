/* MIDAS-R: one edge counted and scored. */
#include "midas.h"

#include <math.h>

/* What a tick leaves of the present. */
static const double ALPHA = 0.5;

static uint64_t hash(uint64_t key, uint64_t row)
{
    key = (key ^ row * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xff51afd7ed558ccd);
    return (key ^ key >> 33) % MIDAS_COLUMNS;
}

static void fade(struct midas *m)
{
    for (int s = 0; s < MIDAS_SKETCHES; s++)
        for (int row = 0; row < MIDAS_ROWS; row++)
            for (int i = 0; i < MIDAS_COLUMNS; i++)
                m->sketches[s].now[row][i] *= ALPHA;
}

/* (a - s/t)² t² / (s (t - 1)) */
static double chi_squared(double now, double ever, double tick)
{
    if (ever <= 0 || tick <= 1)
        return 0;
    double off = now - ever / tick;
    return off * off * tick * tick / (ever * (tick - 1));
}

static double count(struct midas_sketch *sketch, uint64_t key, double tick)
{
    double now = INFINITY, ever = INFINITY;
    for (uint64_t row = 0; row < MIDAS_ROWS; row++) {
        uint64_t at = hash(key, row + 1);
        now = fmin(now, ++sketch->now[row][at]);
        ever = fmin(ever, ++sketch->ever[row][at]);
    }
    return chi_squared(now, ever, tick);
}

double midas_score(struct midas *m, uint64_t source, uint64_t destination, uint64_t tick)
{
    if (tick > m->tick) {
        fade(m);
        m->tick = tick;
    }
    double t = (double)tick;
    double edge = count(&m->sketches[0], source * UINT64_C(0x2545F4914F6CDD1D) ^ destination, t);
    return fmax(edge, fmax(count(&m->sketches[1], source, t), count(&m->sketches[2], destination, t)));
}
