/* The scorer's own state, and an event on its way through it. Private to this folder. */
#ifndef SCORE_ENGINE_H
#define SCORE_ENGINE_H

#include "cells.h"
#include "chain.h"
#include "distinct.h"
#include "event_time.h"
#include "findings.h"
#include "novelty.h"
#include "score.h"

enum { WINDOW_SECONDS = 300, DAY_SECONDS = 86400 };
/* Of the rings, in the order of their features. */
static const uint32_t RING_SECONDS[ENTITY_RINGS] = {60, 300, 3600};
enum { RING_MINUTES = 1 };

struct score {
    struct entities entities;
    struct cells cells;
    struct novelty novelty;
    struct chains chains;
    struct silences silences;
    struct calibration verdicts[KIND_COUNT];
    struct event_time time;
    double host_windows;       /* 5-minute windows of all hosts with detections, idle ones included */
    struct findings *findings; /* in one piece, and all of it state */
    struct totals *totals;     /* likewise */
    struct score_counters counters;
    /* Not state: */
    struct calibration_scale scale;
    struct distinct_scale distinct;
    const struct score_asset *assets;
    size_t asset_count;
    uint32_t configuration;
    uint32_t findings_an_hour;
};

/* A time's bucket in each ring. */
struct buckets {
    uint32_t at[ENTITY_RINGS];
};

/* Spelled out, so that the divisors are known and no division is left. */
static inline struct buckets engine_buckets_of(uint32_t seconds)
{
    return (struct buckets){{seconds / 10, seconds / 50, seconds / 600}};
}

/* What one key's entity shows after the event is counted. */
struct shown {
    struct entity *entity;
    uint32_t cell;
    uint32_t told;                 /* which figures there are, a bit each */
    double figures[FEATURE_COUNT]; /* over 0 */
    uint8_t places[ENTITY_RINGS];  /* enum ring_place */
    uint8_t first;                 /* which of the values was new, by its index; 0: none */
};

/* An event on its way through. */
struct subject {
    const struct score_prepared *event;
    const uint16_t *trial; /* windows in each ring that an entity shows before it is judged */
    uint32_t seconds, window;
    struct buckets buckets;
    uint32_t minute; /* of the shard's newest event: when tables are made anew */
    uint16_t count;
    bool late, missed;
    struct shown shown[SCORE_KEYS];
};

/* What is unlikely of the event, by the family of the feature. */
enum family { FAMILY_RATE, FAMILY_DISTINCT, FAMILY_NOVELTY, FAMILY_COUNT };
struct finding {
    int key;
    enum feature feature;
    double surprise; /* calibrated; 0: nothing */
};
struct verdict {
    struct finding families[FAMILY_COUNT];
    struct chain_beside beside; /* .surprise 0: no chain */
    double surprise;            /* the event's, with the chain */
    double window_surprise;     /* without it; of its key's window so far */
    bool is_record;             /* the most unlikely of its key's window so far */
};

/* Of the constants alone. */
uint64_t score_constants_hash(void);

/* score_findings.c. VD_ENOMEM. */
int score_findings_init(struct score *s);

/* Counts the event under all of its keys, and fills subject->shown and what is said of lateness. */
void features_take(struct score *s, struct subject *subject);
/* Rarity is calibrated over all rules; whatever else, among peers. */
struct calibration *features_calibration(const struct score *s, const struct subject *subject,
                                         const struct shown *shown, enum feature feature);
/* The rate that a window of different values is judged by. */
struct rate features_expect_distinct(const struct score *s, const struct shown *shown);

/* Turns what is shown into probabilities and one verdict. */
void combine(struct score *s, const struct subject *subject, struct verdict *out);

/* Makes the risk of it, and the reasons where it is worth a word. */
void risk_conclude(const struct score *s, const struct subject *subject, const struct verdict *verdict,
                   struct vd_score *out);
void risk_of_silence(const struct score *s, struct score_told *out);
void risk_of_volume(const struct score *s, struct score_told *out);

#endif
