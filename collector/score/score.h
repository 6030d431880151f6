/* Scores events against sliding windows of their host, user, source address and tenant, in event time.
 *
 * The same events in the same order give the same scores: no clock, no randomness, no allocation after
 * score_new. Pure: only base and proto. One thread at a time: a shard has one writer. */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include <vedette/event_view.h>
#include <vedette/score.h>

#include "asset.h"
#include "kind.h"
#include "told.h"

struct score;

struct score_options {
    size_t max_entities;              /* of 128 bytes each, allocated at once; 8 at least */
    const struct score_asset *assets; /* borrowed until score_free */
    size_t asset_count;
    uint32_t findings_an_hour; /* of a tenant, before they are merged; 0: the default */
};

/* Whose an event is, by the certificate: made once for all events of a frame. */
struct score_origin {
    struct vd_bytes tenant, host; /* host: the agent's name */
    uint64_t tenant_hash, host_hash;
    uint64_t heard, host_heard; /* by what the tenant's and the host's silence is known */
    enum asset_criticality criticality;
};

struct score_input {
    const struct score_origin *origin;
    struct vd_bytes user, src_ip, dst_ip; /* empty: none */
    struct vd_bytes process_name, process_path, parent_name, file_path, rule;
    uint32_t dst_port;
    int32_t class_uid, activity_id, status_id;
    int32_t count;       /* events this one stands for; 0 and less: 1; at most SCORE_COUNT_MAX count */
    int64_t time_ms;     /* when it happened, says the agent */
    int64_t received_ms; /* when the collector took it (metadata.processed_time); 0: not known */
};

/* What an agent may claim one event stands for. */
enum { SCORE_COUNT_MAX = 1000 };

/* Since score_new. */
struct score_counters {
    uint64_t events;
    uint64_t late_events;   /* behind a window of theirs, in a bucket it still has */
    uint64_t missed_events; /* too old for a window of theirs, and not counted there */
    uint64_t future_events; /* stamped beyond what the collector's clock allows, and set back */
    uint64_t entities;      /* now in the table */
    uint64_t evictions;
    uint64_t silences, volumes;
    uint64_t findings_opened, findings_updated, findings_closed; /* told so */
    uint64_t findings_merged;                                    /* events that went into "and more" */
};

enum { SCORE_KEYS = 4, SCORE_VALUES = 1 + OUTLOOK_FIRSTS, SCORE_DETECTION_HOST = 1 };

/* One whom an event counts for. */
struct score_key {
    uint64_t hash;
    uint64_t values[SCORE_VALUES]; /* 0: none; [0] to be counted by its different values, then first ones */
    struct vd_bytes text;
    const struct outlook *outlook;
    enum who who; /* of detections: SOURCE is the rule on a host, TENANT the rule */
};

/* An event between its two steps; the caller's storage, nothing in it is the caller's to set. */
struct score_prepared {
    struct score_input in;
    const struct kind *kind;
    uint32_t kind_number;
    int key_count, primary;
    bool is_detection;
    uint64_t rule_hash, source_hash; /* source: where its silence would be told; 0: none */
    struct score_key keys[SCORE_KEYS];
    struct silence_who heard[WHO_COUNT];
    int heard_count;
};

/* Returns owned. VD_ENOMEM; VD_EINVAL for max_entities under 8. */
int score_new(struct score **out, const struct score_options *options);
void score_free(struct score *s); /* NULL is fine */

void score_origin_init(const struct score *s, struct score_origin *out, struct vd_bytes tenant,
                       struct vd_bytes host);

/* The two steps of an event. Preparing hashes it and brings its memory nearer, which takes time to arrive: so
 * prepare a group, then judge each in the same order. What was prepared borrows from the event's bytes. */
void score_prepare(const struct score *s, const struct score_input *in, struct score_prepared *out);
/* Counts the event and judges it; out borrows from its bytes and, until the next call, from the score's.
 * VD_EINVAL: the time is no time after 1970 that 32 bits of seconds hold; nothing is counted then and out is
 * all zero. A stamp more than 30 s later than received_ms is from the future: it is set back to the watermark
 * + 60 s and does not move the watermark. Without received_ms every stamp is believed. */
int score_judge(struct score *s, const struct score_prepared *prepared, struct vd_score *out);
/* Both steps. */
int score_event(struct score *s, const struct score_input *in, struct vd_score *out);

/* What the watermark shows that is no one event's: who has gone quiet, and which tenant has how many. To be
 * asked for after each event, until it is false. out borrows from the score's until the next call of it. */
bool score_told_next(struct score *s, struct score_told *out);

/* The newest event time believed, less 30 s; 0 before the first event. */
int64_t score_watermark_ms(const struct score *s);
void score_counters_read(const struct score *s, struct score_counters *out);
/* Of all that a score depends on beside the events: stands in every reason. */
uint32_t score_configuration_hash(const struct score *s);

/* What scoring needs of an event's view; the identity is the origin's, and replaces what the payload says. */
struct score_input score_input_of(const struct vd_event_view *view, const struct score_origin *origin,
                                  int64_t received_ms);

#endif
