/* The life of a TLS connection over a libuv socket; its output is in stream_output.c.
 *
 * Happy path: bytes from the socket go through vd_tls_receive, which calls back with plaintext. What the
 * owner writes meanwhile gathers ("corked") and goes out in one piece when all that was read is worked
 * through. How it fails: reading is stopped, the state is ENDED, and `ended` is called: at once where we are
 * in a callback of the loop's anyway, else from the timer, so that no owner is called back from inside its
 * own call. */
#include <vedette/stream.h>

#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "address.h"
#include "stream_inside.h"

enum { DROPPED_READS = 16 };

int vd_net_init(struct vd_net *net, uv_loop_t *loop)
{
    *net = (struct vd_net){.loop = loop, .read_buffer = vd_malloc(VD_NET_READ_BYTES)};
    return net->read_buffer == NULL ? VD_ENOMEM : 0;
}

void vd_net_deinit(struct vd_net *net)
{
    vd_free(net->read_buffer);
    net->read_buffer = NULL;
}

bool vd_stream_alive(const struct vd_stream *s)
{
    return s->state < VD_STREAM_ENDED;
}

/* What remains of this stream's life is the owner's close. */
static void stop(struct vd_stream *s, int error, const char *reason)
{
    s->state = VD_STREAM_ENDED;
    s->error = error;
    if (reason != s->reason)
        snprintf(s->reason, sizeof s->reason, "%s", reason);
    uv_read_stop((uv_stream_t *)&s->tcp);
    uv_timer_stop(&s->timer);
    s->reading = false;
}

void vd_stream_end(struct vd_stream *s, int error, const char *reason)
{
    if (!vd_stream_alive(s))
        return;
    stop(s, error, reason);
    s->callbacks->ended(s, error);
}

static void on_stopped(uv_timer_t *timer)
{
    struct vd_stream *s = timer->data;
    s->callbacks->ended(s, s->error);
}

/* From a call of the owner's, who may not be called back now. */
static void end_soon(struct vd_stream *s, int error, const char *reason)
{
    if (!vd_stream_alive(s))
        return;
    stop(s, error, reason);
    uv_timer_start(&s->timer, on_stopped, 0, 0);
}

static void tell_open(struct vd_stream *s)
{
    if (s->state != VD_STREAM_HANDSHAKING || !vd_tls_established(s->tls))
        return;
    s->state = VD_STREAM_OPEN;
    if (!s->broken)
        uv_timer_stop(&s->timer);
    s->callbacks->open(s);
}

static int on_plain(void *arg, struct vd_bytes plain)
{
    struct vd_stream *s = arg;
    tell_open(s);
    if (vd_stream_alive(s))
        s->callbacks->data(s, plain);
    return vd_stream_alive(s) ? 0 : VD_ECLOSED;
}

static void on_alloc(uv_handle_t *tcp, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    const struct vd_stream *s = tcp->data;
    *out = uv_buf_init((char *)s->net->read_buffer, VD_NET_READ_BYTES);
}

static void on_silence(struct vd_stream *s, int uv_error)
{
    char reason[sizeof s->reason];
    if (s->broken)
        memcpy(reason, s->reason, sizeof reason);
    else if (uv_error == UV_EOF)
        snprintf(reason, sizeof reason, "the peer closed the connection%s",
                 s->state == VD_STREAM_OPEN ? "" : " during the handshake");
    else
        snprintf(reason, sizeof reason, "read: %s", uv_strerror(uv_error));
    vd_stream_end(s, uv_error == UV_EOF ? VD_ECLOSED : vd_error_from_errno(uv_error), reason);
}

static void on_read(uv_stream_t *tcp, ssize_t len, const uv_buf_t *buffer)
{
    struct vd_stream *s = tcp->data;
    if (len < 0) {
        on_silence(s, (int)len);
        return;
    }
    s->corked = true;
    int rc = len == 0 ? 0 : vd_tls_receive(s->tls, vd_bytes_of(buffer->base, (size_t)len));
    if (rc == 0)
        tell_open(s);
    s->corked = false;
    if (s->state == VD_STREAM_CLOSING)
        return;
    if (vd_buffer_len(&s->queued) > 0)
        vd_stream_flush_and_tell(s); /* where receiving failed, that is the alert */
    if (rc != 0)
        vd_stream_end(s, rc, rc == VD_ELIMIT ? "the peer does not take its output" : vd_tls_reason(s->tls));
}

static void start_reading(struct vd_stream *s)
{
    if (s->reading || s->paused || (s->state != VD_STREAM_HANDSHAKING && s->state != VD_STREAM_OPEN))
        return;
    int rc = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (rc != 0)
        end_soon(s, vd_error_from_errno(rc), uv_strerror(rc));
    else
        s->reading = true;
}

static void start_talking(struct vd_stream *s, bool first)
{
    struct sockaddr_storage peer;
    int len = sizeof peer;
    if (uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&peer, &len) == 0)
        vd_address_text((struct sockaddr *)&peer, s->address, sizeof s->address);
    uv_tcp_nodelay(&s->tcp, 1);
    s->state = VD_STREAM_HANDSHAKING;
    int rc = first ? vd_tls_start(s->tls) : 0;
    if (rc != 0) {
        end_soon(s, rc, vd_tls_reason(s->tls));
        return;
    }
    vd_stream_flush(s);
    start_reading(s);
}

static void on_deadline(uv_timer_t *timer)
{
    struct vd_stream *s = timer->data;
    vd_stream_end(s, VD_ETIMEOUT,
                  s->state == VD_STREAM_CONNECTING ? "connecting took too long"
                                                   : "the handshake took too long");
}

static int prepare(struct vd_stream *s, const struct vd_stream_options *o)
{
    *s = (struct vd_stream){.net = o->net,
                            .callbacks = o->callbacks,
                            .owner = o->owner,
                            .queued_limit_bytes = o->queued_limit_bytes};
    vd_buffer_init(&s->queued, o->queued_limit_bytes);
    vd_buffer_init(&s->writing, o->queued_limit_bytes);
    return vd_tls_new(&s->tls, o->tls,
                      (struct vd_tls_sink){.arg = s, .plain = on_plain, .cipher = vd_stream_take_cipher});
}

/* From here on the stream owns handles, and needs a close. */
static void open_handles(struct vd_stream *s, const struct vd_stream_options *o)
{
    uv_tcp_init(o->net->loop, &s->tcp);
    uv_timer_init(o->net->loop, &s->timer);
    s->tcp.data = s->timer.data = s;
    s->handles_open = 2;
    if (o->handshake_timeout_ms > 0)
        uv_timer_start(&s->timer, on_deadline, o->handshake_timeout_ms, 0);
}

void vd_stream_accept(struct vd_stream *s, const struct vd_stream_options *options, uv_stream_t *listening)
{
    int rc = prepare(s, options);
    open_handles(s, options);
    int accepted = uv_accept(listening, (uv_stream_t *)&s->tcp);
    if (rc != 0)
        end_soon(s, rc, vd_error_text(rc));
    else if (accepted != 0)
        end_soon(s, vd_error_from_errno(accepted), uv_strerror(accepted));
    else
        start_talking(s, false);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct vd_stream *s = request->data;
    if (!vd_stream_alive(s))
        return;
    if (status != 0) {
        char reason[sizeof s->reason];
        snprintf(reason, sizeof reason, "connect: %s", uv_strerror(status));
        vd_stream_end(s, VD_EUNAVAILABLE, reason);
        return;
    }
    start_talking(s, true);
}

int vd_stream_connect(struct vd_stream *s, const struct vd_stream_options *options,
                      const struct sockaddr *address)
{
    int rc = prepare(s, options);
    if (rc != 0)
        return rc;
    open_handles(s, options);
    vd_address_text(address, s->address, sizeof s->address);
    s->request.connect.data = s;
    rc = uv_tcp_connect(&s->request.connect, &s->tcp, address, on_connected);
    if (rc != 0)
        end_soon(s, vd_error_from_errno(rc), uv_strerror(rc));
    return 0;
}

int vd_stream_write(struct vd_stream *s, struct vd_bytes plain)
{
    if (!vd_stream_alive(s))
        return VD_ECLOSED;
    if (s->state != VD_STREAM_OPEN)
        return VD_EINVAL;
    int rc = vd_tls_send(s->tls, plain);
    if (!s->corked)
        vd_stream_flush(s);
    if (rc != 0)
        end_soon(s, rc, rc == VD_ELIMIT ? "the peer does not take its output" : vd_tls_reason(s->tls));
    return rc;
}

void vd_stream_pause(struct vd_stream *s)
{
    s->paused = true;
    if (s->reading)
        uv_read_stop((uv_stream_t *)&s->tcp);
    s->reading = false;
}

void vd_stream_resume(struct vd_stream *s)
{
    s->paused = false;
    start_reading(s);
}

const struct vd_identity *vd_stream_peer(const struct vd_stream *s)
{
    return vd_tls_peer(s->tls);
}

const char *vd_stream_reason(const struct vd_stream *s)
{
    return s->reason;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct vd_stream *s = handle->data;
    if (--s->handles_open > 0)
        return;
    vd_tls_free(s->tls);
    s->tls = NULL;
    vd_buffer_deinit(&s->queued);
    vd_buffer_deinit(&s->writing);
    s->on_close(s);
}

/* A close with input unread makes the kernel send a reset, which can overtake our last words on their way: so
 * some of it is thrown away, inside the kernel (MSG_TRUNC): the read buffer may hold another stream's input,
 * whose owner is closing this one. */
static void say_goodbye(struct vd_stream *s)
{
    s->corked = false;
    if (s->tls == NULL || s->broken)
        return;
    vd_stream_flush_now(s);
    vd_tls_shutdown(s->tls);
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        for (int i = 0; i < DROPPED_READS && recv(fd, NULL, VD_NET_READ_BYTES, MSG_DONTWAIT | MSG_TRUNC) > 0;
             i++)
            continue;
}

void vd_stream_close(struct vd_stream *s, void (*cb)(struct vd_stream *s))
{
    assert(s->state != VD_STREAM_CLOSING);
    if (s->state != VD_STREAM_CONNECTING)
        say_goodbye(s);
    s->state = VD_STREAM_CLOSING;
    s->on_close = cb;
    uv_close((uv_handle_t *)&s->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&s->timer, on_handle_closed);
}
