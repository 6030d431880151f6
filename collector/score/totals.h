/* Totals: how many events of each kind a tenant has in five minutes of event time, as series (series.h), and
 * which of these buckets are news: a rise, a fall, a broken rhythm.
 *
 * totals_arrive, totals_advance, totals_count for each event → totals_next until it is false. A bucket closes
 * when the watermark passes its end; each total's count is a sample then, none included. It is no sample
 * where the shard as a whole was away or is catching up, nor for a tenant of which much comes too late. How
 * rare an excess is, all totals of the shard tell together. Flat; pure; one thread at a time; the same
 * whatever the order within a bucket. */
#ifndef SCORE_TOTALS_H
#define SCORE_TOTALS_H

#include <vedette/bytes.h>

#include "calibration.h"
#include "kind.h"
#include "series.h"

enum {
    TOTALS_MAX = 512,
    TOTALS_BUCKET_SECONDS = 300,
    TOTALS_HOUR_BUCKETS = 12,
    TOTALS_NAME_BYTES = 64,
    TOTALS_HINTS = 1024
};

/* What a sample shows, by the figure that it is most unusual in. */
struct total_news {
    uint32_t figure; /* enum series_figure */
    uint32_t window_seconds;
    double observed, expected, excess, surprise;
};

/* One kind of events of one tenant. All of it is state. */
struct total {
    uint64_t tenant_hash;
    uint32_t kind;
    uint32_t counts[2];                 /* of the bucket under way and the next, by the lowest bit */
    uint32_t late;                      /* events that came behind their bucket, since the last one closed */
    uint32_t born, last;                /* buckets: of its first and its newest event */
    uint32_t told_at;                   /* bucket of the newest news, told or not; 0: never */
    float told_surprise, told_distance; /* of what was told */
    uint32_t hour[TOTALS_HOUR_BUCKETS]; /* the last samples, */
    float hour_expected[TOTALS_HOUR_BUCKETS];
    uint32_t samples;
    uint8_t waiting, tenant_len, unused[6]; /* waiting: to be told */
    struct total_news news;                 /* of the last sample */
    char tenant[TOTALS_NAME_BYTES];
    struct series series;
};

struct totals {
    uint64_t keys[TOTALS_MAX]; /* 0: free; state, as what follows */
    struct total of[TOTALS_MAX];
    struct calibration excesses;  /* of all samples of totals that are known for a day */
    int64_t received_ms;          /* the newest arrival */
    uint32_t arrived_ms;          /* since the last bucket closed */
    uint32_t bucket;              /* under way; 0: none yet */
    uint8_t held[2];              /* whether anything came, by the lowest bit */
    uint8_t gap, unused;          /* all were away in it */
    uint32_t waiting;             /* how many there are to tell; 0 between events */
    uint16_t hints[TOTALS_HINTS]; /* where a total was last; no state */
};

struct volume {
    uint64_t key;
    struct vd_bytes tenant; /* until the next call */
    const struct kind *kind;
    enum series_figure figure;
    uint32_t from, to;         /* event time, in seconds */
    double observed, expected; /* events in it */
    double surprise;           /* -log10 of the share of buckets with such an excess */
};

/* Something arrived; the clock of arrivals says whether a bucket was whole. */
void totals_arrive(struct totals *t, int64_t received_ms);
/* Closes what the watermark has passed: two buckets at the most hold anything, however far it jumps. */
void totals_advance(struct totals *t, const struct calibration_scale *scale, uint32_t watermark_seconds);
/* An event that stands for so many. */
void totals_count(struct totals *t, uint64_t tenant_hash, struct vd_bytes tenant, uint32_t kind,
                  uint32_t seconds, uint32_t count);
/* The next one that is to be told. */
bool totals_next(struct totals *t, struct volume *out);

#endif
