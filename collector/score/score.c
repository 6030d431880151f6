/* Scoring: an event is counted for its source address, user, host and tenant; what is least likely by their
 * own habits and their peers' makes the risk. docs/detection.md says what this sees. */
#include "score.h"

#include <stddef.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

#include "engine.h"
#include "keys.h"
#include "mix.h"

/* Changes with every constant that a score depends on. */
static const char CONFIGURATION[] = "vedette score 4";
enum { CONFIGURATION_SEED = 0x636f, WATCHED_LEAST = 64 };

uint64_t score_constants_hash(void)
{
    return vd_hash64(vd_bytes_str(CONFIGURATION), CONFIGURATION_SEED);
}

static uint32_t configuration_hash(const struct score_options *options)
{
    uint64_t hash = score_constants_hash();
    hash = mix_pair(hash, options->max_entities);
    for (size_t i = 0; i < options->asset_count; i++) {
        const struct score_asset *asset = &options->assets[i];
        hash = vd_hash64(vd_bytes_str(asset->tenant), hash);
        hash = vd_hash64(vd_bytes_str(asset->host), hash);
        hash = mix_pair(hash, (uint64_t)asset->criticality);
    }
    return (uint32_t)hash;
}

/* Hosts, tenants and sources among the entities, which have several kinds of events each. */
static size_t watched_max(size_t max_entities)
{
    return max_entities / 16 < WATCHED_LEAST ? WATCHED_LEAST : max_entities / 16;
}

static int parts_init(struct score *s, size_t max_entities)
{
    int rc = entities_init(&s->entities, max_entities);
    if (rc == 0)
        rc = cells_init(&s->cells);
    if (rc == 0)
        rc = novelty_init(&s->novelty, max_entities);
    if (rc == 0)
        rc = silences_init(&s->silences, watched_max(max_entities));
    if (rc == 0)
        rc = score_findings_init(s);
    if (rc == 0 && (s->totals = vd_calloc(1, sizeof *s->totals)) == NULL)
        rc = VD_ENOMEM;
    return rc == 0 ? chains_init(&s->chains) : rc;
}

int score_new(struct score **out, const struct score_options *options)
{
    struct score *s = vd_calloc(1, sizeof *s);
    if (s == NULL)
        return VD_ENOMEM;
    int rc = parts_init(s, options->max_entities);
    if (rc < 0) {
        score_free(s);
        return rc;
    }
    calibration_scale_init(&s->scale);
    distinct_scale_init(&s->distinct);
    s->assets = options->assets;
    s->asset_count = options->asset_count;
    s->configuration = configuration_hash(options);
    s->findings_an_hour = options->findings_an_hour > 0 ? options->findings_an_hour : FINDINGS_AN_HOUR;
    *out = s;
    return 0;
}

void score_free(struct score *s)
{
    if (s == NULL)
        return;
    entities_deinit(&s->entities);
    cells_deinit(&s->cells);
    novelty_deinit(&s->novelty);
    silences_deinit(&s->silences);
    chains_deinit(&s->chains);
    vd_free(s->findings);
    vd_free(s->totals);
    vd_free(s);
}

int64_t score_watermark_ms(const struct score *s)
{
    return event_time_watermark_ms(&s->time);
}

uint32_t score_configuration_hash(const struct score *s)
{
    return s->configuration;
}

void score_counters_read(const struct score *s, struct score_counters *out)
{
    *out = s->counters;
    out->entities = s->entities.live;
    out->evictions = s->entities.evictions;
}

void score_origin_init(const struct score *s, struct score_origin *out, struct vd_bytes tenant,
                       struct vd_bytes host)
{
    *out = (struct score_origin){
        .tenant = tenant,
        .host = host,
        .criticality = asset_find(s->assets, s->asset_count, tenant, host),
    };
    keys_of_origin(out);
}

struct score_input score_input_of(const struct vd_event_view *view, const struct score_origin *origin,
                                  int64_t received_ms)
{
    return (struct score_input){
        .origin = origin,
        .user = view->user_name,
        .src_ip = view->src_ip,
        .dst_ip = view->dst_ip,
        .dst_port = view->dst_port,
        .process_name = view->process_name,
        .process_path = view->process_path,
        .parent_name = view->parent_name,
        .file_path = view->file_path,
        .rule = view->rule_uid.len > 0 ? view->rule_uid : view->finding_uid,
        .class_uid = view->class_uid,
        .activity_id = view->activity_id,
        .status_id = view->status_id,
        .count = view->count,
        .time_ms = view->time_ms,
        .received_ms = received_ms,
    };
}

static uint16_t believed_count(int32_t count)
{
    if (count < 1)
        return 1;
    return (uint16_t)(count < SCORE_COUNT_MAX ? count : SCORE_COUNT_MAX);
}

void score_prepare(const struct score *s, const struct score_input *in, struct score_prepared *out)
{
    out->in = *in;
    out->kind_number = kind_of(in->class_uid, in->activity_id, in->status_id);
    out->kind = kind_at(out->kind_number);
    keys_of(out);
    out->heard_count = keys_of_heard(out, out->heard);
    for (int i = 0; i < out->heard_count; i++)
        silences_prefetch_set(&s->silences, out->heard[i].key);
    for (int i = 0; i < out->key_count; i++)
        entities_prefetch_tags(&s->entities, out->keys[i].hash);
    for (int i = 0; i < out->key_count; i++) {
        entities_prefetch(&s->entities, out->keys[i].hash);
        for (int v = 1; v < SCORE_VALUES; v++)
            if (out->keys[i].values[v] != 0)
                novelty_prefetch(&s->novelty, out->keys[i].values[v]);
    }
    for (int i = 0; i < out->heard_count; i++)
        silences_prefetch(&s->silences, out->heard[i].key);
}

/* Who is heard, and how much. */
static void hear(struct score *s, const struct score_prepared *prepared, uint32_t seconds, uint32_t count)
{
    const struct score_origin *origin = prepared->in.origin;
    int64_t received_ms = prepared->in.received_ms > 0 ? prepared->in.received_ms : s->time.newest_ms;
    totals_arrive(s->totals, received_ms);
    totals_advance(s->totals, &s->scale, (uint32_t)(score_watermark_ms(s) / 1000));
    totals_count(s->totals, origin->tenant_hash, origin->tenant, prepared->kind_number, seconds, count);
    silences_arrive(&s->silences, received_ms);
    for (int i = 0; i < prepared->heard_count; i++)
        silences_hear(&s->silences, &prepared->heard[i], seconds);
}

bool score_told_next(struct score *s, struct score_told *out)
{
    uint32_t watermark_seconds = (uint32_t)(score_watermark_ms(s) / 1000);
    if (totals_next(s->totals, &out->volume)) {
        risk_of_volume(s, out);
        s->counters.volumes++;
        return true;
    }
    if (!silences_next(&s->silences, watermark_seconds, &out->silence))
        return false;
    risk_of_silence(s, out);
    s->counters.silences++;
    return true;
}

int score_judge(struct score *s, const struct score_prepared *prepared, struct vd_score *out)
{
    /* Not the reasons: what is over reason_count says nothing, and clearing all costs as much as a key. */
    memset(out, 0, offsetof(struct vd_score, reasons));
    out->criticality = asset_name(prepared->in.origin->criticality);
    out->configuration = s->configuration;
    if (!event_time_possible(prepared->in.time_ms))
        return VD_EINVAL;
    bool from_future;
    int64_t time_ms =
        event_time_believe(&s->time, prepared->in.time_ms, prepared->in.received_ms, &from_future);
    struct subject subject;
    subject.event = prepared;
    subject.seconds = (uint32_t)(time_ms / 1000);
    subject.buckets = engine_buckets_of(subject.seconds);
    subject.minute = (uint32_t)(s->time.newest_ms / 60000) | 1U << 31;
    subject.count = believed_count(prepared->in.count);
    struct verdict verdict;
    features_take(s, &subject);
    combine(s, &subject, &verdict);
    risk_conclude(s, &subject, &verdict, out);
    hear(s, prepared, subject.seconds, subject.count);
    s->counters.events++;
    s->counters.future_events += from_future;
    s->counters.late_events += subject.late;
    s->counters.missed_events += subject.missed;
    return 0;
}

int score_event(struct score *s, const struct score_input *in, struct vd_score *out)
{
    struct score_prepared prepared;
    score_prepare(s, in, &prepared);
    return score_judge(s, &prepared, out);
}
