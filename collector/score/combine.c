/* Combination: calibrated features, the strongest of each family, one figure of them, and its probability. */
#include "engine.h"

#include "bounds.h"

/* What the families beside the strongest add. */
static const double REST = 0.5;
/* A detection that is at least this unlikely is worth a look at what is beside it. */
static const double CHAIN_FROM = 0.5, CHAIN_SHARE = 0.5;

static enum family family_of(enum feature feature, bool is_detection)
{
    switch (feature) {
    case FEATURE_DISTINCT:
        return FAMILY_DISTINCT;
    case FEATURE_NOVELTY:
        return FAMILY_NOVELTY;
    case FEATURE_SPECIAL:
        return is_detection ? FAMILY_NOVELTY : FAMILY_DISTINCT;
    default:
        return FAMILY_RATE;
    }
}

/* Whether a figure is itself a -log10 p. Detections are many rules, each a peer group of its own, and what a
 * new one does says little: they are ranked from the start. */
static bool is_nominal(enum feature feature, bool is_detection)
{
    return !is_detection && feature <= FEATURE_DISTINCT;
}

/* A burst of a tenant's is in the windows of all its hosts; what one event is the first to bring is in one
 * window of the kind, be it the first for the tenant or for a host. So among these it is as rare as it is. */
static double windows_of(const struct score *s, const struct subject *subject, enum feature feature,
                         const struct calibration *c)
{
    if (feature == FEATURE_NOVELTY && !subject->event->is_detection)
        c = &s->verdicts[subject->event->kind_number];
    return (double)c->total;
}

static void weigh(struct score *s, const struct subject *subject, int key, struct finding *families)
{
    const struct shown *shown = &subject->shown[key];
    for (uint32_t told = shown->told; told != 0; told &= told - 1) {
        int f = __builtin_ctz(told);
        struct calibration_place place = calibration_place_of(&s->scale, shown->figures[f]);
        struct calibration *c = features_calibration(s, subject, shown, (enum feature)f);
        if (place.bin > shown->entity->top[f])
            shown->entity->top[f] = place.bin;
        double surprise =
            calibration_rank(c, &s->scale, place, subject->minute, windows_of(s, subject, (enum feature)f, c),
                             is_nominal((enum feature)f, subject->event->is_detection));
        struct finding *best = &families[family_of((enum feature)f, subject->event->is_detection)];
        if (surprise > best->surprise)
            *best = (struct finding){.key = key, .feature = (enum feature)f, .surprise = surprise};
    }
}

/* The strongest counts in full, the others by half. */
static double figure_of(const struct finding *families)
{
    double top = 0, sum = 0;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        top = larger(top, families[i].surprise);
        sum += families[i].surprise;
    }
    return top + REST * (sum - top);
}

static void chain(struct score *s, const struct subject *subject, struct verdict *out)
{
    const struct score_origin *origin = subject->event->in.origin;
    struct chain_event event = {
        .tenant_hash = origin->tenant_hash,
        .host_hash = origin->host_hash,
        .host = origin->host,
        .record = &subject->shown[SCORE_DETECTION_HOST].entity->record,
        .seconds = subject->seconds,
        .surprise = out->surprise,
    };
    out->beside = chains_add(&s->chains, &s->scale, &event);
    if (out->surprise > CHAIN_FROM)
        out->surprise += CHAIN_SHARE * out->beside.surprise;
    else
        out->beside.surprise = 0;
}

void combine(struct score *s, const struct subject *subject, struct verdict *out)
{
    for (int i = 0; i < FAMILY_COUNT; i++)
        out->families[i].surprise = 0;
    out->beside.surprise = 0;
    for (int i = 0; i < subject->event->key_count; i++)
        weigh(s, subject, i, out->families);
    struct calibration_place place = calibration_place_of(&s->scale, figure_of(out->families));
    struct entity *primary = subject->shown[subject->event->primary].entity;
    out->is_record = place.bin > primary->top_verdict;
    if (out->is_record)
        primary->top_verdict = place.bin;
    struct calibration *verdicts = &s->verdicts[subject->event->kind_number];
    out->surprise = calibration_verdict(verdicts, &s->scale, place, subject->minute);
    out->window_surprise = (double)verdicts->table[primary->top_verdict];
    if (subject->event->is_detection)
        chain(s, subject, out);
}
