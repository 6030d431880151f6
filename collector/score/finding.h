/* What one finding remembers: of whom, since when, how much, and the strongest of why. Plain fields, texts
 * terminated: its bytes are all of it, and can be kept and read back by the same build. Pure; any thread. */
#ifndef SCORE_FINDING_H
#define SCORE_FINDING_H

#include <vedette/score.h>

#include "kind.h"

enum {
    FINDING_TEXT_BYTES = 72, /* 64 and some, so that structs have no holes */
    FINDING_WORD_BYTES = 32, /* of our own words */
    FINDING_UID_BYTES = 56,
    FINDING_KEY_BYTES = 48,
    FINDING_RELATED_MAX = 16,
    FINDING_HOSTS_MAX = 8
};

/* A reason, as vd_reason has it. */
struct finding_reason {
    double observed, expected, surprise, maturity;
    uint32_t window_seconds;
    uint8_t kind, late, unused[2];
    char feature[FINDING_WORD_BYTES], what[FINDING_WORD_BYTES], entity_kind[FINDING_WORD_BYTES];
    char entity[FINDING_TEXT_BYTES], value[FINDING_TEXT_BYTES];
};

/* Of the event with the highest risk. */
struct finding_evidence {
    char user[FINDING_TEXT_BYTES], source[FINDING_TEXT_BYTES], process[FINDING_TEXT_BYTES],
        file[FINDING_TEXT_BYTES];
};

/* Logins that succeeded from where its guesses come, whatever their own risk: how many, and the first. */
struct finding_logins {
    uint64_t count;
    char user[FINDING_TEXT_BYTES], host[FINDING_TEXT_BYTES], uid[FINDING_UID_BYTES];
};

/* What a finding is drawn of: risk of level High and above. One with such a login is Critical. */
enum { FINDING_LEAST_RISK = 70, FINDING_CRITICAL_RISK = 90, FINDING_CRITICAL_LEVEL = 4 };

/* As OCSF numbers them. */
enum finding_activity { FINDING_CREATE = 1, FINDING_UPDATE = 2, FINDING_CLOSE = 3 };

struct score_finding {
    uint64_t uid[2];
    int64_t created_ms, modified_ms; /* on the shard's clock of event time */
    int64_t first_ms, last_ms;       /* the events' own */
    int64_t heard_ms, told_ms;       /* watermark of its last event, and when it was told last */
    int64_t stays_ms;                /* not closed before; 0: as soon as it is quiet */
    uint64_t events;
    uint64_t hosts[FINDING_HOSTS_MAX]; /* hashes; 0: none */
    uint32_t entities;                 /* that it stands for, if it is merged */
    uint32_t revision;                 /* how often it was told */
    uint32_t techniques;               /* a bit each */
    uint32_t configuration;
    int32_t risk_score, risk_level_id; /* the highest of its events */
    uint8_t who;                       /* enum who */
    uint8_t merged;                    /* of several entities: "and more" */
    uint8_t changed;                   /* since it was told */
    uint8_t activity;                  /* enum finding_activity: of what is told */
    uint8_t criticality, reason_count, related_count, host_count;
    char tenant[FINDING_TEXT_BYTES], name[FINDING_TEXT_BYTES];
    char host[FINDING_TEXT_BYTES]; /* the first event's; empty: of no host */
    struct finding_evidence evidence;
    struct finding_logins logins;
    struct finding_reason about; /* the strongest that is about its entity, or the first event's */
    struct finding_reason reasons[VD_SCORE_REASONS_MAX];  /* of all its events, strongest first */
    char related[FINDING_RELATED_MAX][FINDING_UID_BYTES]; /* the first ones */
};

/* A scored event, as a finding sees it. Views until the call is over. */
struct finding_event {
    const struct vd_score *score;
    struct vd_bytes uid, tenant, host, user, source, process, file;
    int32_t class_uid, activity_id, status_id;
    int64_t time_ms; /* believed */
};

/* Who a reason is about; WHO_COUNT: nobody that has findings. */
enum who finding_reason_who(const struct vd_reason *reason);

/* Whose it is, and its uid, which is made of key and the first event. */
void finding_begin(struct score_finding *f, uint64_t key, enum who who, struct vd_bytes name,
                   const struct finding_event *first, int64_t watermark_ms);
void finding_add(struct score_finding *f, const struct finding_event *event, int64_t watermark_ms);

bool finding_is_of(const struct score_finding *f, struct vd_bytes tenant);
bool finding_same_tenant(const struct score_finding *a, const struct score_finding *b);

/* Whether the event, a login that succeeded, comes from where the finding's events come from: its source, or,
 * of what has no source, its user on its host. */
bool finding_is_from(const struct score_finding *f, const struct finding_event *login);
void finding_add_login(struct score_finding *f, const struct finding_event *login);
/* How many of its related events are listed beside the first such login. */
uint32_t finding_listed(const struct score_finding *f);

/* "vedette-finding-" and 32 hex digits, terminated. Nobody else's findings are called so. */
void finding_uid(const struct score_finding *f, char out[FINDING_KEY_BYTES + 1]);
/* As a score, for whoever writes those: out points into f. */
void finding_score(const struct score_finding *f, struct vd_score *out);

#endif
