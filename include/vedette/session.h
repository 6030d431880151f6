/* The messages inside frames (proto/session.proto) as plain structs of fixed size, and the codes of Goodbye.
 * Readers refuse what is over a cap, malformed, or of the wrong size (VD_EMALFORMED, VD_ELIMIT) and never
 * allocate more than a small constant. Writers append a whole frame. Pure; any thread. */
#ifndef VEDETTE_SESSION_H
#define VEDETTE_SESSION_H

#include <vedette/batch.h>
#include <vedette/buffer.h>
#include <vedette/frame.h>

enum {
    VD_SESSION_VERSION = 1,
    VD_STREAM_BYTES = 16,
    VD_SESSION_STREAMS_MAX = 8,
    VD_SESSION_TEXT_BYTES = 256, /* of a name or a reason, terminated */
    VD_SESSION_ADDRESSES_MAX = 8,
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
    uint64_t chain; /* WELCOME: vd_chain_next over all events up to mark; 0: not known */
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

#endif
