/* A listening TCP socket that accepts at a bounded rate, so that a crowd of reconnecting agents is let in
 * step by step. All calls and callbacks on the loop's thread. */
#ifndef VEDETTE_LISTENER_H
#define VEDETTE_LISTENER_H

#include <uv.h>

struct vd_listener {
    uv_tcp_t tcp;
    uv_timer_t refill;
    /* A connection waits: the owner must take it with vd_stream_accept(…, (uv_stream_t *)&l->tcp) before
     * returning. */
    void (*on_connection)(struct vd_listener *l);
    void (*on_close)(struct vd_listener *l);
    void *owner;
    char address[64];             /* where it listens, with the port that the kernel chose for port 0 */
    uint64_t tokens, refilled_ms; /* tokens in thousandths */
    unsigned rate_per_s, handles_open;
};

/* address: "0.0.0.0:7170", "[::]:7170", numbers only. rate_per_s: connections let in a second, and at once
 * after a quiet second; 0: no bound. VD_EINVAL (address), VD_EUNAVAILABLE (not this host's), VD_EEXISTS (port
 * taken), VD_EPERM, VD_EIO; then it closes by itself, and the storage must stay until the loop has run once
 * more. */
int vd_listener_start(struct vd_listener *l, uv_loop_t *loop, const char *address, unsigned backlog,
                      unsigned rate_per_s, void (*on_connection)(struct vd_listener *l), void *owner);
void vd_listener_close(struct vd_listener *l, void (*cb)(struct vd_listener *l));

#endif
