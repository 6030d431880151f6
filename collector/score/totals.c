/* Buckets of totals: counted, closed, judged all by one table, and told once an episode. */
#include "totals.h"

#include <math.h>
#include <string.h>

#include "bounds.h"
#include "mix.h"

enum { KEY_SALT = 0x766f, HINT_STRIDE = 31, DAY_BUCKETS = 288, EPISODE_BUCKETS = 12 };
/* A rhythm is of days and of a week, which has to be seen first. */
enum { RHYTHM_BUCKETS = 8 * DAY_BUCKETS, GONE_BUCKETS = 14 * DAY_BUCKETS };
/* Arrivals further apart are a gap; and what comes faster than half of real time has been kept somewhere. */
enum { GAP_MS = 120000, WHOLE_MS = TOTALS_BUCKET_SECONDS * 1000 / 2 };
/* One in so many may be late. */
enum { LATE_PARTS = 8 };
/* From level High on. */
static const double TOLD_SURPRISE = 3.5;
/* What an episode has to do to be told again: be so much rarer, or so many times as far off. */
static const double AGAIN_SURPRISE = 1, AGAIN_TIMES = 2;
/* Where a count is no news whatever its record: within so many deviations of a Poisson count (Anscombe's
 * square root), or of less than this proportion. */
static const double NOISE_DEVIATIONS = 6, NOISE_TIMES = 1.5;

/* ---- The table */

static uint16_t *hint_of(struct totals *t, uint64_t tenant_hash, uint32_t kind)
{
    return &t->hints[(tenant_hash + (uint64_t)kind * HINT_STRIDE) % TOTALS_HINTS];
}

static uint64_t key_of(uint64_t tenant_hash, uint32_t kind)
{
    return mix_pair(tenant_hash ^ KEY_SALT, kind) | 1;
}

/* A free one, else who is known for shortest, so that newcomers cost only newcomers; who is long gone counts
 * as a newcomer. TOTALS_MAX: all are about to be told. */
static size_t make_room(const struct totals *t)
{
    uint64_t least = UINT64_MAX;
    size_t victim = TOTALS_MAX;
    for (size_t i = 0; i < TOTALS_MAX; i++) {
        const struct total *one = &t->of[i];
        if (t->keys[i] == 0)
            return i;
        bool gone = one->last + GONE_BUCKETS < t->bucket;
        uint64_t worth = gone ? 0 : 1 + (uint64_t)(one->last - one->born);
        if (one->waiting || worth > least || (worth == least && t->keys[i] > t->keys[victim]))
            continue;
        least = worth;
        victim = i;
    }
    return victim;
}

static struct total *begin(struct totals *t, size_t slot, uint64_t tenant_hash, struct vd_bytes tenant,
                           uint32_t kind, uint32_t bucket)
{
    struct total *one = &t->of[slot];
    size_t len = tenant.len < TOTALS_NAME_BYTES ? tenant.len : TOTALS_NAME_BYTES;
    memset(one, 0, sizeof *one);
    t->keys[slot] = key_of(tenant_hash, kind);
    one->tenant_hash = tenant_hash;
    one->kind = kind;
    one->born = one->last = bucket;
    one->tenant_len = (uint8_t)len;
    if (len > 0)
        memcpy(one->tenant, tenant.data, len);
    return one;
}

/* NULL: there is no room. */
static struct total *find(struct totals *t, uint64_t tenant_hash, struct vd_bytes tenant, uint32_t kind,
                          uint32_t bucket)
{
    uint64_t key = key_of(tenant_hash, kind);
    size_t slot = 0;
    while (slot < TOTALS_MAX && t->keys[slot] != key)
        slot++;
    bool is_new = slot == TOTALS_MAX;
    if (is_new)
        slot = make_room(t);
    if (slot == TOTALS_MAX)
        return NULL;
    *hint_of(t, tenant_hash, kind) = (uint16_t)slot;
    return is_new ? begin(t, slot, tenant_hash, tenant, kind, bucket) : &t->of[slot];
}

/* ---- Counting */

void totals_arrive(struct totals *t, int64_t received_ms)
{
    int64_t since_ms = received_ms - t->received_ms;
    if (since_ms <= 0)
        return;
    if (since_ms > GAP_MS) {
        t->gap = t->received_ms > 0;
        since_ms = GAP_MS;
    }
    t->received_ms = received_ms;
    if (t->arrived_ms < WHOLE_MS)
        t->arrived_ms += (uint32_t)since_ms;
}

void totals_count(struct totals *t, uint64_t tenant_hash, struct vd_bytes tenant, uint32_t kind,
                  uint32_t seconds, uint32_t count)
{
    uint32_t bucket = seconds / TOTALS_BUCKET_SECONDS;
    struct total *one = &t->of[*hint_of(t, tenant_hash, kind)];
    if (t->bucket == 0 || bucket > t->bucket + 1)
        return; /* ahead of the first time that is believed */
    if (one->tenant_hash != tenant_hash || one->kind != kind)
        one = find(t, tenant_hash, tenant, kind, t->bucket);
    if (one == NULL)
        return;
    if (bucket < t->bucket) {
        one->late += count;
        return;
    }
    one->counts[bucket & 1] += count;
    if (bucket > one->last)
        one->last = bucket;
    t->held[bucket & 1] = 1;
}

/* ---- Judging */

static bool is_news(double observed, double expected)
{
    double more = larger(observed, expected), less = smaller(observed, expected);
    return 2 * (sqrt(more) - sqrt(less)) >= NOISE_DEVIATIONS && more >= NOISE_TIMES * less;
}

/* What the figure is about: the bucket, or the hour for a rhythm, which is smoothed over so much. Expected is
 * what lies nearer, of the level and the hour's season: that a night is quiet is no fall. */
static struct total_news describe(const struct total *one, const struct series_verdict *v,
                                  enum series_figure figure, double count)
{
    struct total_news news = {.figure = figure,
                              .window_seconds = TOTALS_BUCKET_SECONDS,
                              .observed = count,
                              .expected = figure == SERIES_RISE ? larger(v->level, v->season)
                                                                : smaller(v->level, v->season),
                              .excess = v->excess[figure]};
    if (figure != SERIES_RHYTHM)
        return news;
    news.window_seconds *= TOTALS_HOUR_BUCKETS;
    news.observed = news.expected = 0;
    for (int i = 0; i < TOTALS_HOUR_BUCKETS; i++) {
        news.observed += one->hour[i];
        news.expected += (double)one->hour_expected[i];
    }
    return news;
}

static bool is_right_way(const struct total_news *news)
{
    double above = news->observed - news->expected;
    return news->figure == SERIES_RHYTHM || (news->figure == SERIES_RISE ? above > 0 : above < 0);
}

static bool is_known(const struct total *one, uint32_t bucket, uint32_t buckets)
{
    return bucket - one->born >= buckets && one->samples >= DAY_BUCKETS / 2;
}

/* The figure with the largest excess that is more than noise. */
static void sample(struct total *one, uint32_t bucket)
{
    double count = one->counts[bucket & 1];
    uint32_t at = one->samples++ % TOTALS_HOUR_BUCKETS;
    struct series_verdict v;
    series_judge(&one->series, (int64_t)bucket * TOTALS_BUCKET_SECONDS, count, &v);
    one->hour[at] = one->counts[bucket & 1];
    one->hour_expected[at] = (float)v.season;
    for (int f = 0; f < SERIES_FIGURES; f++) {
        struct total_news news = describe(one, &v, (enum series_figure)f, count);
        if (f == SERIES_RHYTHM && !is_known(one, bucket, RHYTHM_BUCKETS))
            continue;
        if (news.excess > one->news.excess && is_right_way(&news) && is_news(news.observed, news.expected))
            one->news = news;
    }
}

/* Somebody is catching up: what is here is not all. */
static bool is_partial(const struct total *one, uint32_t bucket)
{
    return one->late > (one->counts[bucket & 1] + one->late) / LATE_PARTS;
}

/* Of what its tenant has in this bucket, the rarest; no two have one key. */
static bool leads(const struct totals *t, size_t slot)
{
    const struct total *one = &t->of[slot];
    for (size_t i = 0; i < TOTALS_MAX; i++) {
        const struct total *other = &t->of[i];
        if (t->keys[i] == 0 || other->tenant_hash != one->tenant_hash || i == slot)
            continue;
        if (other->news.surprise > one->news.surprise ||
            (other->news.surprise >= one->news.surprise && t->keys[i] < t->keys[slot]))
            return false;
    }
    return true;
}

static bool is_under_way(const struct totals *t, const struct total *one)
{
    return one->told_at != 0 && t->bucket - one->told_at <= EPISODE_BUCKETS;
}

/* A rhythm, which is of an hour, is off by more with each bucket of it, and what goes up comes down. */
static bool exceeds_itself(const struct total *one)
{
    return one->news.figure != SERIES_RHYTHM &&
           fabs(one->news.observed - one->news.expected) >= AGAIN_TIMES * (double)one->told_distance;
}

/* An outage moves all of a tenant's totals, and one word about it is enough for as long as it goes on. */
static bool is_told_already(const struct totals *t, const struct total *one)
{
    bool told = false;
    double most = 0;
    if (is_under_way(t, one) && one->told_distance > 0)
        return !exceeds_itself(one);
    for (size_t i = 0; i < TOTALS_MAX; i++) {
        const struct total *other = &t->of[i];
        if (t->keys[i] == 0 || other->tenant_hash != one->tenant_hash || !is_under_way(t, other))
            continue;
        told = true;
        most = larger(most, (double)other->told_surprise);
    }
    return told && one->news.surprise < most + AGAIN_SURPRISE;
}

static void conclude(struct totals *t, size_t slot)
{
    struct total *one = &t->of[slot];
    bool already = is_told_already(t, one);
    if (!is_under_way(t, one))
        one->told_surprise = one->told_distance = 0;
    one->told_at = t->bucket;
    if (already)
        return;
    one->told_surprise = (float)one->news.surprise;
    one->told_distance = (float)(fabs(one->news.observed - one->news.expected) * TOTALS_BUCKET_SECONDS /
                                 one->news.window_seconds);
    t->waiting += !one->waiting;
    one->waiting = 1;
}

/* All are judged before any is learnt from, so that their order does not matter. */
static void judge_all(struct totals *t, const struct calibration_scale *scale)
{
    uint32_t minute = t->bucket | UINT32_C(1) << 31;
    double windows = (double)t->excesses.total;
    for (size_t i = 0; i < TOTALS_MAX; i++) {
        struct total *one = &t->of[i];
        if (t->keys[i] == 0)
            continue;
        bool whole = !is_partial(one, t->bucket);
        one->news = (struct total_news){0};
        if (whole)
            sample(one, t->bucket);
        if (whole && is_known(one, t->bucket, DAY_BUCKETS) && one->news.excess > 0)
            one->news.surprise = calibration_rank(
                &t->excesses, scale, calibration_place_of(scale, one->news.excess), minute, windows, false);
    }
    for (size_t i = 0; i < TOTALS_MAX; i++) {
        struct total *one = &t->of[i];
        if (t->keys[i] == 0)
            continue;
        if (is_known(one, t->bucket, DAY_BUCKETS))
            calibration_feed(&t->excesses, calibration_place_of(scale, one->news.excess).bin, 1);
        if (one->news.surprise >= TOLD_SURPRISE && leads(t, i))
            conclude(t, i);
    }
}

static void close_bucket(struct totals *t, const struct calibration_scale *scale)
{
    uint32_t at = t->bucket & 1;
    if (t->held[at] && !t->gap && t->arrived_ms >= WHOLE_MS)
        judge_all(t, scale);
    for (size_t i = 0; t->held[at] && i < TOTALS_MAX; i++)
        if (t->keys[i] != 0)
            t->of[i].counts[at] = t->of[i].late = 0;
    t->held[at] = t->gap = 0;
    t->arrived_ms = 0;
    t->bucket++;
}

void totals_advance(struct totals *t, const struct calibration_scale *scale, uint32_t watermark_seconds)
{
    uint32_t bucket = watermark_seconds / TOTALS_BUCKET_SECONDS;
    if (bucket <= t->bucket)
        return;
    for (size_t i = 0; t->waiting > 0 && i < TOTALS_MAX; i++) /* of whoever does not ask */
        t->of[i].waiting = 0;
    t->waiting = 0;
    for (int open = 0; open < 2 && t->bucket > 0 && t->bucket < bucket; open++)
        close_bucket(t, scale);
    t->bucket = bucket;
}

bool totals_next(struct totals *t, struct volume *out)
{
    size_t next = TOTALS_MAX;
    for (size_t i = 0; t->waiting > 0 && i < TOTALS_MAX; i++)
        if (t->keys[i] != 0 && t->of[i].waiting && (next == TOTALS_MAX || t->keys[i] < t->keys[next]))
            next = i;
    if (next == TOTALS_MAX)
        return false;
    struct total *one = &t->of[next];
    uint32_t to = (one->told_at + 1) * TOTALS_BUCKET_SECONDS;
    one->waiting = 0;
    t->waiting--;
    *out = (struct volume){.key = t->keys[next],
                           .tenant = vd_bytes_of(one->tenant, one->tenant_len),
                           .kind = kind_at(one->kind),
                           .figure = (enum series_figure)one->news.figure,
                           .from = to - one->news.window_seconds,
                           .to = to,
                           .observed = one->news.observed,
                           .expected = one->news.expected,
                           .surprise = one->news.surprise};
    return true;
}
