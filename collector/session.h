/* A session: one agent's connection, from accept to close.
 *
 * Happy path: accept → TLS → HELLO → attached to its streams' shards → BATCH ⇄ ACK → close. How it fails:
 * deadlines for the handshake, HELLO, a frame that has begun, and silence; a violation; a stream taken over
 * by a newer session; a delivery in doubt. Each ends this session alone: GOODBYE, close, memory back in the
 * close callback. One loop. */
#ifndef COLLECTOR_SESSION_H
#define COLLECTOR_SESSION_H

#include "conversation.h"
#include "shard.h"
#include "whereabouts.h"

#include <vedette/stream.h>

struct session;

/* What sessions need of the collector. */
struct session_host {
    struct vd_net *net;
    struct vd_tls_context *tls;
    const struct conversation_limits *limits;
    struct flow *flow;
    struct metrics *metrics;
    const char *collector_name;
    uint64_t handshake_timeout_ms, hello_timeout_ms, frame_timeout_ms, idle_timeout_ms;
    void *arg;
    void (*find)(void *arg, const struct vd_identity *agent, struct whereabouts *out);
    void (*closed)(void *arg, struct session *session); /* freed after it returns */
    void (*served)(void *arg, struct session *session); /* a batch of it was taken */
    void (*dirty)(void *arg, struct session *session);  /* has ACKs to write: call session_flush this turn */
};

/* Takes the waiting connection of a listener. host outlives the session. NULL without memory: nothing is
 * taken. */
struct session *session_accept(const struct session_host *host, uv_stream_t *listening);
/* Writes the ACKs gathered since the last call: once a turn of the loop, not once a batch. */
void session_flush(struct session *s);
/* Looks at the deadlines. */
void session_tick(struct session *s, uint64_t now_ms);
/* Stops reading from the agent, and reads again; true: it did not. */
void session_pause(struct session *s);
bool session_resume(struct session *s);
/* Whether batches wait that were read before the flow was stopped, and taking those: it may stop again. */
bool session_on_hold(const struct session *s);
void session_go_on(struct session *s);
bool session_authenticated(const struct session *s);
/* The peer's, "192.0.2.1:4711". */
const char *session_address(const struct session *s);
/* Closes without a word. */
void session_drop(struct session *s);
/* Events that the agent has and has not sent yet. */
uint64_t session_behind(const struct session *s);
/* What is held of a frame that has begun. */
size_t session_unfinished_bytes(const struct session *s);
/* Says goodbye, and closes; more calls do nothing. */
void session_end(struct session *s, enum vd_goodbye_code code, const char *reason, uint32_t retry_after_ms);

/* Sends it on with GO_TO and closes, if its shard is elsewhere. */
void session_move(struct session *s);

/* Links in the collector's lists of sessions. */
struct session_links {
    struct session *previous, *next;
    struct session *dirty_next;
    bool dirty;
};
struct session_links *session_links(struct session *s);

#endif
