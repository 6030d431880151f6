/* TLS over a libuv socket.
 *
 * Happy path: bytes from the socket go through vd_tls_receive, which calls back with plaintext; what it and
 * vd_stream_write produce goes to the kernel with uv_try_write, and what the kernel does not take waits in
 * `queued` while one uv_write at a time carries `writing`. The two buffers change places, so queueing never
 * moves bytes. How it fails: reading is stopped, the state is ENDED, and `ended` is called: at once where we
 * are in a callback of the loop's anyway, else from the timer. A write that fails leaves the word to the
 * reader for a moment: the peer's last message (a TLS alert, mostly) says better why than EPIPE does. */
#include <vedette/stream.h>

#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "address.h"

enum { LAST_WORD_MS = 1000, DROPPED_READS = 16 };

static void flush_and_tell(struct vd_stream *s);

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

static bool alive(const struct vd_stream *s)
{
    return s->state < VD_STREAM_ENDED;
}

/* The end: what remains of this stream's life is the owner's close. */
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

/* From a callback of the loop's. */
static void end(struct vd_stream *s, int error, const char *reason)
{
    if (!alive(s))
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
    if (!alive(s))
        return;
    stop(s, error, reason);
    uv_timer_start(&s->timer, on_stopped, 0, 0);
}

static void on_last_word(uv_timer_t *timer)
{
    struct vd_stream *s = timer->data;
    end(s, VD_ECLOSED, s->reason);
}

/* The socket takes nothing more. `reason` keeps it, for the reader may find nothing better. */
static void write_failed(struct vd_stream *s, int uv_error)
{
    if (!alive(s) || s->broken)
        return;
    s->broken = true;
    vd_buffer_deinit(&s->queued);
    snprintf(s->reason, sizeof s->reason, "write: %s", uv_strerror(uv_error));
    uv_timer_start(&s->timer, on_last_word, s->paused ? 0 : LAST_WORD_MS, 0);
}

/* What the kernel takes right now; the rest is left in *bytes. */
static void write_now(struct vd_stream *s, struct vd_bytes *bytes)
{
    uv_buf_t piece = uv_buf_init((char *)bytes->data, (unsigned)bytes->len);
    int written = uv_try_write((uv_stream_t *)&s->tcp, &piece, 1);
    if (written > 0)
        *bytes = vd_bytes_of(bytes->data + written, bytes->len - (size_t)written);
    else if (written != UV_EAGAIN)
        write_failed(s, written);
}

/* Gives what is queued to the kernel now, as far as it takes it. Emptied buffers go back: most connections
 * idle. */
static void flush_now(struct vd_stream *s)
{
    if (s->broken || vd_buffer_len(&s->writing) > 0 || vd_buffer_len(&s->queued) == 0)
        return;
    struct vd_bytes bytes = vd_buffer_bytes(&s->queued);
    write_now(s, &bytes);
    if (!s->broken)
        vd_buffer_consume(&s->queued, vd_buffer_len(&s->queued) - bytes.len);
    vd_buffer_release_idle(&s->queued);
}

static bool has_room(const struct vd_stream *s, size_t len)
{
    size_t waiting = vd_stream_queued_bytes(s);
    return waiting <= s->queued_limit_bytes && len <= s->queued_limit_bytes - waiting;
}

/* The TLS library's output. Straight to the kernel where nothing waits before it. */
static int on_cipher(void *arg, struct vd_bytes cipher)
{
    struct vd_stream *s = arg;
    if (!s->corked && !s->broken && vd_stream_queued_bytes(s) == 0)
        write_now(s, &cipher);
    if (s->broken || cipher.len == 0)
        return 0;
    if (!has_room(s, cipher.len))
        flush_now(s);
    if (!has_room(s, cipher.len))
        return s->broken ? 0 : VD_ELIMIT;
    return vd_buffer_append(&s->queued, cipher.data, cipher.len);
}

static void on_written(uv_write_t *request, int status)
{
    struct vd_stream *s = request->data;
    vd_buffer_deinit(&s->writing);
    if (s->state == VD_STREAM_CLOSING)
        return;
    if (status != 0) {
        write_failed(s, status);
        return;
    }
    flush_and_tell(s);
}

/* One uv_write carries all that waits. */
static void write_later(struct vd_stream *s)
{
    struct vd_buffer empty = s->writing;
    s->writing = s->queued;
    s->queued = empty;
    struct vd_bytes bytes = vd_buffer_bytes(&s->writing);
    uv_buf_t piece = uv_buf_init((char *)bytes.data, (unsigned)bytes.len);
    s->request.write.data = s;
    int rc = uv_write(&s->request.write, (uv_stream_t *)&s->tcp, &piece, 1, on_written);
    if (rc != 0) {
        vd_buffer_deinit(&s->writing);
        write_failed(s, rc);
    }
}

static void flush(struct vd_stream *s)
{
    flush_now(s);
    if (!s->broken && vd_buffer_len(&s->writing) == 0 && vd_buffer_len(&s->queued) > 0)
        write_later(s);
}

/* Where output was seen to wait, and waits no more, its owner hears of it. */
static void flush_and_tell(struct vd_stream *s)
{
    flush(s);
    if (s->state == VD_STREAM_OPEN && !s->broken && vd_stream_queued_bytes(s) == 0 &&
        s->callbacks->drained != NULL)
        s->callbacks->drained(s);
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
    if (alive(s))
        s->callbacks->data(s, plain);
    return alive(s) ? 0 : VD_ECLOSED;
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
    end(s, uv_error == UV_EOF ? VD_ECLOSED : vd_error_from_errno(uv_error), reason);
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
        flush_and_tell(s); /* where receiving failed, that is the alert */
    if (rc != 0)
        end(s, rc, rc == VD_ELIMIT ? "the peer does not take its output" : vd_tls_reason(s->tls));
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
    flush(s);
    start_reading(s);
}

static void on_deadline(uv_timer_t *timer)
{
    struct vd_stream *s = timer->data;
    end(s, VD_ETIMEOUT,
        s->state == VD_STREAM_CONNECTING ? "connecting took too long" : "the handshake took too long");
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
                      (struct vd_tls_sink){.arg = s, .plain = on_plain, .cipher = on_cipher});
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
    if (!alive(s))
        return;
    if (status != 0) {
        char reason[sizeof s->reason];
        snprintf(reason, sizeof reason, "connect: %s", uv_strerror(status));
        end(s, VD_EUNAVAILABLE, reason);
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
    if (!alive(s))
        return VD_ECLOSED;
    if (s->state != VD_STREAM_OPEN)
        return VD_EINVAL;
    int rc = vd_tls_send(s->tls, plain);
    if (!s->corked)
        flush(s);
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

size_t vd_stream_queued_bytes(const struct vd_stream *s)
{
    return vd_buffer_len(&s->queued) + uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
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
 * some of it is read and dropped. Nobody needs the read buffer any more, even where this is called from
 * `data`. */
static void say_goodbye(struct vd_stream *s)
{
    s->corked = false;
    if (s->tls == NULL || s->broken)
        return;
    flush_now(s);
    vd_tls_shutdown(s->tls);
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        for (int i = 0;
             i < DROPPED_READS && recv(fd, s->net->read_buffer, VD_NET_READ_BYTES, MSG_DONTWAIT) > 0; i++)
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
