/* What `vedette top` knows: who stands out now, how much comes from whom, who is silent. Events in, in the
 * order of their partitions; bounded, whatever comes in. Pure; one thread. */
#ifndef VEDETTE_TOOLS_TOP_MODEL_H
#define VEDETTE_TOOLS_TOP_MODEL_H

#include <vedette/event_view.h>

enum {
    TOP_SETS = 1024,
    TOP_WAYS = 8,
    TOP_NAME_BYTES = 65,
    TOP_UID_BYTES = 65,
    TOP_DETAILS_BYTES = 385,
    TOP_TENANTS_MAX = 256,
    TOP_SILENT_MAX = 256,
    TOP_SECONDS = 60, /* that rates are kept of */
    TOP_HALF_LIFE_MS = 600000,
};

enum top_kind { TOP_HOST, TOP_USER, TOP_SOURCE, TOP_RULE, TOP_TENANT, TOP_KIND_COUNT };
const char *top_kind_text(enum top_kind kind);

/* Somebody with a risk. A host is kept for being heard, others since they stood out. */
struct top_entity {
    uint64_t key; /* 0: none */
    enum top_kind kind;
    char tenant[TOP_NAME_BYTES], name[TOP_NAME_BYTES];
    double risk; /* at risk_ms; it halves in TOP_HALF_LIFE_MS */
    int64_t risk_ms, last_ms;
    uint64_t events;
    char uid[TOP_UID_BYTES], details[TOP_DETAILS_BYTES]; /* of the event that made the risk */
};

struct top_rate {
    int64_t second; /* of the newest */
    uint32_t counts[TOP_SECONDS];
};

struct top_tenant {
    char name[TOP_NAME_BYTES];
    uint64_t events, alerts;
    struct top_rate rate;
};

struct top_silent {
    uint64_t key; /* of what is to be heard again */
    enum top_kind kind;
    char tenant[TOP_NAME_BYTES], name[TOP_NAME_BYTES];
    int64_t since_ms;
};

struct top_model {
    struct top_entity entities[TOP_SETS][TOP_WAYS];
    struct top_tenant tenants[TOP_TENANTS_MAX];
    struct top_silent silent[TOP_SILENT_MAX]; /* the newest last */
    size_t tenant_count, silent_count;
    uint64_t events, alerts, notices; /* notices: what is no event of a host; some are alerts */
    uint64_t unreadable, silences_forgotten, tenants_untold, entities_forgotten;
    struct top_rate rate;
    int64_t ahead_ms; /* of publishing before reading, at the least that was seen: clocks differ, and
                         transactions take a moment. Rates are told of that time. */
};

/* A zeroed model knows nothing. published_ms: the record's stamp; now_ms: when it is
 * read. */
void top_model_take(struct top_model *m, struct vd_bytes value, int64_t published_ms, int64_t now_ms);
double top_risk_now(const struct top_entity *entity, int64_t now_ms);
/* Events a second over the `seconds` before a time of publishing, whose own second is not yet over. */
double top_rate_over(const struct top_rate *rate, int64_t time_ms, int seconds);
/* The count of the second that is `ago` before it. */
uint32_t top_rate_at(const struct top_rate *rate, int64_t time_ms, int ago);

#endif
