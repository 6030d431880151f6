/* The shards, one a partition, found by Kafka's own hash. */
#include "shards.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

#include "settings.h"

int shards_init(struct shards *s, int32_t count, const struct shard_options *each,
                struct outlet *(*outlet_of)(void *arg, int32_t shard), void *arg)
{
    s->all = vd_calloc((size_t)count, sizeof *s->all);
    if (s->all == NULL)
        return VD_ENOMEM;
    struct shard_options options = *each;
    options.entities_max = score_settings_share(each->entities_max, count);
    for (int32_t i = 0; i < count; i++) {
        options.partition = i;
        options.outlet = outlet_of(arg, i);
        int rc = shard_new(&s->all[i], &options);
        if (rc != 0)
            return rc;
        s->count = i + 1;
    }
    return 0;
}

void shards_deinit(struct shards *s)
{
    for (int32_t i = 0; i < s->count; i++)
        shard_free(s->all[i]);
    vd_free(s->all);
    *s = (struct shards){0};
}

int32_t shards_number(const struct shards *s, const struct vd_identity *agent)
{
    char key[2 * VD_NAME_BYTES];
    int len = snprintf(key, sizeof key, agent->unit[0] != '\0' ? "%s/%s" : "%s", agent->tenant, agent->unit);
    return vd_hash_partition(vd_bytes_of(key, (size_t)len), s->count);
}

void shards_measure(const struct shards *s, struct metrics *metrics)
{
    struct score_counters sum = {0}, one;
    metrics->streams = 0;
    for (int32_t i = 0; i < s->count; i++) {
        shard_score_counters(s->all[i], &one);
        sum.late_events += one.late_events;
        sum.missed_events += one.missed_events;
        sum.future_events += one.future_events;
        sum.silences += one.silences;
        sum.volumes += one.volumes;
        sum.findings_opened += one.findings_opened;
        sum.findings_updated += one.findings_updated;
        sum.findings_closed += one.findings_closed;
        sum.findings_merged += one.findings_merged;
        sum.evictions += one.evictions;
        sum.entities += one.entities;
        metrics->streams += shard_stream_count(s->all[i]);
    }
    metrics->events_late = sum.late_events;
    metrics->events_missed = sum.missed_events;
    metrics->events_from_the_future = sum.future_events;
    metrics->silences = sum.silences;
    metrics->volumes = sum.volumes;
    metrics->findings_opened = sum.findings_opened;
    metrics->findings_updated = sum.findings_updated;
    metrics->findings_closed = sum.findings_closed;
    metrics->findings_merged = sum.findings_merged;
    metrics->score_evictions = sum.evictions;
    metrics->score_entities = sum.entities;
}
