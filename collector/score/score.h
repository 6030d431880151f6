/* Scores events against sliding windows of their host, user and source address, in event time.
 *
 * The same events in the same order give the same scores: no clock, no randomness, no allocation after
 * score_new. Pure: only base and proto. One thread at a time: a shard has one writer. */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include <vedette/event_view.h>
#include <vedette/score.h>

struct score;

struct score_options {
    size_t max_entities; /* of 128 bytes each, allocated at once; 8 at least */
};

struct score_input {
    struct vd_bytes tenant, host; /* of the certificate, not of the payload; host: the agent's name */
    struct vd_bytes user, src_ip; /* empty: none */
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
};

/* Returns owned. VD_ENOMEM; VD_EINVAL for max_entities under 8. */
int score_new(struct score **out, const struct score_options *options);
void score_free(struct score *s); /* NULL is fine */

/* Counts one event and judges it; out borrows from in's bytes. VD_EINVAL: the time is no time after 1970 that
 * 32 bits of seconds hold; nothing is counted then and out is all zero. A stamp more than 30 s later than
 * received_ms is from the future: it is set back to the watermark + 60 s and does not move the watermark.
 * Without received_ms every stamp is believed. */
int score_event(struct score *s, const struct score_input *in, struct vd_score *out);

/* The newest event time believed, less 30 s; 0 before the first event. */
int64_t score_watermark_ms(const struct score *s);
void score_counters_read(const struct score *s, struct score_counters *out);

/* What scoring needs of an event's view; the identity is the session's, and replaces what the payload says.
 */
struct score_input score_input_of(const struct vd_event_view *view, struct vd_bytes tenant,
                                  struct vd_bytes agent, int64_t received_ms);

/* Room for every sentence, with its end. */
enum { SCORE_SENTENCE_BYTES = 512 };
/* The first two reasons for people: "47 failed logins from 203.0.113.9 in 5 min, expected 0.6; …". Writes at
 * most cap bytes, the terminator included, and returns the length. A value longer than 64 bytes is cut at a
 * character's edge; control characters become "?". */
size_t score_sentence(const struct vd_score *score, char *out, size_t cap);

#endif
