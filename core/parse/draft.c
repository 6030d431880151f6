/* Filling and packing the event that a line becomes. */
#include "draft.h"

#include <arpa/inet.h>
#include <vedette/error.h>
#include <vedette/event_write.h>

enum { AUTHENTICATION = 3002, ACCOUNT_CHANGE = 3001, AUTHORIZE_SESSION = 3003, GROUP_MANAGEMENT = 3006 };
enum { OTHER = 99, SUCCESS = 1, FAILURE = 2 };
enum { INFORMATIONAL = 1, LOW = 2, MEDIUM = 3 };

struct effect {
    int32_t class_uid, activity_id, status_id, severity_id;
};

/* Activities are OCSF 1.8's: https://schema.ocsf.io/1.8.0/categories/iam */
static const struct effect EFFECT[OUTCOMES] = {
    [LOGON] = {AUTHENTICATION, 1, SUCCESS, INFORMATIONAL},
    [LOGON_FAILED] = {AUTHENTICATION, 1, FAILURE, LOW},
    [LOGOFF] = {AUTHENTICATION, 2, SUCCESS, INFORMATIONAL},
    [AUTH_OTHER] = {AUTHENTICATION, OTHER, 0, INFORMATIONAL},
    [AUTH_PROBE] = {AUTHENTICATION, OTHER, 0, LOW},
    [AUTH_SUSPECT] = {AUTHENTICATION, OTHER, 0, MEDIUM},
    [ACCOUNT_CREATED] = {ACCOUNT_CHANGE, 1, SUCCESS, LOW},
    [ACCOUNT_CREATE_FAILED] = {ACCOUNT_CHANGE, 1, FAILURE, LOW},
    [ACCOUNT_DELETED] = {ACCOUNT_CHANGE, 6, SUCCESS, LOW},
    [ACCOUNT_LOCKED] = {ACCOUNT_CHANGE, 9, SUCCESS, LOW},
    [ACCOUNT_UNLOCKED] = {ACCOUNT_CHANGE, 12, SUCCESS, LOW},
    [ACCOUNT_PASSWORD_CHANGED] = {ACCOUNT_CHANGE, 3, SUCCESS, LOW},
    [ACCOUNT_OTHER] = {ACCOUNT_CHANGE, OTHER, SUCCESS, INFORMATIONAL},
    [GROUP_CREATED] = {GROUP_MANAGEMENT, 6, SUCCESS, INFORMATIONAL},
    [GROUP_DELETED] = {GROUP_MANAGEMENT, 5, SUCCESS, INFORMATIONAL},
    [GROUP_USER_ADDED] = {GROUP_MANAGEMENT, 3, SUCCESS, LOW},
    [GROUP_USER_REMOVED] = {GROUP_MANAGEMENT, 4, SUCCESS, INFORMATIONAL},
    [GROUP_OTHER] = {GROUP_MANAGEMENT, OTHER, SUCCESS, INFORMATIONAL},
    [PRIVILEGES_ASSIGNED] = {AUTHORIZE_SESSION, 1, SUCCESS, INFORMATIONAL},
    [PRIVILEGES_REFUSED] = {AUTHORIZE_SESSION, 1, FAILURE, MEDIUM},
};

void draft_init(struct draft *d, struct vd_parse *p)
{
    d->parse = p;
    d->out_of_memory = false;
    vedette__v1__event__init(&d->event);
    vedette__v1__metadata__init(&d->metadata);
    vedette__v1__product__init(&d->product);
    vedette__v1__device__init(&d->device);
    d->event.severity_id = INFORMATIONAL;
    d->event.metadata = &d->metadata;
    d->event.device = &d->device;
    d->event.unmapped = d->unmapped_refs;
    d->metadata.version = (char *)"1.8.0";
    d->metadata.product = &d->product;
}

char *draft_string(struct draft *d, struct vd_bytes text)
{
    char *copy = vd_arena_string(&d->parse->scratch, text);
    if (copy != NULL)
        return copy;
    d->out_of_memory = true;
    return (char *)protobuf_c_empty_string;
}

void draft_unmapped(struct draft *d, const char *key, struct vd_bytes value)
{
    if (d->event.n_unmapped == DRAFT_UNMAPPED_MAX || value.len == 0)
        return;
    Vedette__V1__Event__UnmappedEntry *entry = &d->unmapped[d->event.n_unmapped];
    vedette__v1__event__unmapped_entry__init(entry);
    entry->key = (char *)key;
    entry->value = draft_string(d, value);
    d->unmapped_refs[d->event.n_unmapped++] = entry;
}

void draft_outcome(struct draft *d, enum outcome outcome, const char *detail)
{
    const struct effect *effect = &EFFECT[outcome];
    d->event.class_uid = effect->class_uid;
    d->event.activity_id = effect->activity_id;
    d->event.status_id = effect->status_id;
    d->event.severity_id = effect->severity_id;
    if (detail != NULL)
        d->event.status_detail = (char *)detail;
}

static Vedette__V1__User *user(struct draft *d)
{
    if (d->event.user == NULL) {
        vedette__v1__user__init(&d->user);
        d->event.user = &d->user;
    }
    return &d->user;
}

void draft_user(struct draft *d, struct vd_bytes name)
{
    if (name.len > 0)
        user(d)->name = draft_string(d, name);
}

void draft_actor_user(struct draft *d, struct vd_bytes name)
{
    if (name.len == 0)
        return;
    if (d->event.actor == NULL) {
        vedette__v1__actor__init(&d->actor);
        d->event.actor = &d->actor;
    }
    vedette__v1__user__init(&d->actor_user);
    d->actor_user.name = draft_string(d, name);
    d->actor.user = &d->actor_user;
}

static Vedette__V1__NetworkEndpoint *source(struct draft *d)
{
    if (d->event.src_endpoint == NULL) {
        vedette__v1__network_endpoint__init(&d->source);
        d->event.src_endpoint = &d->source;
    }
    return &d->source;
}

void draft_source(struct draft *d, struct vd_bytes peer)
{
    if (peer.len == 0)
        return;
    char *text = draft_string(d, peer);
    uint8_t address[sizeof(struct in6_addr)];
    char *zone = strchr(text, '%');
    if (zone != NULL)
        *zone = '\0';
    if (inet_pton(strchr(text, ':') == NULL ? AF_INET : AF_INET6, text, address) == 1) {
        source(d)->ip = text;
        return;
    }
    if (zone != NULL)
        *zone = '%';
    source(d)->hostname = text;
}

void draft_service(struct draft *d, const char *name)
{
    vedette__v1__service__init(&d->service);
    d->service.name = (char *)name;
    d->event.service = &d->service;
}

static Vedette__V1__Session *session(struct draft *d)
{
    if (d->event.session == NULL) {
        vedette__v1__session__init(&d->session);
        d->event.session = &d->session;
    }
    return &d->session;
}

void draft_terminal(struct draft *d, struct vd_bytes terminal)
{
    if (terminal.len > 0)
        session(d)->terminal = draft_string(d, terminal);
}

static Vedette__V1__Group *group(struct draft *d)
{
    if (d->event.group == NULL) {
        vedette__v1__group__init(&d->group);
        d->event.group = &d->group;
    }
    return &d->group;
}

static void apply_numbers(struct draft *d, const struct vd_bytes *captures)
{
    uint32_t number;
    if (captures[CAPTURE_UID].data != NULL)
        user(d)->uid = draft_string(d, captures[CAPTURE_UID]);
    if (captures[CAPTURE_GID].data != NULL)
        group(d)->uid = draft_string(d, captures[CAPTURE_GID]);
    if (parse_number(captures[CAPTURE_PORT], UINT16_MAX, &number))
        source(d)->port = (int32_t)number;
    if (parse_number(captures[CAPTURE_COUNT], INT32_MAX, &number))
        d->event.count = (int32_t)number;
}

static void apply(struct draft *d, const struct rule *rule, const struct vd_bytes *captures)
{
    draft_outcome(d, rule->outcome, rule->detail);
    draft_user(d, captures[CAPTURE_USER]);
    draft_user(d, captures[CAPTURE_NAME]);
    draft_actor_user(d, captures[CAPTURE_BY]);
    draft_source(d, captures[CAPTURE_ADDRESS]);
    draft_terminal(d, captures[CAPTURE_TERMINAL]);
    if (captures[CAPTURE_HOSTNAME].data != NULL)
        source(d)->hostname = draft_string(d, captures[CAPTURE_HOSTNAME]);
    if (captures[CAPTURE_GROUP].data != NULL)
        group(d)->name = draft_string(d, captures[CAPTURE_GROUP]);
    if (captures[CAPTURE_SESSION].data != NULL)
        session(d)->uid = draft_string(d, captures[CAPTURE_SESSION]);
    if (captures[CAPTURE_CODE].data != NULL)
        d->event.status_code = draft_string(d, captures[CAPTURE_CODE]);
    if (rule->detail == NULL && captures[CAPTURE_DETAIL].data != NULL)
        d->event.status_detail = draft_string(d, captures[CAPTURE_DETAIL]);
    apply_numbers(d, captures);
}

const struct rule *draft_apply(struct draft *d, const struct rule *table, struct vd_bytes text,
                               struct parse_match *match)
{
    for (const struct rule *rule = table; rule->pattern != NULL; rule++) {
        if (!parse_match(rule->pattern, text, match))
            continue;
        apply(d, rule, match->captures);
        return rule;
    }
    return NULL;
}

int draft_pack(const struct draft *d, struct vd_buffer *out)
{
    return d->out_of_memory ? VD_ENOMEM : vd_event_write(out, &d->event.base);
}
