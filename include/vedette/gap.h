/* GAP, FORK, SILENCE, VOLUME and TAKEOVER: the events that say that something is missing from a stream, how
 * much and why, that two hosts continue the same stream, that somebody has gone quiet, that a tenant has more
 * or less than it should, or that a shard's new owner decided what Kafka had left undecided. OCSF Base Events
 * (class 0), told apart by metadata.event_code; a sentence in `message`, the rest in `count`, `start_time`,
 * `end_time` and `unmapped`. Pure; any thread. */
#ifndef VEDETTE_GAP_H
#define VEDETTE_GAP_H

#include <vedette/buffer.h>

#define VD_GAP_CODE      "GAP"
#define VD_FORK_CODE     "FORK"
#define VD_SILENCE_CODE  "SILENCE"
#define VD_VOLUME_CODE   "VOLUME"
#define VD_TAKEOVER_CODE "TAKEOVER"

/* name in unmapped["gap.reason"], and for people */
#define VD_GAPS(X)                                                                                           \
    X(SPOOL_DAMAGED, "spool_damaged", "the spool was damaged")                                               \
    X(SPOOL_FULL, "spool_full", "the spool was full")                                                        \
    X(SOURCE_OVERRUN, "source_overrun", "they came faster than they could be read")                          \
    X(SOURCE_ROTATED, "source_rotated", "a file was gone before it was read")                                \
    X(TOO_LARGE, "too_large", "an event was too large")                                                      \
    X(FORKED, "forked", "the stream was forked")                                                             \
    X(REFUSED, "refused", "the collector refused an event")
enum vd_gap_reason {
#define VD_GAP_ENUM(name, code, text) VD_GAP_##name,
    VD_GAPS(VD_GAP_ENUM)
#undef VD_GAP_ENUM
        VD_GAP_REASON_COUNT
};
const char *vd_gap_reason_code(enum vd_gap_reason reason);

struct vd_gap {
    enum vd_gap_reason reason;
    struct vd_bytes source; /* whose events are missing: "process"; may be empty */
    struct vd_bytes detail; /* may be empty: "invalid UTF-8 in message" */
    uint64_t count;         /* events missing; 0: nobody knows */
    uint64_t from, to;      /* their sequence numbers; 0: they never got any */
    int64_t time_ms, start_ms, end_ms;
};
struct vd_fork {
    const char *stream; /* 32 hex digits */
    uint64_t mark, first, next;
    const char *detail; /* "behind the mark", "another history" */
    int64_t time_ms;
};
struct vd_silence {
    uint64_t id;             /* of the entity; with since_ms its uid */
    const char *entity_kind; /* "host", "source address", "tenant" */
    struct vd_bytes entity;
    int64_t since_ms, time_ms;
    uint32_t longest_seconds, known_seconds; /* its longest pause, in how long */
    double expected;                         /* events */
};

enum vd_volume_change { VD_VOLUME_RISE, VD_VOLUME_FALL, VD_VOLUME_RHYTHM };
struct vd_volume {
    uint64_t id; /* of the series; with end_ms its uid */
    enum vd_volume_change change;
    const char *feature; /* "failed logins" */
    struct vd_bytes tenant;
    int64_t start_ms, end_ms;
    double observed, expected; /* events between them */
};

struct vd_takeover {
    int32_t shard;
    int64_t from, to; /* offsets of the events partition: [from, to) was undecided; with shard its uid */
    int64_t time_ms;
};

/* Append one event's bytes. VD_ENOMEM, VD_ELIMIT. */
int vd_gap_write(struct vd_buffer *out, const struct vd_gap *gap);
int vd_fork_write(struct vd_buffer *out, const struct vd_fork *fork);
int vd_silence_write(struct vd_buffer *out, const struct vd_silence *silence);
int vd_volume_write(struct vd_buffer *out, const struct vd_volume *volume);
int vd_takeover_write(struct vd_buffer *out, const struct vd_takeover *takeover);
/* Its metadata.uid, terminated, into out (VD_TOLD_UID_BYTES); returns its length. */
enum { VD_TOLD_UID_BYTES = 64 };
size_t vd_silence_uid(uint64_t id, int64_t since_ms, char *out);
size_t vd_volume_uid(uint64_t id, int64_t end_ms, char *out);

/* What a published event tells. false: it is no GAP. Texts are views into event; event may come in pieces, as
 * published. */
bool vd_gap_read(struct vd_gap *out, struct vd_bytes event);
/* Whether it is a GAP that has the number seq in place of the event that it tells of: the chain of the
 * stream, which was over that event's bytes, does not go on over it. */
bool vd_gap_stands_at(struct vd_bytes event, uint64_t seq);
/* A published FORK, which has no number: what has one an agent made up. */
bool vd_fork_is(struct vd_bytes event);
/* Likewise a SILENCE, a VOLUME and a TAKEOVER, which are of no stream. */
bool vd_silence_is(struct vd_bytes event);
bool vd_volume_is(struct vd_bytes event);
bool vd_takeover_is(struct vd_bytes event);

#endif
