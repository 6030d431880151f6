/* The output of a stream: ciphertext on its way to the kernel.
 *
 * Happy path: uv_try_write takes a record at once. What it does not take waits in `queued`, while one
 * uv_write at a time carries `writing`; the two buffers change places, so that queueing never moves bytes.
 * How it fails: a write that fails leaves the word to the reader for a moment, for the peer's last message (a
 * TLS alert, mostly) says better why than EPIPE does. Output over its limit is the writer's error to tell. */
#include <vedette/stream.h>

#include <stdio.h>
#include <vedette/error.h>

#include "stream_inside.h"

enum { LAST_WORD_MS = 1000 };

static void on_last_word(uv_timer_t *timer)
{
    struct vd_stream *s = timer->data;
    vd_stream_end(s, VD_ECLOSED, s->reason);
}

/* `reason` keeps it, for the reader may find nothing better. Where reading is paused nobody would find
 * anything. */
static void write_failed(struct vd_stream *s, int uv_error)
{
    if (!vd_stream_alive(s) || s->broken)
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

/* Emptied buffers go back to the heap: most connections idle most of the time. */
void vd_stream_flush_now(struct vd_stream *s)
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

/* Straight to the kernel where nothing waits before it: then nothing is copied and nothing allocated. A
 * record that finds no room breaks the connection for good, for the peer cannot do without it. */
int vd_stream_take_cipher(void *arg, struct vd_bytes cipher)
{
    struct vd_stream *s = arg;
    if (!s->corked && !s->broken && vd_stream_queued_bytes(s) == 0)
        write_now(s, &cipher);
    if (s->broken || cipher.len == 0)
        return 0;
    if (!has_room(s, cipher.len))
        vd_stream_flush_now(s);
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
    vd_stream_flush_and_tell(s);
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

void vd_stream_flush(struct vd_stream *s)
{
    vd_stream_flush_now(s);
    if (!s->broken && vd_buffer_len(&s->writing) == 0 && vd_buffer_len(&s->queued) > 0)
        write_later(s);
}

void vd_stream_flush_and_tell(struct vd_stream *s)
{
    vd_stream_flush(s);
    if (s->state == VD_STREAM_OPEN && !s->broken && vd_stream_queued_bytes(s) == 0 &&
        s->callbacks->drained != NULL)
        s->callbacks->drained(s);
}

size_t vd_stream_queued_bytes(const struct vd_stream *s)
{
    return vd_buffer_len(&s->queued) + uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
}
