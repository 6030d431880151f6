/* The agent's half of the session protocol (PROTOCOL.md section 4), without a socket: bytes from the
 * collector in, frames for it out, and what an agent has to know told by callbacks.
 *
 * Happy path: vd_client_hello → `welcome` → vd_client_send … ⇄ `ack` … → vd_client_goodbye.
 * How it fails: a malformed or unexpected frame makes vd_client_feed return an error, and the caller closes
 * the session; a Goodbye or GoTo comes as a callback, after which the caller closes too. One thread at a
 * time. */
#ifndef VEDETTE_CLIENT_H
#define VEDETTE_CLIENT_H

#include <vedette/session.h>

enum vd_client_state { VD_CLIENT_NEW, VD_CLIENT_HELLO_SENT, VD_CLIENT_OPEN, VD_CLIENT_CLOSING };

struct vd_client_callbacks {
    void (*welcome)(void *arg, const struct vd_welcome *welcome);
    void (*ack)(void *arg, const struct vd_ack *ack); /* marks never fall; credit may be all that is new */
    void (*go_to)(void *arg, const struct vd_go_to *go_to);
    void (*goodbye)(void *arg, const struct vd_goodbye *goodbye);
};

struct vd_client {
    enum vd_client_state state;
    const struct vd_client_callbacks *callbacks;
    void *arg;
    struct vd_frame_reader reader;
    struct vd_hello hello;
    struct vd_welcome welcome;               /* limits of the session */
    uint64_t marks[VD_SESSION_STREAMS_MAX];  /* as last told */
    uint64_t next[VD_SESSION_STREAMS_MAX];   /* the sequence number to send next */
    uint64_t sent_bytes, credit_limit_bytes; /* raw BATCH payload bytes of this session */
    struct vd_buffer out;                    /* frames to be written: the caller drains it after each call */
};

void vd_client_init(struct vd_client *c, const struct vd_client_callbacks *callbacks, void *arg);
void vd_client_deinit(struct vd_client *c);
/* Begins the session. hello is copied. */
int vd_client_hello(struct vd_client *c, const struct vd_hello *hello);
/* What the collector sent, in pieces of any size. VD_EMALFORMED, VD_EPROTOCOL, VD_ELIMIT: the session is
 * over. */
int vd_client_feed(struct vd_client *c, struct vd_bytes bytes);
/* How many raw bytes the next BATCH may have; 0: none now. */
size_t vd_client_batch_room(const struct vd_client *c);
/* payload: made by vd_batch_write_* with this head, of event_count events. Its first_seq − lost is the
 * stream's `next`, which then is the number behind its last event. VD_ELIMIT over the room. */
int vd_client_send(struct vd_client *c, const struct vd_batch_head *head, struct vd_bytes payload,
                   uint32_t event_count);
int vd_client_ping(struct vd_client *c, uint64_t value);
/* Ends the session: this side has another history of the stream than WELCOME told of. */
int vd_client_forked(struct vd_client *c, uint32_t stream);
int vd_client_goodbye(struct vd_client *c, enum vd_goodbye_code code, const char *reason);

#endif
