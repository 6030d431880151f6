/* Calibration: histograms of window maxima, and the tables of -log10 p made from them. */
#include "calibration.h"

#include <math.h>
#include <string.h>

#include "bounds.h"

/* When so much is in, all of it is halved: habits of long ago count for less. */
static const float HALVED_AT = 200000;
/* What a rank gains an octave, so that beyond all data larger stays larger. */
static const double RANK_PER_OCTAVE = 0.05;
/* Windows that a nominal figure counts for, and the most it is believed. */
static const double NOMINAL_WINDOWS = 3, NOMINAL_MAX = 12;
/* What the octaves above a rank's tail are shrunk to, in the mean. */
static const double RANK_OCTAVES = 0.5;
/* Windows that a verdict's nominal tail, 10^(-figure/2), counts for. */
static const double PRIOR_WINDOWS = 50;
enum { BINS_PER_OCTAVE = 12 };
/* Windows in the part of the tail that an exponential is fitted to, and the mean it is shrunk to. */
static const double TAIL_WINDOWS = 30, TAIL_MEAN = 0.5;

/* 2^(1/12). Multiplied and doubled, never taken from the C library: these bits decide what is learnt. */
static const double SEMITONE = 1.0594630943592953;

void calibration_scale_init(struct calibration_scale *scale)
{
    double octave = 1, x = 1;
    for (int b = 0; b <= CALIBRATION_BINS; b++) {
        if (b > 0 && b % BINS_PER_OCTAVE == 0)
            x = octave *= 2;
        scale->edges[b] = x - 1;
        x *= SEMITONE;
    }
}

/* The octave is the exponent of 1 + figure; within it at most twelve edges are looked at, half of them
 * skipped by one comparison. No logarithm. */
static uint8_t bin_of(const struct calibration_scale *scale, double figure)
{
    double x = 1 + figure;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    if (exponent >= CALIBRATION_BINS / BINS_PER_OCTAVE)
        return CALIBRATION_BINS - 1;
    int b = exponent * BINS_PER_OCTAVE, half = b + BINS_PER_OCTAVE / 2;
    if (figure >= scale->edges[half])
        b = half;
    while (b + 1 < CALIBRATION_BINS && figure >= scale->edges[b + 1])
        b++;
    return (uint8_t)b;
}

struct calibration_place calibration_place_of(const struct calibration_scale *scale, double figure)
{
    if (!(figure > 0))
        return (struct calibration_place){0};
    uint8_t b = bin_of(scale, figure);
    double from = scale->edges[b], to = scale->edges[b + 1];
    return (struct calibration_place){.bin = b, .share = smaller(1, (figure - from) / (to - from))};
}

void calibration_feed(struct calibration *c, uint8_t bin, double weight)
{
    c->counts[bin] += (float)weight;
    c->total += (float)weight;
    c->stale = true;
    if (c->total <= HALVED_AT)
        return;
    for (int b = 0; b < CALIBRATION_BINS; b++)
        c->counts[b] *= 0.5F;
    c->total *= 0.5F;
}

static double between(const struct calibration *c, struct calibration_place place)
{
    double from = (double)c->table[place.bin], to = (double)c->table[place.bin + 1];
    return from + place.share * (to - from);
}

static bool is_due(struct calibration *c, uint32_t minute)
{
    if (c->made_minute != 0 && (!c->stale || c->made_minute == minute))
        return false;
    c->made_minute = minute;
    c->stale = false;
    return true;
}

/* Where the fitted tail begins, and the mean excess over it. */
struct tail_fit {
    int from; /* CALIBRATION_BINS: too few windows for any */
    double mean;
};

/* The bin from which on fewer than TAIL_WINDOWS are left. Not the bin that makes them up: figures come in
 * lumps, and a lump of thousands would say that beyond it nothing comes. CALIBRATION_BINS: too few windows
 * for any. */
static int tail_from(const struct calibration *c)
{
    double above = 0;
    for (int b = CALIBRATION_BINS - 1; b >= 0; b--) {
        above += (double)c->counts[b];
        if (above >= TAIL_WINDOWS)
            return b + 1;
    }
    return CALIBRATION_BINS;
}

static struct tail_fit fit_tail(const struct calibration *c, const struct calibration_scale *scale)
{
    struct tail_fit fit = {CALIBRATION_BINS, TAIL_MEAN};
    double above = 0, excess = 0;
    fit.from = tail_from(c);
    for (int b = fit.from; b < CALIBRATION_BINS; b++) {
        above += (double)c->counts[b];
        excess +=
            (double)c->counts[b] * ((scale->edges[b] + scale->edges[b + 1]) / 2 - scale->edges[fit.from]);
    }
    fit.mean = (excess + TAIL_WINDOWS * TAIL_MEAN) / (above + TAIL_WINDOWS);
    return fit;
}

/* How far an edge is into the fitted tail, in powers of ten. */
static double beyond(const struct tail_fit *fit, const struct calibration_scale *scale, int b)
{
    return b > fit->from ? (scale->edges[b] - scale->edges[fit->from]) / (fit->mean * M_LN10) : 0;
}

/* Figures of many entities have heavy tails, so a rank goes on along a power law: Hill's estimator over the
 * bins, which are even in the logarithm. */
static double octaves_above(const struct calibration *c, int from)
{
    double above = 0, excess = 0;
    for (int b = from; b < CALIBRATION_BINS; b++) {
        above += (double)c->counts[b];
        excess += (double)c->counts[b] * (b + 0.5 - from) / BINS_PER_OCTAVE;
    }
    return (excess + TAIL_WINDOWS * RANK_OCTAVES) / (above + TAIL_WINDOWS);
}

static void make_rank(struct calibration *c, const struct calibration_scale *scale, double windows,
                      bool nominal)
{
    double above = 0, share = nominal ? NOMINAL_WINDOWS / ((double)c->total + NOMINAL_WINDOWS) : 0;
    double seen[CALIBRATION_BINS + 1];
    int from = nominal ? tail_from(c) : CALIBRATION_BINS;
    for (int b = CALIBRATION_BINS; b >= 0; b--) {
        above += b < CALIBRATION_BINS ? (double)c->counts[b] : 0;
        seen[b] = larger(0, -log10((above + 0.5) / (windows + 1)));
    }
    double slope = M_LOG10E / octaves_above(c, from) / BINS_PER_OCTAVE;
    for (int b = 0; b <= CALIBRATION_BINS; b++) {
        double rank = b <= from ? seen[b] : seen[from] + slope * (b - from);
        rank += share * (smaller(scale->edges[b], NOMINAL_MAX) - rank);
        c->table[b] = (float)(rank + RANK_PER_OCTAVE * b / BINS_PER_OCTAVE);
    }
}

double calibration_rank(struct calibration *c, const struct calibration_scale *scale,
                        struct calibration_place place, uint32_t minute, double windows, bool nominal)
{
    if (place.bin == 0 && !(place.share > 0))
        return 0;
    if (is_due(c, minute))
        make_rank(c, scale, windows, nominal);
    return between(c, place);
}

/* P(max + half of the rest >= figure) of three ranks that are true and independent: in order of size, they
 * are sums of exponentials (Rényi 1953), and so is what is made of them, of means 1, 3/4 and 2/3 decades. */
static double nominal_tail(double figure)
{
    return 12 * pow(10, -figure) - 27 * pow(10, -figure * 4 / 3) + 16 * pow(10, -figure * 3 / 2);
}

static void make_verdict(struct calibration *c, const struct calibration_scale *scale)
{
    struct tail_fit fit = fit_tail(c, scale);
    double above[CALIBRATION_BINS + 1] = {0};
    for (int b = CALIBRATION_BINS - 1; b >= 0; b--)
        above[b] = above[b + 1] + (double)c->counts[b];
    for (int b = 0; b <= CALIBRATION_BINS; b++) {
        int from = b < fit.from ? b : fit.from;
        double nominal = PRIOR_WINDOWS * nominal_tail(scale->edges[from]);
        double p = (above[from] + nominal) / ((double)c->total + PRIOR_WINDOWS);
        c->table[b] = (float)(-log10(p) + beyond(&fit, scale, b));
    }
}

double calibration_verdict(struct calibration *c, const struct calibration_scale *scale,
                           struct calibration_place place, uint32_t minute)
{
    if (is_due(c, minute))
        make_verdict(c, scale);
    return between(c, place);
}

double calibration_median(const struct calibration *c, const struct calibration_scale *scale)
{
    double above = 0;
    for (int b = CALIBRATION_BINS - 1; b > 0; b--) {
        above += (double)c->counts[b];
        if (above * 2 >= (double)c->total)
            return scale->edges[b];
    }
    return 0;
}
