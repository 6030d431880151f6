/* Entities in sets of eight ways, of which the one with the least risk gives way to a newcomer. */
#include "top_model.h"

#include <math.h>
#include <string.h>
#include <vedette/event_reasons.h>
#include <vedette/hash.h>
#include <vedette/utf8.h>

#include "notice.h"
#include "tail_line.h"

enum { MS = 1000, LEVEL_HIGH = 3, ALERT_RISK = 70 };

static const char *const KINDS[TOP_KIND_COUNT] = {"host", "user", "source address", "rule", "tenant"};

const char *top_kind_text(enum top_kind kind)
{
    return kind == TOP_SOURCE ? "source" : KINDS[kind];
}

static bool kind_of(struct vd_bytes text, enum top_kind *kind)
{
    for (int i = 0; i < TOP_KIND_COUNT; i++) {
        if (!vd_bytes_equal(text, vd_bytes_str(KINDS[i])))
            continue;
        *kind = (enum top_kind)i;
        return true;
    }
    return false;
}

static uint64_t key_of(enum top_kind kind, struct vd_bytes tenant, struct vd_bytes name)
{
    return vd_hash64(name, vd_hash64(tenant, (uint64_t)kind + 1)) | 1;
}

static void copy(char *out, size_t room, struct vd_bytes text)
{
    size_t len = vd_utf8_repair(text, (uint8_t *)out, room - 1);
    out[len] = '\0';
}

/* ---- Rates */

/* Partitions are not told in step: a second that is still kept may grow. */
static void rate_add(struct top_rate *rate, int64_t time_ms)
{
    int64_t second = time_ms / MS;
    if (second >= rate->second + TOP_SECONDS)
        memset(rate->counts, 0, sizeof rate->counts);
    else
        for (int64_t at = rate->second + 1; at <= second; at++)
            rate->counts[at % TOP_SECONDS] = 0;
    if (second > rate->second)
        rate->second = second;
    if (second < 0 || second <= rate->second - TOP_SECONDS)
        return;
    uint32_t *count = &rate->counts[second % TOP_SECONDS];
    *count += *count < UINT32_MAX;
}

uint32_t top_rate_at(const struct top_rate *rate, int64_t time_ms, int ago)
{
    int64_t second = time_ms / MS - ago;
    return second > rate->second || second <= rate->second - TOP_SECONDS || second < 0
               ? 0
               : rate->counts[second % TOP_SECONDS];
}

double top_rate_over(const struct top_rate *rate, int64_t time_ms, int seconds)
{
    double sum = 0;
    for (int ago = 0; ago <= seconds; ago++)
        sum += top_rate_at(rate, time_ms, ago);
    return sum / ((double)seconds + (double)(time_ms % MS) / MS);
}

/* ---- Tenants */

static struct top_tenant *tenant_at(struct top_model *m, struct vd_bytes name)
{
    for (size_t i = 0; i < m->tenant_count; i++)
        if (vd_bytes_equal(vd_bytes_str(m->tenants[i].name), name))
            return &m->tenants[i];
    if (m->tenant_count == TOP_TENANTS_MAX || name.len >= TOP_NAME_BYTES)
        return NULL;
    struct top_tenant *tenant = &m->tenants[m->tenant_count++];
    *tenant = (struct top_tenant){0};
    copy(tenant->name, sizeof tenant->name, name);
    return tenant;
}

static void count_tenant(struct top_model *m, const struct vd_event_view *view, int64_t published_ms)
{
    if (view->tenant_uid.len == 0)
        return; /* a collector's word, on all of them */
    struct top_tenant *tenant = tenant_at(m, view->tenant_uid);
    if (tenant == NULL) {
        m->tenants_untold++;
        return;
    }
    tenant->alerts += view->risk_score >= ALERT_RISK;
    if (notice_of(view) != NOTICE_NONE)
        return;
    tenant->events++;
    rate_add(&tenant->rate, published_ms);
}

/* ---- Entities */

double top_risk_now(const struct top_entity *entity, int64_t now_ms)
{
    int64_t age_ms = now_ms > entity->risk_ms ? now_ms - entity->risk_ms : 0;
    return entity->risk * exp2(-(double)age_ms / TOP_HALF_LIFE_MS);
}

/* Whom the newcomer replaces: an empty place, or the least of risk, the longest not heard. */
static struct top_entity *place_in(struct top_entity set[TOP_WAYS], int64_t now_ms)
{
    struct top_entity *least = &set[0];
    for (int i = 0; i < TOP_WAYS; i++) {
        if (set[i].key == 0)
            return &set[i];
        double risk = top_risk_now(&set[i], now_ms), least_risk = top_risk_now(least, now_ms);
        if (risk < least_risk || (risk == least_risk && set[i].last_ms < least->last_ms))
            least = &set[i];
    }
    return least;
}

struct who {
    enum top_kind kind;
    struct vd_bytes name;
};

static struct top_entity *entity_at(struct top_model *m, struct who who, struct vd_bytes tenant, bool may_add,
                                    int64_t now_ms)
{
    uint64_t key = key_of(who.kind, tenant, who.name);
    struct top_entity *set = m->entities[(key >> 1) % TOP_SETS];
    for (int i = 0; i < TOP_WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    if (!may_add)
        return NULL;
    struct top_entity *entity = place_in(set, now_ms);
    m->entities_forgotten += entity->key != 0;
    *entity = (struct top_entity){.key = key, .kind = who.kind};
    copy(entity->tenant, sizeof entity->tenant, tenant);
    copy(entity->name, sizeof entity->name, who.name);
    return entity;
}

static void count_entity(struct top_model *m, struct who who, const struct vd_event_view *view,
                         int64_t published_ms)
{
    if (who.name.len == 0)
        return;
    struct top_entity *entity = entity_at(m, who, view->tenant_uid, who.kind == TOP_HOST, published_ms);
    if (entity == NULL)
        return;
    entity->events++;
    entity->last_ms = published_ms;
}

static void raise_entity(struct top_model *m, struct who who, const struct vd_event_view *view,
                         int64_t published_ms)
{
    struct top_entity *entity = entity_at(m, who, view->tenant_uid, true, published_ms);
    bool counted = who.kind <= TOP_SOURCE && who.name.len > 0 && entity->events > 0; /* by count_entity */
    entity->last_ms = published_ms;
    entity->events += !counted && notice_of(view) == NOTICE_NONE;
    if (view->risk_score < top_risk_now(entity, published_ms))
        return;
    entity->risk = view->risk_score;
    entity->risk_ms = published_ms;
    copy(entity->uid, sizeof entity->uid, view->uid);
    copy(entity->details, sizeof entity->details, tail_line_reason(view->risk_details));
}

/* A reason's name is cut; the event has all of it. */
static struct who who_of(const struct vd_told_reason *reason, const struct vd_event_view *view,
                         enum top_kind kind)
{
    struct vd_bytes name = reason->entity;
    if (kind == TOP_USER && view->user_name.len > 0)
        name = view->user_name;
    else if (kind == TOP_SOURCE && view->src_ip.len > 0)
        name = view->src_ip;
    return (struct who){.kind = kind, .name = name};
}

/* The risk is that of whom the strongest reason is about. */
static void raise(struct top_model *m, const struct vd_event_view *view, struct vd_bytes value,
                  int64_t published_ms)
{
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    enum top_kind kind;
    if (vd_event_reasons_read(reasons, value) > 0 && kind_of(reasons[0].entity_kind, &kind))
        raise_entity(m, who_of(&reasons[0], view, kind), view, published_ms);
    else if (view->device_uid.len > 0)
        raise_entity(m, (struct who){TOP_HOST, view->device_uid}, view, published_ms);
}

/* ---- Silences */

static void hear(struct top_model *m, uint64_t key)
{
    for (size_t i = 0; i < m->silent_count; i++) {
        if (m->silent[i].key != key)
            continue;
        m->silent_count--;
        memmove(&m->silent[i], &m->silent[i + 1], (m->silent_count - i) * sizeof *m->silent);
        return;
    }
}

static void hear_all(struct top_model *m, const struct vd_event_view *view)
{
    if (m->silent_count == 0)
        return;
    hear(m, key_of(TOP_HOST, view->tenant_uid, view->device_uid));
    hear(m, key_of(TOP_SOURCE, view->tenant_uid, view->src_ip));
    hear(m, key_of(TOP_TENANT, view->tenant_uid, view->tenant_uid));
}

static void take_silence(struct top_model *m, const struct vd_event_view *view, struct vd_bytes value)
{
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    enum top_kind kind;
    if (vd_event_reasons_read(reasons, value) == 0 || !kind_of(reasons[0].entity_kind, &kind))
        return;
    uint64_t key = key_of(kind, view->tenant_uid, reasons[0].entity);
    hear(m, key);
    if (m->silent_count == TOP_SILENT_MAX) {
        m->silences_forgotten++;
        hear(m, m->silent[0].key);
    }
    struct top_silent *silent = &m->silent[m->silent_count++];
    *silent = (struct top_silent){.key = key, .kind = kind};
    silent->since_ms = view->time_ms - (int64_t)reasons[0].window_seconds * MS;
    copy(silent->tenant, sizeof silent->tenant, view->tenant_uid);
    copy(silent->name, sizeof silent->name, reasons[0].entity);
}

static void take_event(struct top_model *m, const struct vd_event_view *view, int64_t published_ms)
{
    m->events++;
    rate_add(&m->rate, published_ms);
    hear_all(m, view);
    count_entity(m, (struct who){TOP_HOST, view->device_uid}, view, published_ms);
    count_entity(m, (struct who){TOP_USER, view->user_name}, view, published_ms);
    count_entity(m, (struct who){TOP_SOURCE, view->src_ip}, view, published_ms);
}

static void take_notice(struct top_model *m, const struct vd_event_view *view, struct vd_bytes value)
{
    enum notice notice = notice_of(view);
    m->notices++;
    if (notice == NOTICE_SILENCE)
        take_silence(m, view, value);
    else if (notice == NOTICE_GAP) /* its agent is heard, even if it has lost something */
        hear_all(m, view);
}

void top_model_take(struct top_model *m, struct vd_bytes value, int64_t published_ms, int64_t now_ms)
{
    struct vd_event_view view;
    if (vd_event_view_read(&view, value) != 0) {
        m->unreadable++;
        return;
    }
    if (m->events + m->notices == 0 || published_ms - now_ms > m->ahead_ms)
        m->ahead_ms = published_ms - now_ms;
    m->alerts += view.risk_score >= ALERT_RISK;
    count_tenant(m, &view, published_ms);
    if (notice_of(&view) == NOTICE_NONE)
        take_event(m, &view, published_ms);
    else
        take_notice(m, &view, value);
    if (view.risk_score > 0)
        raise(m, &view, value, published_ms);
}
