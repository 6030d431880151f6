/* A session over the network: resolve, connect, TLS, then the agent's half of the protocol (client.h).
 * Used by the agent's uplink and by `vedette load`.
 *
 * Happy path: vd_link_open → `up` (welcome) → vd_link_send … ⇄ `acked` … → vd_link_close → its callback.
 * How it fails: anything that ends the link (no address, refused, TLS, protocol, the collector's goodbye) is
 * told once by `down` with an advice when to come back; the owner then closes. All calls and callbacks on the
 * loop's thread. */
#ifndef VEDETTE_LINK_H
#define VEDETTE_LINK_H

#include <vedette/client.h>
#include <vedette/connector.h>

struct vd_link;

enum { VD_LINK_ADDRESSES_MAX = 8 };

struct vd_link_end {
    int error;               /* VD_E… */
    const char *why;         /* for people; valid during the call; may hold a peer's text */
    uint32_t retry_after_ms; /* the collector's wish; 0: none */
    bool retry;              /* false: coming back with the same certificate and data will not help soon */
    const struct vd_go_to *go_to; /* or NULL */
    /* The stream of HELLO that is quarantined, and up to which number its events are kept; or NULL. Coming
     * back with it is of no use: what is above the mark belongs in a new stream. */
    const struct vd_stream_mark *forked;
};

struct vd_link_callbacks {
    void (*up)(struct vd_link *l);
    void (*acked)(struct vd_link *l, const struct vd_ack *ack);
    void (*drained)(struct vd_link *l); /* all output is with the kernel: time to send more */
    void (*down)(struct vd_link *l, const struct vd_link_end *end);
};

struct vd_link_options {
    struct vd_net *net;
    struct vd_tls_context *tls;
    const struct vd_link_callbacks *callbacks;
    void *owner;
    struct vd_address address;
    struct vd_hello hello;
    uint64_t connect_timeout_ms; /* from start to WELCOME, an address */
    uint64_t heartbeat_ms;       /* a PING after so much silence; no PONG within as much again: down */
};

struct vd_link {
    struct vd_stream stream;
    struct vd_resolver resolver;
    struct vd_client client;
    uv_timer_t timer; /* the heartbeat and the deadline of WELCOME */
    struct vd_link_options options;
    struct sockaddr_storage addresses[VD_LINK_ADDRESSES_MAX]; /* what the name stands for */
    uint32_t address_count, trying;
    void (*on_close)(struct vd_link *l);
    bool stream_live, stream_closing, resolver_live, timer_live, is_up, is_down, closing;
    uint64_t heard_ms, said_ms; /* loop time */
};

/* On error nothing is left open. */
int vd_link_open(struct vd_link *l, const struct vd_link_options *options);
/* As vd_client_send; VD_EFULL: output still waits for the kernel, go on at `drained`. */
int vd_link_send(struct vd_link *l, const struct vd_batch_head *head, struct vd_bytes payload,
                 uint32_t event_count);
/* In `up`: this side has another history of the stream than WELCOME told of. Says so, and goes `down` with
 * the stream as forked. */
void vd_link_fork(struct vd_link *l, uint32_t stream);
size_t vd_link_room(const struct vd_link *l);
/* code 0: without a Goodbye. cb gives the storage back. Once. */
void vd_link_close(struct vd_link *l, enum vd_goodbye_code code, void (*cb)(struct vd_link *l));

#endif
