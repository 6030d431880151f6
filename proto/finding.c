/* Findings are rare, so they are put together as the generated structs and packed, not written field by
 * field. */
#include <vedette/finding.h>

#include <event.pb-c.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <vedette/event_write.h>
#include <vedette/wire.h>

#include "event_fields.h"

/* OCSF: New, until a person says otherwise; the analytic is Statistical. */
enum { STATUS_NEW = 1, ANALYTIC_STATISTICAL = 3, UID_BYTES = 96 };

/* All that a finding's event points to. */
struct parts {
    Vedette__V1__Event event;
    Vedette__V1__Metadata metadata;
    Vedette__V1__Product product;
    Vedette__V1__FindingInfo info;
    Vedette__V1__Analytic analytic;
    Vedette__V1__Evidence evidence, *evidences[1];
    Vedette__V1__Attack attacks[VD_FINDING_ATTACKS_MAX], *attack_refs[VD_FINDING_ATTACKS_MAX];
    Vedette__V1__User user, evidence_user;
    Vedette__V1__NetworkEndpoint source, evidence_source;
    Vedette__V1__Process process;
    Vedette__V1__File process_file, file;
    char uid[UID_BYTES], *profiles[1], *types[VD_FINDING_TYPES_MAX], *related[VD_FINDING_RELATED_MAX];
};

/* protobuf-c's structs want char *, and write to none. */
static char *text(const char *bytes)
{
    return (char *)bytes;
}

static Vedette__V1__User *user_of(Vedette__V1__User *user, const char *name)
{
    vedette__v1__user__init(user);
    user->name = text(name);
    return name[0] == '\0' ? NULL : user;
}

static Vedette__V1__NetworkEndpoint *endpoint_of(Vedette__V1__NetworkEndpoint *endpoint, const char *ip)
{
    vedette__v1__network_endpoint__init(endpoint);
    endpoint->ip = text(ip);
    return ip[0] == '\0' ? NULL : endpoint;
}

static Vedette__V1__File *file_of(Vedette__V1__File *file, const char *path)
{
    vedette__v1__file__init(file);
    file->path = text(path);
    return path[0] == '\0' ? NULL : file;
}

static void put_metadata(struct parts *p, const struct vd_finding *f)
{
    snprintf(p->uid, sizeof p->uid, "%s-%" PRIu32, f->uid, f->revision);
    vedette__v1__metadata__init(&p->metadata);
    vedette__v1__product__init(&p->product);
    p->product.name = text("vedette");
    p->profiles[0] = text("security_control");
    p->metadata.uid = p->uid;
    p->metadata.version = text("1.8.0");
    p->metadata.product = &p->product;
    p->metadata.profiles = p->profiles;
    p->metadata.n_profiles = 1;
    p->event.metadata = &p->metadata;
}

static void put_attacks(struct parts *p, const struct vd_finding *f)
{
    for (size_t i = 0; i < f->attack_count; i++) {
        Vedette__V1__Attack *attack = p->attack_refs[i] = &p->attacks[i];
        vedette__v1__attack__init(attack);
        attack->tactic_uid = text(f->attacks[i].tactic);
        attack->technique_uid = text(f->attacks[i].technique);
        attack->sub_technique_uid = text(f->attacks[i].sub);
    }
    p->event.attacks = p->info.attacks = p->attack_refs;
    p->event.n_attacks = p->info.n_attacks = f->attack_count;
}

static void put_info(struct parts *p, const struct vd_finding *f)
{
    Vedette__V1__FindingInfo *info = &p->info;
    vedette__v1__finding_info__init(info);
    vedette__v1__analytic__init(&p->analytic);
    p->analytic.name = text(f->analytic);
    p->analytic.uid = text(f->analytic_uid);
    p->analytic.type_id = ANALYTIC_STATISTICAL;
    info->analytic = &p->analytic;
    info->uid = text(f->uid);
    info->title = text(f->title);
    info->desc = text(f->desc);
    info->created_time = f->created_ms;
    info->modified_time = f->modified_ms;
    info->first_seen_time = f->first_ms;
    info->last_seen_time = f->last_ms;
    for (size_t i = 0; i < f->type_count; i++)
        p->types[i] = text(f->types[i]);
    info->types = p->types;
    info->n_types = f->type_count;
    for (size_t i = 0; i < f->related_count; i++)
        p->related[i] = text(f->related[i]);
    info->related_event_uids = p->related;
    info->n_related_event_uids = f->related_count;
    info->related_events_count = f->count < INT32_MAX ? (int32_t)f->count : INT32_MAX;
    p->event.finding_info = info;
}

static void put_evidence(struct parts *p, const struct vd_finding *f)
{
    Vedette__V1__Evidence *e = &p->evidence;
    vedette__v1__evidence__init(e);
    e->user = user_of(&p->evidence_user, f->evidence.user);
    e->src_endpoint = endpoint_of(&p->evidence_source, f->evidence.source);
    e->file = file_of(&p->file, f->evidence.file);
    vedette__v1__process__init(&p->process);
    p->process.file = file_of(&p->process_file, f->evidence.process);
    e->process = p->process.file != NULL ? &p->process : NULL;
    p->evidences[0] = e;
    p->event.evidences = p->evidences;
    p->event.n_evidences =
        e->user != NULL || e->src_endpoint != NULL || e->file != NULL || e->process != NULL;
}

int vd_finding_write(struct vd_buffer *out, const struct vd_finding *f)
{
    struct parts p;
    vedette__v1__event__init(&p.event);
    p.event.class_uid = VD_FINDING_CLASS;
    p.event.activity_id = f->activity_id;
    p.event.severity_id = f->severity_id;
    p.event.confidence_id = f->confidence_id;
    p.event.status_id = STATUS_NEW;
    p.event.status_detail = text(f->status_detail);
    p.event.time = f->created_ms;
    p.event.start_time = f->first_ms;
    p.event.end_time = f->last_ms;
    p.event.message = text(f->title);
    p.event.count = f->count < INT32_MAX ? (int32_t)f->count : INT32_MAX;
    p.event.user = user_of(&p.user, f->user);
    p.event.src_endpoint = endpoint_of(&p.source, f->source);
    put_metadata(&p, f);
    put_info(&p, f);
    put_attacks(&p, f);
    put_evidence(&p, f);
    return vd_event_write(out, &p.event.base);
}

bool vd_finding_is(const struct vd_event_view *event)
{
    const size_t len = sizeof VD_FINDING_UID_BEGIN - 1;
    return event->finding_uid.len >= len && memcmp(event->finding_uid.data, VD_FINDING_UID_BEGIN, len) == 0;
}

void vd_finding_span(struct vd_bytes event, int64_t *first_ms, int64_t *last_ms)
{
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field = {0};
    *first_ms = *last_ms = 0;
    while (vd_wire_next(&w, &field)) {
        if (field.type == VD_WIRE_VARINT && field.number == EVENT_START_TIME)
            *first_ms = (int64_t)field.value;
        else if (field.type == VD_WIRE_VARINT && field.number == EVENT_END_TIME)
            *last_ms = (int64_t)field.value;
    }
}

size_t vd_finding_related(struct vd_bytes event, struct vd_bytes out[VD_FINDING_RELATED_MAX])
{
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field = {0}, inner = {0};
    size_t count = 0;
    while (vd_wire_next(&w, &field)) {
        if (field.type != VD_WIRE_BYTES || field.number != EVENT_FINDING_INFO)
            continue;
        struct vd_wire info = vd_wire_of(field.bytes);
        while (vd_wire_next(&info, &inner))
            if (inner.type == VD_WIRE_BYTES && inner.number == FINDING_RELATED_UIDS &&
                count < VD_FINDING_RELATED_MAX)
                out[count++] = inner.bytes;
    }
    return count;
}
