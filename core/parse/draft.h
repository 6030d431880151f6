/* An event under construction: the generated structs on the stack, their strings in the parser's scratch, and
 * the rules that fill them. Private to core/parse. */
#ifndef PARSE_DRAFT_H
#define PARSE_DRAFT_H

#include "event.pb-c.h"
#include "pattern.h"

#include <vedette/parse.h>

enum { DRAFT_UNMAPPED_MAX = 12 };

/* A log line without its envelope; its strings are valid UTF-8 without NUL. */
struct message {
    struct vd_bytes program, text;
    uint32_t pid;
    uint32_t count; /* of a repeated message; 0: said once */
};

struct draft {
    struct vd_parse *parse;
    bool out_of_memory;
    Vedette__V1__Event event;
    Vedette__V1__Metadata metadata;
    Vedette__V1__Product product;
    Vedette__V1__Device device;
    Vedette__V1__Actor actor;
    Vedette__V1__Process actor_process;
    Vedette__V1__User actor_user, user;
    Vedette__V1__Service service;
    Vedette__V1__Session session;
    Vedette__V1__Group group;
    Vedette__V1__NetworkEndpoint source;
    Vedette__V1__Event__UnmappedEntry unmapped[DRAFT_UNMAPPED_MAX], *unmapped_refs[DRAFT_UNMAPPED_MAX];
    char *privileges[1];
};

/* What a line says has happened: class, activity, status and severity in one word. */
enum outcome {
    LOGON,        /* 3002 1 Success */
    LOGON_FAILED, /* 3002 1 Failure, Low */
    LOGOFF,       /* 3002 2 Success */
    AUTH_OTHER,   /* 3002 99 */
    AUTH_PROBE,   /* 3002 99, Low: part of an attempt that another line counts */
    AUTH_SUSPECT, /* 3002 99, Medium */
    ACCOUNT_CREATED,
    ACCOUNT_CREATE_FAILED,
    ACCOUNT_DELETED,
    ACCOUNT_LOCKED,
    ACCOUNT_UNLOCKED,
    ACCOUNT_PASSWORD_CHANGED,
    ACCOUNT_OTHER,
    GROUP_CREATED,
    GROUP_DELETED,
    GROUP_USER_ADDED,
    GROUP_USER_REMOVED,
    GROUP_OTHER,
    PRIVILEGES_ASSIGNED,
    PRIVILEGES_REFUSED,
    OUTCOMES
};

struct rule {
    const char *pattern;
    enum outcome outcome;
    const char *detail; /* status_detail; NULL: what %D captured, if anything */
};

void draft_init(struct draft *d, struct vd_parse *p);
/* A terminated copy in scratch; never NULL: when memory is out it is "", and the draft is not packed. */
char *draft_string(struct draft *d, struct vd_bytes text);
void draft_unmapped(struct draft *d, const char *key, struct vd_bytes value);
void draft_outcome(struct draft *d, enum outcome outcome, const char *detail);
void draft_user(struct draft *d, struct vd_bytes name);
void draft_actor_user(struct draft *d, struct vd_bytes name);
/* An address or the name of the peer; blanks say nothing and set nothing. */
void draft_source(struct draft *d, struct vd_bytes peer);
void draft_service(struct draft *d, const char *name);
void draft_terminal(struct draft *d, struct vd_bytes terminal);
/* The first rule that matches is applied, its captures included. The rule, or NULL; table ends with a NULL
 * pattern. */
const struct rule *draft_apply(struct draft *d, const struct rule *table, struct vd_bytes text,
                               struct parse_match *match);
/* Appends the packed event. */
int draft_pack(const struct draft *d, struct vd_buffer *out);

#endif
