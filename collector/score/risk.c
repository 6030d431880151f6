/* Risk: a number from 0 to 100 of how unlikely an event is, and its reasons. */
#include <math.h>

#include "engine.h"
#include "keys.h"

/* What happens in a tenth of the windows is nothing to tell. */
static const double LEAST_SURPRISE = 1;
static const double RISK_PER_DECADE = 20;
enum { RISK_MAX = 100, RISK_ALERT = 70, LEVELS = 4 };
static const int32_t LEVEL_RISK[LEVELS] = {20, 40, RISK_ALERT, 90};
/* Windows a thousand, in which the rarity of a rule is told. */
static const double RARE_WINDOWS = 1000;

/* ---- Reasons */

static const char *entity_kind(const struct subject *subject, const struct score_key *key)
{
    if (!subject->event->is_detection || key->who == WHO_HOST)
        return who_text(key->who);
    return key->who == WHO_TENANT ? "rule" : "host";
}

static void tell_rate(const struct score *s, const struct shown *shown, int ring, struct vd_reason *r)
{
    const struct ring *counts = &shown->entity->rings[ring];
    r->kind = VD_REASON_RATE;
    r->window_seconds = RING_SECONDS[ring];
    r->observed = ring_sum(counts);
    r->expected = ring_expect(counts, &s->cells.peers[shown->cell].rates[ring]).mean;
    r->maturity = baseline_maturity(counts->windows);
    r->late = shown->places[ring] == RING_LATE;
}

static void tell_distinct(const struct score *s, const struct shown *shown, const struct score_key *key,
                          struct vd_reason *r)
{
    r->kind = VD_REASON_DISTINCT;
    r->what = what_text((enum what)key->outlook->distinct, true);
    r->window_seconds = WINDOW_SECONDS;
    r->observed = distinct_count(&s->distinct, shown->entity->values);
    r->expected = features_expect_distinct(s, shown).mean;
    r->maturity = baseline_maturity(shown->entity->rings[RING_MINUTES].windows);
}

/* A day's values, which half of the peers stay under. */
static void tell_day(const struct score *s, const struct shown *shown, const struct score_key *key,
                     struct vd_reason *r)
{
    const struct calibration *peers = cells_feature(&s->cells, shown->cell, FEATURE_SPECIAL);
    r->kind = VD_REASON_DISTINCT;
    r->what = what_text((enum what)key->outlook->distinct, true);
    r->window_seconds = DAY_SECONDS;
    r->observed = shown->figures[FEATURE_SPECIAL] + 1;
    r->expected = calibration_median(peers, &s->scale) + 1;
}

static void tell_first(const struct subject *subject, const struct shown *shown, const struct score_key *key,
                       struct vd_reason *r)
{
    enum what what = (enum what)key->outlook->firsts[shown->first > 0 ? shown->first - 1 : 0];
    r->kind = VD_REASON_FIRST;
    r->what = what_text(what, false);
    r->value = keys_value_text(&subject->event->in, what);
    r->observed = 1;
    r->expected = pow(10, -shown->figures[FEATURE_NOVELTY]);
    r->maturity = baseline_maturity(shown->entity->seen);
}

static void tell_rarity(const struct score *s, const struct subject *subject, struct vd_reason *r)
{
    const struct shown *pair = &subject->shown[0];
    const struct entity_record *host = &subject->shown[SCORE_DETECTION_HOST].entity->record;
    uint32_t window = subject->seconds / WINDOW_SECONDS;
    double age = window > host->born_window ? window - host->born_window : 0;
    r->kind = VD_REASON_RARE;
    r->value = subject->event->in.rule;
    r->window_seconds = WINDOW_SECONDS;
    r->observed = RARE_WINDOWS * (pair->entity->record.active - 1) / (age + 1);
    r->expected = RARE_WINDOWS * s->cells.peers[pair->cell].active / (s->host_windows + 1);
    r->maturity = baseline_maturity(age);
}

static void tell(const struct score *s, const struct subject *subject, const struct finding *finding,
                 struct vd_reason *r)
{
    const struct score_key *key = &subject->event->keys[finding->key];
    const struct shown *shown = &subject->shown[finding->key];
    *r = (struct vd_reason){.feature = subject->event->kind->feature,
                            .what = "",
                            .entity_kind = entity_kind(subject, key),
                            .entity = key->text,
                            .surprise = finding->surprise};
    switch (finding->feature) {
    case FEATURE_MINUTE:
    case FEATURE_MINUTES:
    case FEATURE_HOUR:
        if (subject->event->is_detection && finding->key == 0)
            r->value = subject->event->in.rule;
        tell_rate(s, shown, (int)finding->feature - FEATURE_MINUTE, r);
        break;
    case FEATURE_DISTINCT:
        tell_distinct(s, shown, key, r);
        break;
    case FEATURE_NOVELTY:
        tell_first(subject, shown, key, r);
        break;
    case FEATURE_SPECIAL:
    case FEATURE_COUNT:
        if (subject->event->is_detection)
            tell_rarity(s, subject, r);
        else
            tell_day(s, shown, key, r);
        break;
    }
}

static void tell_beside(const struct subject *subject, const struct verdict *verdict, struct vd_reason *r)
{
    const struct chain_beside *beside = &verdict->beside;
    *r = (struct vd_reason){.kind = VD_REASON_BESIDE,
                            .feature = subject->event->kind->feature,
                            .what = "",
                            .entity_kind = who_text(WHO_TENANT),
                            .entity = subject->event->in.origin->tenant,
                            .value = beside->partner,
                            .window_seconds = RING_SECONDS[ENTITY_RINGS - 1],
                            .observed = beside->heat,
                            .expected = beside->usual,
                            .surprise = beside->surprise};
}

/* In order of surprise; of too many the least goes. */
static void add_reason(struct vd_score *out, const struct vd_reason *reason)
{
    bool full = out->reason_count == VD_SCORE_REASONS_MAX;
    if (full && out->reasons[VD_SCORE_REASONS_MAX - 1].surprise >= reason->surprise)
        return;
    uint32_t at = full ? VD_SCORE_REASONS_MAX - 1 : out->reason_count++;
    for (; at > 0 && out->reasons[at - 1].surprise < reason->surprise; at--)
        out->reasons[at] = out->reasons[at - 1];
    out->reasons[at] = *reason;
}

static void add_reasons(const struct score *s, const struct subject *subject, const struct verdict *verdict,
                        struct vd_score *out)
{
    struct vd_reason reason;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        if (verdict->families[i].surprise < LEAST_SURPRISE)
            continue;
        tell(s, subject, &verdict->families[i], &reason);
        add_reason(out, &reason);
    }
    if (verdict->beside.surprise < LEAST_SURPRISE)
        return;
    tell_beside(subject, verdict, &reason);
    add_reason(out, &reason);
}

/* ---- The risk */

/* The surprise is that of a window's most unlikely event. Whatever goes beyond its window so far has its own;
 * what only goes on shares one alarm among as many as there were, and raises none: it has been. */
static uint32_t sharing(const struct subject *subject, const struct verdict *verdict)
{
    return verdict->is_record ? 0 : ring_sum(&subject->shown[0].entity->rings[RING_MINUTES]);
}

static void set_risk(struct vd_score *out, double surprise, enum asset_criticality criticality)
{
    double risk = RISK_PER_DECADE * surprise * asset_weight(criticality);
    double most = out->shared > 0 ? RISK_ALERT - 1 : RISK_MAX;
    out->risk_score = (int32_t)fmin(fmax(risk, 0), most);
    out->is_alert = out->risk_score >= RISK_ALERT;
    while (out->risk_level_id < LEVELS && out->risk_score >= LEVEL_RISK[out->risk_level_id])
        out->risk_level_id++;
}

void risk_conclude(const struct score *s, const struct subject *subject, const struct verdict *verdict,
                   struct vd_score *out)
{
    out->surprise = verdict->surprise;
    if (verdict->surprise < LEAST_SURPRISE && verdict->window_surprise < LEAST_SURPRISE)
        return;
    out->shared = sharing(subject, verdict);
    if (verdict->surprise < LEAST_SURPRISE)
        return;
    add_reasons(s, subject, verdict, out);
    double surprise = verdict->surprise - log10(fmax(1, out->shared));
    set_risk(out, surprise, subject->event->in.origin->criticality);
}

void risk_of_volume(const struct score *s, struct score_told *out)
{
    const struct volume *volume = &out->volume;
    out->kind = SCORE_TOLD_VOLUME;
    out->score = (struct vd_score){.surprise = volume->surprise,
                                   .configuration = s->configuration,
                                   .criticality = asset_name(ASSET_NORMAL),
                                   .reason_count = 1};
    out->score.reasons[0] = (struct vd_reason){.kind = VD_REASON_RATE,
                                               .feature = volume->kind->feature,
                                               .what = "",
                                               .entity_kind = who_text(WHO_TENANT),
                                               .entity = volume->tenant,
                                               .window_seconds = volume->to - volume->from,
                                               .observed = volume->observed,
                                               .expected = volume->expected,
                                               .surprise = volume->surprise,
                                               .maturity = 1};
    set_risk(&out->score, volume->surprise, ASSET_NORMAL);
}

void risk_of_silence(const struct score *s, struct score_told *out)
{
    out->kind = SCORE_TOLD_SILENCE;
    const struct silence *silence = &out->silence;
    enum asset_criticality criticality =
        silence->who == WHO_HOST ? asset_find(s->assets, s->asset_count, silence->tenant, silence->name)
                                 : ASSET_NORMAL;
    out->score = (struct vd_score){.surprise = silence->surprise,
                                   .configuration = s->configuration,
                                   .criticality = asset_name(criticality),
                                   .reason_count = 1};
    out->score.reasons[0] = (struct vd_reason){.kind = VD_REASON_RATE,
                                               .feature = "events",
                                               .what = "",
                                               .entity_kind = who_text(silence->who),
                                               .entity = silence->name,
                                               .window_seconds = silence->at - silence->since,
                                               .expected = silence->expected,
                                               .surprise = silence->surprise,
                                               .maturity = 1};
    set_risk(&out->score, silence->surprise, criticality);
}
