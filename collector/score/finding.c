/* Findings gather the strongest of their events; what they keep of each is capped. */
#include "finding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <vedette/finding.h>
#include <vedette/hash.h>
#include <vedette/utf8.h>

#include "asset.h"

enum { UID_SEED = 0x66696e64, HOST_SEED = 0x686f };

/* Repaired, cut, and zero behind. */
static void keep(char *out, size_t room, struct vd_bytes text)
{
    size_t len = vd_utf8_repair(text, (uint8_t *)out, room - 1);
    memset(out + len, 0, room - len);
}

static void keep_word(char out[FINDING_WORD_BYTES], const char *word)
{
    keep(out, FINDING_WORD_BYTES, vd_bytes_str(word));
}

static void keep_text(char out[FINDING_TEXT_BYTES], struct vd_bytes text)
{
    keep(out, 64 + 1, text);
    memset(out + 64 + 1, 0, FINDING_TEXT_BYTES - (64 + 1));
}

/* ---- Reasons */

enum who finding_reason_who(const struct vd_reason *reason)
{
    if (reason->entity.len == 0)
        return WHO_COUNT;
    for (enum who who = 0; who < WHO_TENANT; who++)
        if (strcmp(reason->entity_kind, who_text(who)) == 0)
            return who;
    return WHO_COUNT;
}

static void reason_keep(struct finding_reason *out, const struct vd_reason *reason)
{
    memset(out, 0, sizeof *out);
    out->observed = reason->observed;
    out->expected = reason->expected;
    out->surprise = reason->surprise;
    out->maturity = reason->maturity;
    out->window_seconds = reason->window_seconds;
    out->kind = (uint8_t)reason->kind;
    out->late = reason->late;
    keep_word(out->feature, reason->feature);
    keep_word(out->what, reason->what);
    keep_word(out->entity_kind, reason->entity_kind);
    keep_text(out->entity, reason->entity);
    keep_text(out->value, reason->value);
}

/* The same, seen again: only what was counted, and how unlikely that is, may be another. */
static bool same_reason(const struct finding_reason *a, const struct finding_reason *b)
{
    return a->kind == b->kind && a->window_seconds == b->window_seconds &&
           strcmp(a->feature, b->feature) == 0 && strcmp(a->what, b->what) == 0 &&
           strcmp(a->entity_kind, b->entity_kind) == 0 && strcmp(a->entity, b->entity) == 0;
}

static void reason_drop(struct score_finding *f, uint32_t at)
{
    f->reason_count--;
    memmove(&f->reasons[at], &f->reasons[at + 1], (f->reason_count - at) * sizeof *f->reasons);
}

/* In order of surprise, each once; of too many the least goes. */
static void reason_add(struct score_finding *f, const struct finding_reason *reason)
{
    for (uint32_t i = 0; i < f->reason_count; i++) {
        if (!same_reason(&f->reasons[i], reason))
            continue;
        if (f->reasons[i].surprise >= reason->surprise)
            return;
        reason_drop(f, i);
        break;
    }
    bool full = f->reason_count == VD_SCORE_REASONS_MAX;
    if (full && f->reasons[VD_SCORE_REASONS_MAX - 1].surprise >= reason->surprise)
        return;
    uint32_t at = full ? VD_SCORE_REASONS_MAX - 1 : f->reason_count++;
    for (; at > 0 && f->reasons[at - 1].surprise < reason->surprise; at--)
        f->reasons[at] = f->reasons[at - 1];
    f->reasons[at] = *reason;
}

static bool is_about(const struct score_finding *f, const struct finding_reason *reason)
{
    return !f->merged && strcmp(reason->entity_kind, who_text((enum who)f->who)) == 0 &&
           strcmp(reason->entity, f->name) == 0;
}

static void reasons_take(struct score_finding *f, const struct vd_score *score)
{
    struct finding_reason reason;
    for (uint32_t i = 0; i < score->reason_count; i++) {
        reason_keep(&reason, &score->reasons[i]);
        reason_add(f, &reason);
        bool first = f->about.feature[0] == '\0';
        bool stronger = reason.surprise > f->about.surprise || !is_about(f, &f->about);
        if (first || (is_about(f, &reason) && stronger))
            f->about = reason;
    }
}

/* ---- Events */

static uint8_t criticality_number(const char *name)
{
    uint8_t number = ASSET_NORMAL;
    for (uint8_t i = 0; name != NULL && ASSET_CRITICALITIES[i] != NULL; i++)
        if (strcmp(ASSET_CRITICALITIES[i], name) == 0)
            number = i;
    return number;
}

static void host_take(struct score_finding *f, struct vd_bytes host)
{
    uint64_t hash = vd_hash64(host, HOST_SEED) | 1;
    if (host.len == 0)
        return;
    if (f->host_count == 0)
        keep_text(f->host, host);
    for (uint32_t i = 0; i < f->host_count; i++)
        if (f->hosts[i] == hash)
            return;
    if (f->host_count < FINDING_HOSTS_MAX)
        f->hosts[f->host_count++] = hash;
}

static void highest_take(struct score_finding *f, const struct finding_event *event)
{
    f->risk_score = event->score->risk_score;
    f->risk_level_id = event->score->risk_level_id;
    f->configuration = event->score->configuration;
    f->criticality = criticality_number(event->score->criticality);
    keep_text(f->evidence.user, event->user);
    keep_text(f->evidence.source, event->source);
    keep_text(f->evidence.process, event->process);
    keep_text(f->evidence.file, event->file);
}

void finding_add(struct score_finding *f, const struct finding_event *event, int64_t watermark_ms)
{
    if (f->events == 0 || event->score->risk_score > f->risk_score)
        highest_take(f, event);
    f->first_ms = f->events == 0 || event->time_ms < f->first_ms ? event->time_ms : f->first_ms;
    f->last_ms = f->events == 0 || event->time_ms > f->last_ms ? event->time_ms : f->last_ms;
    f->events++;
    f->heard_ms = watermark_ms;
    f->changed = 1;
    host_take(f, event->host);
    reasons_take(f, event->score);
    if (f->related_count < FINDING_RELATED_MAX)
        keep(f->related[f->related_count++], FINDING_UID_BYTES, event->uid);
}

/* ---- Whose it is */

static bool is_kept(const char kept[FINDING_TEXT_BYTES], struct vd_bytes text)
{
    char as_kept[FINDING_TEXT_BYTES];
    keep_text(as_kept, text);
    return memcmp(kept, as_kept, FINDING_TEXT_BYTES) == 0;
}

bool finding_is_of(const struct score_finding *f, struct vd_bytes tenant)
{
    return is_kept(f->tenant, tenant);
}

bool finding_same_tenant(const struct score_finding *a, const struct score_finding *b)
{
    return memcmp(a->tenant, b->tenant, sizeof a->tenant) == 0;
}

/* ---- Logins */

bool finding_is_from(const struct score_finding *f, const struct finding_event *login)
{
    if (f->merged || login->time_ms < f->first_ms || !finding_is_of(f, login->tenant))
        return false;
    if (login->source.len > 0)
        return is_kept(f->evidence.source, login->source) ||
               (f->who == WHO_SOURCE && is_kept(f->name, login->source));
    return f->who == WHO_USER && f->evidence.source[0] == '\0' && f->host_count == 1 &&
           is_kept(f->name, login->user) && is_kept(f->host, login->host);
}

void finding_add_login(struct score_finding *f, const struct finding_event *login)
{
    if (f->logins.count++ == 0) {
        keep_text(f->logins.user, login->user);
        keep_text(f->logins.host, login->host);
        keep(f->logins.uid, FINDING_UID_BYTES, login->uid);
    }
    if (login->time_ms > f->last_ms)
        f->last_ms = login->time_ms;
    f->changed = 1;
}

uint32_t finding_listed(const struct score_finding *f)
{
    bool displaced = f->logins.count > 0 && f->related_count == FINDING_RELATED_MAX;
    return displaced ? FINDING_RELATED_MAX - 1 : f->related_count;
}

void finding_begin(struct score_finding *f, uint64_t key, enum who who, struct vd_bytes name,
                   const struct finding_event *first, int64_t watermark_ms)
{
    memset(f, 0, sizeof *f);
    f->uid[0] = vd_hash64(first->uid, key ^ UID_SEED);
    f->uid[1] = vd_hash64(first->uid, f->uid[0] ^ (uint64_t)first->time_ms);
    f->created_ms = first->time_ms > watermark_ms ? first->time_ms : watermark_ms;
    f->who = (uint8_t)who;
    keep_text(f->tenant, first->tenant);
    keep_text(f->name, name);
}

/* ---- Out */

void finding_uid(const struct score_finding *f, char out[FINDING_KEY_BYTES + 1])
{
    snprintf(out, FINDING_KEY_BYTES + 1, VD_FINDING_UID_BEGIN "%016" PRIx64 "%016" PRIx64, f->uid[0],
             f->uid[1]);
}

static struct vd_reason reason_of(const struct finding_reason *r)
{
    return (struct vd_reason){.kind = (enum vd_reason_kind)r->kind,
                              .feature = r->feature,
                              .what = r->what,
                              .entity_kind = r->entity_kind,
                              .entity = vd_bytes_str(r->entity),
                              .value = vd_bytes_str(r->value),
                              .window_seconds = r->window_seconds,
                              .observed = r->observed,
                              .expected = r->expected,
                              .surprise = r->surprise,
                              .maturity = r->maturity,
                              .late = r->late != 0};
}

void finding_score(const struct score_finding *f, struct vd_score *out)
{
    bool raised = f->logins.count > 0 && f->risk_score < FINDING_CRITICAL_RISK;
    *out = (struct vd_score){.risk_score = raised ? FINDING_CRITICAL_RISK : f->risk_score,
                             .risk_level_id = raised ? FINDING_CRITICAL_LEVEL : f->risk_level_id,
                             .is_alert = f->activity != FINDING_CLOSE,
                             .configuration = f->configuration,
                             .criticality = asset_name((enum asset_criticality)f->criticality),
                             .reason_count = f->reason_count};
    for (uint32_t i = 0; i < f->reason_count; i++) {
        out->reasons[i] = reason_of(&f->reasons[i]);
        out->surprise = out->reasons[0].surprise;
    }
}
