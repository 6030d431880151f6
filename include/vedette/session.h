/* The messages inside frames (proto/session.proto) as plain structs of fixed size, and the codes of Goodbye.
 * Readers refuse what is over a cap, malformed, or of the wrong size (VD_EMALFORMED, VD_ELIMIT) and never
 * allocate more than a small constant. Writers append a whole frame. Pure; any thread. */
#ifndef VEDETTE_SESSION_H
#define VEDETTE_SESSION_H

#include <vedette/buffer.h>
#include <vedette/frame.h>

enum {
    VD_SESSION_VERSION = 1,
    VD_STREAM_BYTES = 16,
    VD_SESSION_STREAMS_MAX = 8,
    VD_SESSION_TEXT_BYTES = 256, /* of a name or a reason, terminated */
    VD_SESSION_ADDRESSES_MAX = 8,
    VD_BATCH_EVENTS_MAX = 8192,
    VD_EVENT_MAX_BYTES = 256 * 1024,
};

/* Codes of Goodbye. retry: whether an agent should come back with the same data. */
#define VD_GOODBYES(X)                                                                                       \
    X(NORMAL, 1, true, "closing in good order")                                                              \
    X(SHUTDOWN, 2, true, "the collector shuts down")                                                         \
    X(VERSION, 3, false, "no common protocol version")                                                       \
    X(PROTOCOL, 4, false, "malformed or unexpected frame")                                                   \
    X(LIMIT, 5, false, "over a limit")                                                                       \
    X(SEQUENCE, 6, true, "a hole in the sequence")                                                           \
    X(IDENTITY, 7, false, "the certificate names no acceptable identity")                                    \
    X(BUSY, 8, true, "too many sessions")                                                                    \
    X(TIMEOUT, 9, true, "a deadline passed")                                                                 \
    X(REPLACED, 10, true, "a newer session of the same agent took over")                                     \
    X(INTERNAL, 11, true, "an error on this side")                                                           \
    X(UNAVAILABLE, 12, true, "Kafka does not take events now")                                               \
    X(FORKED, 13, true, "the stream is quarantined: begin a new one")

enum vd_goodbye_code {
#define VD_GOODBYE_ENUM(name, code, retry, text) VD_GOODBYE_##name = code,
    VD_GOODBYES(VD_GOODBYE_ENUM)
#undef VD_GOODBYE_ENUM
};
const char *vd_goodbye_text(uint32_t code);
bool vd_goodbye_retry(uint32_t code); /* an unknown code: true */

struct vd_stream_offer {
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t first, next;
};
struct vd_stream_mark {
    uint32_t stream;
    uint64_t mark;
};
struct vd_hello {
    uint32_t version_min, version_max;
    char agent_version[VD_SESSION_TEXT_BYTES];
    uint32_t stream_count; /* 1 to VD_SESSION_STREAMS_MAX */
    struct vd_stream_offer streams[VD_SESSION_STREAMS_MAX];
};
struct vd_welcome {
    uint32_t version;
    char collector[VD_SESSION_TEXT_BYTES];
    uint32_t mark_count;
    struct vd_stream_mark marks[VD_SESSION_STREAMS_MAX];
    uint64_t credit_limit_bytes;
    uint32_t batch_max_bytes, batch_max_events, event_max_bytes, idle_timeout_ms;
};
struct vd_ack {
    uint32_t mark_count;
    struct vd_stream_mark marks[VD_SESSION_STREAMS_MAX];
    uint64_t credit_limit_bytes;
};
struct vd_go_to {
    uint32_t address_count;
    char addresses[VD_SESSION_ADDRESSES_MAX][VD_SESSION_TEXT_BYTES];
    uint32_t retry_after_ms;
};
struct vd_goodbye {
    uint32_t code, retry_after_ms;
    struct vd_stream_mark forked;       /* FORKED: which stream, and up to where it is kept */
    char reason[VD_SESSION_TEXT_BYTES]; /* a peer's text: escape before showing */
};

int vd_hello_read(struct vd_hello *out, struct vd_bytes payload);
int vd_hello_write(struct vd_buffer *frame, const struct vd_hello *hello);
int vd_welcome_read(struct vd_welcome *out, struct vd_bytes payload);
int vd_welcome_write(struct vd_buffer *frame, const struct vd_welcome *welcome);
int vd_ack_read(struct vd_ack *out, struct vd_bytes payload);
int vd_ack_write(struct vd_buffer *frame, const struct vd_ack *ack);
/* type: VD_FRAME_PING or VD_FRAME_PONG. */
int vd_ping_read(uint64_t *out, struct vd_bytes payload);
int vd_ping_write(struct vd_buffer *frame, enum vd_frame_type type, uint64_t value);
int vd_go_to_read(struct vd_go_to *out, struct vd_bytes payload);
int vd_go_to_write(struct vd_buffer *frame, const struct vd_go_to *go_to);
int vd_goodbye_read(struct vd_goodbye *out, struct vd_bytes payload);
int vd_goodbye_write(struct vd_buffer *frame, const struct vd_goodbye *goodbye);

/* What a Batch says before its events. */
struct vd_batch_head {
    uint32_t stream;
    uint64_t first_seq;
    uint64_t lost;  /* so many numbers before first_seq never come: events[0], the only one, is the GAP that
                       says so */
    uint64_t chain; /* vd_chain_next over all events of the stream before first_seq; 0: not known */
    uint64_t next;  /* the number that the agent's next event will get: how far behind it is; 0: not told */
};

/* A hash over an event's bytes and the chain before it, never 0: two hosts that continue the same stream have
 * different ones. before: 0 at a stream's beginning. */
uint64_t vd_chain_next(uint64_t before, struct vd_bytes event);

/* Reading a Batch without unpacking: begin checks the whole frame (every length, the number of events, the
 * size of each) and counts; next yields the events as views into payload, in order. */
struct vd_batch {
    struct vd_batch_head head;
    uint32_t event_count; /* 1 to max_events */
    struct vd_bytes rest;
};
struct vd_batch_limits {
    uint32_t max_events, event_max_bytes;
};
int vd_batch_read(struct vd_batch *out, struct vd_bytes payload, const struct vd_batch_limits *limits);
bool vd_batch_next(struct vd_batch *batch, struct vd_bytes *event);

/* Building a Batch payload: head once, then each event. Then vd_frame_write(VD_FRAME_BATCH). */
int vd_batch_write_head(struct vd_buffer *payload, const struct vd_batch_head *head);
int vd_batch_write_event(struct vd_buffer *payload, struct vd_bytes event);
/* What vd_batch_write_event adds at most beyond the event itself. */
enum { VD_BATCH_EVENT_OVERHEAD_BYTES = 6, VD_BATCH_HEAD_BYTES = 48 };

#endif
