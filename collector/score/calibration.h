/* Calibration: how often a figure as high as this one comes up, by what it did so far. A histogram of the
 * highest figure of each window, and from it a table of -log10 p that is made anew at most once a minute of
 * event time.
 *
 * Two shapes. A *rank* is a smoothed empirical tail: for the features, whose figures need mean nothing but
 * more or less. A *verdict* is for their combination: shrunk to a nominal tail while windows are few, with an
 * exponential tail beyond the last 30 windows (peaks over threshold: Pickands 1975; Siffer et al., "Anomaly
 * Detection in Streams with Extreme Value Theory", KDD 2017). Pure; one thread at a time. */
#ifndef SCORE_CALIBRATION_H
#define SCORE_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

enum { CALIBRATION_BINS = 96 };

/* Twelve bins an octave of 1 + figure, so up to 255; all values are flat, and start at zero. */
struct calibration {
    float counts[CALIBRATION_BINS];
    float table[CALIBRATION_BINS + 1]; /* -log10 p at the bins' edges */
    float total;
    uint32_t made_minute; /* of the table; 0: never */
    bool stale;
    uint8_t unused[3];
};

/* The edges of the bins, the same bits everywhere. */
struct calibration_scale {
    double edges[CALIBRATION_BINS + 1];
};
void calibration_scale_init(struct calibration_scale *scale);

/* A figure's place on the scale. */
struct calibration_place {
    uint8_t bin;
    double share; /* of the way to the next edge, 0 to 1 */
};
struct calibration_place calibration_place_of(const struct calibration_scale *scale, double figure);

/* Takes in a window whose highest figure was in that bin. */
void calibration_feed(struct calibration *c, uint8_t bin, double weight);
/* -log10 p of a figure; 0 for none. minute: event time, not 0. windows: those that the figure could have come
 * up in. nominal: the figure is itself meant as a -log10 p, which stands in while there are few windows.
 * Always the same for one calibration. */
double calibration_rank(struct calibration *c, const struct calibration_scale *scale,
                        struct calibration_place place, uint32_t minute, double windows, bool nominal);
double calibration_verdict(struct calibration *c, const struct calibration_scale *scale,
                           struct calibration_place place, uint32_t minute);
/* The figure that half of the windows stay under. */
double calibration_median(const struct calibration *c, const struct calibration_scale *scale);

#endif
