/* A TLS connection in a libuv loop: accepted by a listener or made by a connector, one life, one close.
 *
 * Happy path: accept or connect → handshake → `open` → `data` … ⇄ vd_stream_write … → owner closes → close
 * callback. How it fails: whatever ends it from outside (peer, network, TLS, deadline, output over its bound)
 * is told once by `ended`; nothing more arrives then, and the owner must still close. All calls on the loop's
 * thread; every callback is called from the loop, never from inside vd_stream_write, _pause, _resume or
 * _close. Programs ignore SIGPIPE. */
#ifndef VEDETTE_STREAM_H
#define VEDETTE_STREAM_H

#include <uv.h>
#include <vedette/buffer.h>
#include <vedette/tls.h>

/* What the connections of one loop share: the buffer that libuv reads into. */
struct vd_net {
    uv_loop_t *loop;
    uint8_t *read_buffer;
};
enum { VD_NET_READ_BYTES = 64 * 1024 };
int vd_net_init(struct vd_net *net, uv_loop_t *loop);
/* After the last stream's close callback. */
void vd_net_deinit(struct vd_net *net);

struct vd_stream;
struct vd_stream_callbacks {
    void (*open)(struct vd_stream *s);                        /* handshake over; vd_stream_peer is known */
    void (*data)(struct vd_stream *s, struct vd_bytes plain); /* may close or pause the stream */
    void (*drained)(struct vd_stream *s);          /* may be NULL: queued output is all with the kernel */
    void (*ended)(struct vd_stream *s, int error); /* VD_E…; vd_stream_reason says more */
};

enum vd_stream_state {
    VD_STREAM_CONNECTING,
    VD_STREAM_HANDSHAKING,
    VD_STREAM_OPEN,
    VD_STREAM_ENDED, /* `ended` was called or is about to be */
    VD_STREAM_CLOSING
};

struct vd_stream {
    uv_tcp_t tcp;
    uv_timer_t timer; /* the handshake's deadline; later what delivers `ended` */
    union {
        uv_connect_t connect;
        uv_write_t write;
    } request;
    struct vd_net *net;
    struct vd_tls *tls; /* NULL only where memory for it was lacking */
    const struct vd_stream_callbacks *callbacks;
    void *owner;              /* for the owner's use */
    struct vd_buffer queued;  /* ciphertext that waits */
    struct vd_buffer writing; /* ciphertext that a uv_write holds */
    size_t queued_limit_bytes;
    void (*on_close)(struct vd_stream *s);
    enum vd_stream_state state;
    int error; /* what `ended` tells */
    bool reading, paused;
    bool corked; /* output gathers until what was read is worked through */
    bool broken; /* the socket takes no more output */
    unsigned handles_open;
    char address[64]; /* the peer's, "192.0.2.1:4711" */
    char reason[160];
};

struct vd_stream_options {
    struct vd_net *net;
    struct vd_tls_context *tls;
    const struct vd_stream_callbacks *callbacks;
    void *owner;
    uint64_t handshake_timeout_ms; /* from the connection to `open`; 0: none */
    size_t queued_limit_bytes;     /* output that may wait; over it the stream ends with VD_ELIMIT */
};

/* Takes the next connection of a listening handle, come what may, so that the listener goes on: even a lack
 * of memory is told by `ended`. */
void vd_stream_accept(struct vd_stream *s, const struct vd_stream_options *options, uv_stream_t *listening);
/* Connects to an address; failure to connect comes as `ended`. VD_ENOMEM leaves nothing behind but the
 * caller's storage. */
int vd_stream_connect(struct vd_stream *s, const struct vd_stream_options *options,
                      const struct sockaddr *address);
/* Encrypts, and tries to write at once; what the kernel does not take is queued. VD_ELIMIT (the stream ends
 * as well), VD_ECLOSED after the end, VD_EINVAL before `open`. */
int vd_stream_write(struct vd_stream *s, struct vd_bytes plain);
/* Stops reading from the socket: back-pressure. Callbacks of what is already decrypted may still come. A peer
 * that vanishes meanwhile is noticed after resuming. */
void vd_stream_pause(struct vd_stream *s);
void vd_stream_resume(struct vd_stream *s);
/* Ciphertext that the kernel has not taken yet. */
size_t vd_stream_queued_bytes(const struct vd_stream *s);
const struct vd_identity *vd_stream_peer(const struct vd_stream *s);
const char *vd_stream_reason(const struct vd_stream *s);
/* Sends what is queued and close_notify if it can without waiting, and closes. cb gives the storage back.
 * Once. */
void vd_stream_close(struct vd_stream *s, void (*cb)(struct vd_stream *s));

#endif
