/* The collector's half of the session protocol (PROTOCOL.md section 4), without a socket: an agent's bytes
 * in, frames for it out, and each batch handed to whoever keeps it.
 *
 * Happy path: HELLO → the owner's `hello` looks up the streams and answers with conversation_welcome → BATCH
 * … → `batch`, and later conversation_kept → ACK. How it fails: any violation makes conversation_feed return
 * an error with a GOODBYE already in `out`; the caller flushes and closes. One thread at a time. */
#ifndef COLLECTOR_CONVERSATION_H
#define COLLECTOR_CONVERSATION_H

#include <vedette/session.h>

enum conversation_state { CONVERSATION_AWAITS_HELLO, CONVERSATION_OPEN, CONVERSATION_CLOSING };

struct conversation_limits {
    uint32_t credit_bytes;         /* raw batch bytes that may be under way in a session */
    uint32_t backlog_credit_bytes; /* the same of one that is far behind: live ones go first */
    uint32_t batch_max_bytes, batch_max_events, event_max_bytes, idle_timeout_ms;
};

struct conversation_callbacks {
    /* Answers with conversation_welcome, or ends the session with conversation_goodbye or _forked. */
    void (*hello)(void *arg, const struct vd_hello *hello);
    /* The agent has another history of the stream than WELCOME told of, and leaves. */
    void (*forked)(void *arg, uint32_t stream);
    /* 0; VD_FRAME_HOLD: no more for now, until conversation_go_on; or an error that ends the session. Its
     * sequence numbers follow the ones before. */
    int (*batch)(void *arg, struct vd_batch *batch, size_t raw_bytes);
};

struct conversation_stream {
    uint64_t next; /* the sequence number that must come */
    uint64_t mark; /* told to the agent */
    uint64_t end;  /* the number that the agent's next event will get, as far as it told */
};

struct conversation {
    enum conversation_state state;
    const struct conversation_limits *limits;
    const struct conversation_callbacks *callbacks;
    void *arg;
    struct vd_frame_reader reader;
    struct vd_hello hello;
    struct conversation_stream streams[VD_SESSION_STREAMS_MAX];
    uint32_t moved; /* bit i: stream i's mark moved since the last ACK */
    uint64_t received_bytes, kept_bytes, credit_limit_bytes; /* raw batch bytes of this session */
    uint64_t frames;                                         /* whole frames received */
    uint32_t goodbye_code; /* the GOODBYE in `out`, or the peer's; 0: none */
    char reason[VD_SESSION_TEXT_BYTES];
    struct vd_buffer out;
};

void conversation_init(struct conversation *c, const struct conversation_limits *limits,
                       const struct conversation_callbacks *callbacks, void *arg);
void conversation_deinit(struct conversation *c);
/* Events that the agent has and has not sent, as far as it told. */
uint64_t conversation_behind(const struct conversation *c);
int conversation_feed(struct conversation *c, struct vd_bytes bytes);
/* After a hold: what came meanwhile. */
int conversation_go_on(struct conversation *c);
/* The peer has gone quiet: gives back memory that is not in use. */
void conversation_rest(struct conversation *c);
/* marks: one for each stream offered, in that order; what is kept of it. collector: its name. */
int conversation_welcome(struct conversation *c, const char *collector, const struct vd_stream_mark *marks);
enum { CONVERSATION_BACKLOG_EVENTS = 10000 }; /* so many behind is far */
/* Every event of the stream up to mark is kept; raw_bytes of batches came free. Nothing is written yet. */
void conversation_kept(struct conversation *c, uint32_t stream, uint64_t mark, size_t raw_bytes);
/* Writes what conversation_kept gathered; nothing if there is nothing new. */
int conversation_ack(struct conversation *c);
/* Ends it; of several only the first counts. */
void conversation_goodbye(struct conversation *c, enum vd_goodbye_code code, const char *reason,
                          uint32_t retry_after_ms);
/* Ends it with GO_TO: the agent's shard is at address. */
void conversation_go_to(struct conversation *c, const char *address, uint32_t retry_after_ms);
/* Ends it with GOODBYE FORKED: the stream is kept up to mark, and quarantined. */
void conversation_forked(struct conversation *c, uint32_t stream, uint64_t mark, const char *reason);

#endif
