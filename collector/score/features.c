/* Features: what an event shows of each entity that it counts for, once it is counted. */
#include "engine.h"

#include <math.h>

#include "bounds.h"
#include "mix.h"

/* Windows an entity of a kind that is not rare has to show before it is judged: an hour, and six of the
 * longest. */
static const uint16_t TRIAL_WINDOWS[ENTITY_RINGS] = {60, 12, 6}, NO_TRIAL[ENTITY_RINGS] = {0};
/* Sigmas over the mean up to which different values are no surprise, squared. */
static const double QUIET_SQUARED = 1.5 * 1.5;
/* Windows that the peers count for in the rarity of a rule. */
static const double RARITY_PEERS = 12;
/* Idle windows that a host's return adds to the clock of all. */
static const uint32_t RETURN_WINDOWS_MAX = 288;
/* One window of different values moves the mean of its peers by no less. */
static const double DISTINCT_PEERS_SLOWEST = 1e-3;
/* A rule's cells differ by who. */
enum { RULE_SALT = 11 };

/* Whether counts of the entity say anything yet in that ring. */
static bool is_known(const struct subject *subject, const struct entity *e, int ring)
{
    return e->rings[ring].windows >= subject->trial[ring];
}

static void show(struct shown *shown, enum feature feature, double figure)
{
    if (!(figure > 0))
        return;
    shown->figures[feature] = figure;
    shown->told |= 1U << feature;
}

struct rate features_expect_distinct(const struct score *s, const struct shown *shown)
{
    const struct entity *e = shown->entity;
    return baseline_expect(&e->distinct, e->rings[RING_MINUTES].windows,
                           &s->cells.peers[shown->cell].distinct);
}

/* ---- A window ends */

/* Rarity is calibrated over all rules; whatever else, among peers. */
struct calibration *features_calibration(const struct score *s, const struct subject *subject,
                                         const struct shown *shown, enum feature feature)
{
    bool rarity = subject->event->is_detection && feature == FEATURE_SPECIAL;
    uint32_t cell = rarity ? cells_of_kind(subject->event->kind_number, WHO_SOURCE) : shown->cell;
    return cells_feature(&s->cells, cell, feature);
}

/* The calibrations learn what the window came to. A frequent entity weighs less among detections, so that a
 * few busy hosts do not define what is normal. */
static void feed(struct score *s, const struct subject *subject, int key)
{
    const struct shown *shown = &subject->shown[key];
    struct entity *e = shown->entity;
    double weight = subject->event->is_detection ? 1 / sqrt((double)e->record.active) : 1;
    for (int f = 0; f < FEATURE_COUNT; f++) {
        if (f != FEATURE_SPECIAL || !subject->event->is_detection || key == 0)
            calibration_feed(features_calibration(s, subject, shown, (enum feature)f), e->top[f], weight);
        e->top[f] = 0;
    }
    if (key == subject->event->primary)
        calibration_feed(&s->verdicts[subject->event->kind_number], e->top_verdict, weight);
    e->top_verdict = 0;
}

static void learn_distinct(struct score *s, const struct shown *shown)
{
    struct entity *e = shown->entity;
    struct peers *peers = &s->cells.peers[shown->cell].distinct;
    double count = distinct_count(&s->distinct, e->values);
    count = smaller(count, baseline_clip(features_expect_distinct(s, shown)));
    baseline_learn(&e->distinct, count, e->rings[RING_MINUTES].windows, BASELINE_SLOWEST);
    baseline_learn(&peers->baseline, count, peers->windows, DISTINCT_PEERS_SLOWEST);
    peers->windows++;
    e->values = 0;
}

/* A detection's entity comes into a window: clock time is counted, active and idle. */
static void note_window(struct score *s, const struct subject *subject, int key, uint32_t windows)
{
    const struct shown *shown = &subject->shown[key];
    shown->entity->record.active++;
    s->cells.peers[shown->cell].active++;
    if (key != SCORE_DETECTION_HOST)
        return;
    shown->entity->record.evidence = 0;
    s->host_windows += windows < RETURN_WINDOWS_MAX ? windows : RETURN_WINDOWS_MAX;
}

static void begin(struct score *s, const struct subject *subject, int key)
{
    const struct shown *shown = &subject->shown[key];
    struct entity *e = shown->entity;
    for (int i = 0; i < ENTITY_RINGS; i++)
        ring_begin(&e->rings[i], &s->cells.peers[shown->cell].rates[i]);
    e->last_seconds = subject->seconds;
    if (!subject->event->is_detection)
        return;
    e->record.born_window = subject->window;
    note_window(s, subject, key, 1);
}

/* Brings the entity's windows to the event's time. */
static void advance(struct score *s, const struct subject *subject, int key)
{
    const struct shown *shown = &subject->shown[key];
    struct entity *e = shown->entity;
    uint32_t windows = subject->window - e->last_seconds / WINDOW_SECONDS;
    if (windows > 0) {
        feed(s, subject, key);
        learn_distinct(s, shown);
        if (subject->event->is_detection)
            note_window(s, subject, key, windows);
        else
            distinct_days_pass(e->days, subject->seconds / DAY_SECONDS - e->last_seconds / DAY_SECONDS);
    }
    struct buckets last = engine_buckets_of(e->last_seconds);
    for (int i = 0; i < ENTITY_RINGS; i++) {
        struct ring_step step = {
            .from = last.at[i], .to = subject->buckets.at[i], .clip = is_known(subject, e, i)};
        ring_advance(&e->rings[i], step, &s->cells.peers[shown->cell].rates[i]);
    }
    e->last_seconds = subject->seconds;
}

/* ---- An event is counted */

/* A detection is news by itself. */
static enum tail_given given_of(const struct subject *subject)
{
    return subject->event->is_detection ? TAIL_OF_ANY : TAIL_NOT_EMPTY;
}

static void take_rates(struct score *s, struct subject *subject, struct shown *shown)
{
    struct entity *e = shown->entity;
    bool is_newest = e->last_seconds == subject->seconds;
    struct buckets newest = is_newest ? subject->buckets : engine_buckets_of(e->last_seconds);
    for (int i = 0; i < ENTITY_RINGS; i++) {
        struct ring *ring = &e->rings[i];
        uint32_t sum;
        enum ring_place place = ring_add(ring, newest.at[i], subject->buckets.at[i], subject->count, &sum);
        shown->places[i] = (uint8_t)place;
        subject->late |= place == RING_LATE;
        subject->missed |= place == RING_MISSED;
        if ((sum <= ring->quiet_limit && !subject->event->is_detection) || place == RING_MISSED ||
            !is_known(subject, e, i))
            continue;
        show(shown, (enum feature)(FEATURE_MINUTE + i),
             tail_surprise(sum, ring_expect(ring, &s->cells.peers[shown->cell].rates[i]), given_of(subject)));
    }
}

/* Whether an entity's newest event was in the same span of time as this one. */
static bool is_same(const struct subject *subject, const struct entity *e, uint32_t span_seconds)
{
    return e->last_seconds == subject->seconds ||
           e->last_seconds / span_seconds == subject->seconds / span_seconds;
}

/* A late event's value is not of this window, but of this day it may be. */
static void take_distinct(struct score *s, const struct subject *subject, int key, struct shown *shown)
{
    struct entity *e = shown->entity;
    const struct score_key *k = &subject->event->keys[key];
    if (!subject->event->is_detection && (k->who == WHO_SOURCE || k->who == WHO_USER)) {
        if (is_same(subject, e, DAY_SECONDS))
            e->days[0] |= distinct_day_bit(k->values[0]);
        uint64_t values = e->days[0] | e->days[1];
        if ((values & (values - 1)) != 0)
            show(shown, FEATURE_SPECIAL, distinct_count(&s->distinct, values) - 1);
    }
    if (!is_same(subject, e, WINDOW_SECONDS))
        return;
    e->values |= distinct_bit(k->values[0]);
    if (!is_known(subject, e, RING_MINUTES))
        return;
    double count = distinct_count(&s->distinct, e->values);
    struct rate expected = features_expect_distinct(s, shown);
    double over = count - expected.mean;
    if (over > 0 && over * over > QUIET_SQUARED * expected.variance)
        show(shown, FEATURE_DISTINCT, tail_surprise((uint32_t)lround(count), expected, given_of(subject)));
}

static void take_firsts(struct score *s, const struct score_key *key, struct shown *shown)
{
    struct entity *e = shown->entity;
    double most = 0;
    for (int i = 1; i < SCORE_VALUES; i++) {
        if (key->values[i] == 0)
            continue;
        bool is_first = novelty_is_first(&s->novelty, key->values[i]);
        double surprise = is_first ? novelty_surprise(e->firsts, e->seen) : 0;
        if (surprise > most) {
            most = surprise;
            shown->first = (uint8_t)i;
        }
        novelty_count(&e->firsts, &e->seen, is_first);
    }
    show(shown, FEATURE_NOVELTY, most);
}

static uint32_t cell_of(struct score *s, const struct score_prepared *event, const struct score_key *key)
{
    if (event->is_detection && key->who != WHO_HOST)
        return cells_of_rule(&s->cells, mix_pair(RULE_SALT + (uint64_t)key->who, event->rule_hash) | 1);
    return cells_of_kind(event->kind_number, key->who);
}

static void take(struct score *s, struct subject *subject, int key)
{
    const struct score_key *k = &subject->event->keys[key];
    struct shown *shown = &subject->shown[key];
    bool is_new;
    struct entity *e = shown->entity = entities_get(&s->entities, k->hash, &is_new);
    shown->told = 0;
    shown->first = 0;
    shown->cell = cell_of(s, subject->event, k);
    if (is_new)
        begin(s, subject, key);
    else if (subject->seconds > e->last_seconds)
        advance(s, subject, key);
    take_rates(s, subject, shown);
    if (k->values[0] != 0)
        take_distinct(s, subject, key, shown);
    take_firsts(s, k, shown);
}

/* A rule on a host: the host's windows that had it, of all since the host was first seen, leaning on the
 * rule's frequency among all hosts. A new host expects what its peers have; an old one that never had it does
 * not. */
static void take_rarity(struct score *s, struct subject *subject)
{
    struct shown *pair = &subject->shown[0];
    const struct entity_record *host = &subject->shown[SCORE_DETECTION_HOST].entity->record;
    double age = subject->window > host->born_window ? subject->window - host->born_window : 0;
    double peers = s->cells.peers[pair->cell].active / (s->host_windows + 1);
    double share = (pair->entity->record.active - 1 + RARITY_PEERS * peers) / (age + RARITY_PEERS);
    show(pair, FEATURE_SPECIAL, -log10(share));
}

void features_take(struct score *s, struct subject *subject)
{
    subject->trial = subject->event->kind->rare ? NO_TRIAL : TRIAL_WINDOWS;
    subject->window = subject->seconds / WINDOW_SECONDS;
    subject->late = subject->missed = false;
    for (int i = 0; i < subject->event->key_count; i++)
        take(s, subject, i);
    if (subject->event->is_detection)
        take_rarity(s, subject);
}
