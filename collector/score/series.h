/* Aggregate series: how unusual each value of a regular series is, by all that came before it.
 *
 * Three figures of a value: how far it is above its level, how far below (silence too), and how far its
 * smoothed course is from the hour of the week. Each is judged by how far it exceeds its own decayed record:
 * what has happened before is no news. The level is an exponentially weighted mean with clipped steps (Huber,
 * "Robust Statistics", 1981); the rest was found here (docs/detection.md). Flat; pure; one thread at a time.
 */
#ifndef SCORE_SERIES_H
#define SCORE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

enum series_figure { SERIES_RISE, SERIES_FALL, SERIES_RHYTHM, SERIES_FIGURES };
enum { SERIES_EPISODES = 3, SERIES_WEEK_HOURS = 168, SERIES_DAY_HOURS = 24 };

/* What an hour usually has. */
struct series_hour {
    double mean;
    uint32_t samples;
};

/* A figure's highest values, each fading. */
struct series_record {
    double highest, mean;
    double second[SERIES_EPISODES]; /* the highest outside of the highest's own episode */
    int64_t at[SERIES_EPISODES];    /* when the episode of the highest last exceeded it */
};

struct series {
    int64_t samples;
    double level, deviation, residual;
    struct series_record records[SERIES_FIGURES];
    struct series_hour week[SERIES_WEEK_HOURS], day[SERIES_DAY_HOURS];
};

/* How far each figure of a value exceeds its record, 0 and up, and what was expected of it. */
struct series_verdict {
    double excess[SERIES_FIGURES];
    double level, season;
};

/* Takes in a value; a zeroed series is a new one. seconds: its time, since 1970, or since any midnight of a
 * Thursday. What is no number counts as the level. */
void series_judge(struct series *s, int64_t seconds, double value, struct series_verdict *out);
/* The same, and all in one: a score from 0 to under 1. */
double series_score(struct series *s, int64_t seconds, double value);

#endif
