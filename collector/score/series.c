/* Aggregate series: figures of a value, and how far they exceed their records. */
#include "series.h"

#include <math.h>

enum {
    LEVEL_SAMPLES = 1200,
    SMOOTH_SAMPLES = 12,
    RAMP_SAMPLES = 200,
    LEARNT_SAMPLES = 20,
    FIRST_SAMPLES = 3
};
/* Samples that part one episode from the next: nobody knows the right number, so three are averaged. */
static const int64_t APART_SAMPLES[SERIES_EPISODES] = {75, 150, 300};
/* 2^(-1/20000): records are halved in so many samples. */
static const double FADE = 0.9999653432415313;
static const double LEVEL_WEIGHT = 2.0 / (LEVEL_SAMPLES + 1), SMOOTH_WEIGHT = 2.0 / (SMOOTH_SAMPLES + 1);
/* Beyond it squares and quotients would overflow. */
static const double VALUE_MAX = 1e100;
static const double STEP_DEVIATIONS = 5;
/* Samples that the hour of the day counts for in the hour of the week. */
static const double DAY_SHARE = 24;
static const double WEEK_SLOWEST = 0.1, DAY_SLOWEST = 0.02;
/* How much of an excess counts, and how much of one that is over the second record only. */
static const double EXCESS_SHARE = 0.2, SECOND_SHARE = 0.3;

static double season(const struct series *s, int64_t hour)
{
    const struct series_hour *week = &s->week[hour % SERIES_WEEK_HOURS],
                             *day = &s->day[hour % SERIES_DAY_HOURS];
    double by_day = day->samples > 0 ? day->mean : s->level;
    return (week->samples * week->mean + DAY_SHARE * by_day) / (week->samples + DAY_SHARE);
}

/* The excess of a figure over a record, in units of what it usually is. */
static double excess(double figure, double record, double usual)
{
    return EXCESS_SHARE * (figure - record) / (EXCESS_SHARE * record + usual);
}

static double judge(const struct series_record *r, double figure, double least, int64_t now)
{
    double usual = r->mean + least, over = excess(figure, r->highest, usual), sum = 0;
    for (int i = 0; i < SERIES_EPISODES; i++) {
        bool apart = now - r->at[i] > APART_SAMPLES[i];
        double second = apart ? SECOND_SHARE * excess(figure, r->second[i], usual) : over;
        sum += fmax(0, fmax(over, second));
    }
    return sum / SERIES_EPISODES;
}

static void learn(struct series_record *r, double figure, int64_t now)
{
    r->mean += fmax(1.0 / (double)(now + 1), LEVEL_WEIGHT) * (figure - r->mean);
    r->highest *= FADE;
    for (int i = 0; i < SERIES_EPISODES; i++) {
        bool apart = now - r->at[i] > APART_SAMPLES[i];
        r->second[i] *= FADE;
        if (figure > r->highest) {
            if (apart)
                r->second[i] = r->highest;
            r->at[i] = now;
        } else if (apart && figure > r->second[i]) {
            r->second[i] = figure;
        }
    }
    r->highest = fmax(r->highest, figure);
}

static void learn_level(struct series *s, double above)
{
    double limit = STEP_DEVIATIONS * (s->deviation + 1e-12), step = above;
    double weight = fmax(1.0 / (double)(s->samples + 1), LEVEL_WEIGHT);
    if (s->samples >= LEARNT_SAMPLES)
        step = fmax(-limit, fmin(limit, above));
    s->level += weight * step;
    s->deviation += weight * (fabs(step) - s->deviation);
}

static void learn_hour(struct series_hour *hour, double value, double slowest)
{
    hour->mean += fmax(1.0 / (hour->samples + 1.0), slowest) * (value - hour->mean);
    hour->samples++;
}

void series_judge(struct series *s, int64_t seconds, double value, struct series_verdict *out)
{
    value = isnan(value) ? s->level : fmax(-VALUE_MAX, fmin(VALUE_MAX, value));
    if (s->samples == 0)
        s->level = value;
    int64_t hour = (seconds >= 0 ? seconds : 0) / 3600;
    double ramp = fmin(1, (double)(s->samples + 1) / RAMP_SAMPLES), above = value - s->level;
    *out = (struct series_verdict){.level = s->level, .season = season(s, hour)};
    s->residual += SMOOTH_WEIGHT * (value - out->season - s->residual);
    double figures[SERIES_FIGURES] = {fmax(above, 0), fmax(-above, 0), fabs(s->residual)};
    double least = 1e-9 + 1e-3 * (fabs(s->level) + s->deviation);
    for (int i = 0; i < SERIES_FIGURES; i++) {
        if (s->samples + 1 >= FIRST_SAMPLES)
            out->excess[i] = ramp * judge(&s->records[i], figures[i], least, s->samples);
        learn(&s->records[i], figures[i], s->samples);
    }
    learn_level(s, above);
    learn_hour(&s->week[hour % SERIES_WEEK_HOURS], value, WEEK_SLOWEST);
    learn_hour(&s->day[hour % SERIES_DAY_HOURS], value, DAY_SLOWEST);
    s->samples++;
}

double series_score(struct series *s, int64_t seconds, double value)
{
    struct series_verdict verdict;
    double most = 0;
    series_judge(s, seconds, value, &verdict);
    for (int i = 0; i < SERIES_FIGURES; i++)
        most = fmax(most, verdict.excess[i]);
    return most / (1 + most);
}
