/* Runs streams over loopback in a real loop. */
#include "scene.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <vedette/error.h>

enum { GUARD_TICK_MS = 10, GUARD_TICKS = 1000, ECHO_PAUSE_BYTES = 256 * 1024, PIECE_BYTES = 100 * 1000 };

uint64_t party_sum(uint64_t sum, struct vd_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum = sum * 31 + bytes.data[i];
    return sum;
}

static void on_closed(struct vd_stream *stream)
{
    struct party *p = stream->owner;
    assert_false(p->inside);
    p->closed++;
}

void party_close(struct party *p)
{
    p->inside = true;
    vd_stream_close(&p->stream, on_closed);
    p->inside = false;
}

int party_write(struct party *p, struct vd_bytes bytes)
{
    p->inside = true;
    int rc = vd_stream_write(&p->stream, bytes);
    p->inside = false;
    return rc;
}

static void pump(struct party *p)
{
    while (p->to_send.len > 0 && vd_stream_queued_bytes(&p->stream) == 0) {
        size_t len = p->to_send.len < PIECE_BYTES ? p->to_send.len : PIECE_BYTES;
        assert_int_equal(party_write(p, vd_bytes_of(p->to_send.data, len)), 0);
        p->to_send = vd_bytes_of(p->to_send.data + len, p->to_send.len - len);
    }
}

static void on_open(struct vd_stream *stream)
{
    struct party *p = stream->owner;
    assert_int_equal(p->opened++ + p->ended + p->closed, 0);
    assert_false(p->inside);
    if (p->close_in_open) {
        party_close(p);
        return;
    }
    if (p->pause_in_open)
        vd_stream_pause(stream);
    pump(p);
}

static void flood(struct party *p)
{
    static const uint8_t ZEROS[50000];
    int rc = 0;
    while (rc == 0)
        rc = party_write(p, vd_bytes_of(ZEROS, sizeof ZEROS));
    assert_int_equal(rc, VD_ELIMIT);
    assert_int_equal(p->ended, 0);
}

static void on_data(struct vd_stream *stream, struct vd_bytes plain)
{
    struct party *p = stream->owner;
    assert_int_equal(p->opened, 1);
    assert_int_equal(p->ended + p->closed, 0);
    assert_false(p->inside);
    p->told++;
    p->received_bytes += plain.len;
    p->received_sum = party_sum(p->received_sum, plain);
    if (p->echo) {
        assert_int_equal(party_write(p, plain), 0);
        if (vd_stream_queued_bytes(stream) > ECHO_PAUSE_BYTES)
            vd_stream_pause(stream);
    }
    if (p->flood_in_data)
        flood(p);
    if (p->close_other_in_data) {
        p->close_other_in_data = false;
        party_close(p == &p->scene->server ? &p->scene->client : &p->scene->server);
    }
    if (p->close_in_data)
        party_close(p);
}

static void on_drained(struct vd_stream *stream)
{
    struct party *p = stream->owner;
    assert_int_equal(p->ended + p->closed, 0);
    assert_false(p->inside);
    p->drained++;
    if (p->close_in_drained) {
        party_close(p);
        return;
    }
    if (p->echo)
        vd_stream_resume(stream);
    pump(p);
}

static void on_ended(struct vd_stream *stream, int error)
{
    struct party *p = stream->owner;
    assert_int_equal(p->ended++ + p->closed, 0);
    assert_false(p->inside);
    assert_true(error < 0);
    assert_true(strlen(vd_stream_reason(stream)) > 0);
    p->error = error;
    if (p->close_in_ended)
        party_close(p);
}

static const struct vd_stream_callbacks CALLBACKS = {
    .open = on_open, .data = on_data, .drained = on_drained, .ended = on_ended};

static struct vd_stream_options options_of(struct scene *s, struct party *p, struct vd_tls_context *context)
{
    return (struct vd_stream_options){.net = &s->net,
                                      .tls = context,
                                      .callbacks = &CALLBACKS,
                                      .owner = p,
                                      .handshake_timeout_ms = s->handshake_timeout_ms,
                                      .queued_limit_bytes = s->queued_limit_bytes};
}

static void on_connection(struct vd_listener *l)
{
    struct scene *s = l->owner;
    struct vd_stream_options options = options_of(s, &s->server, s->files->server);
    assert_false(s->server.started);
    s->server.started = s->server.inside = true;
    vd_stream_accept(&s->server.stream, &options, (uv_stream_t *)&l->tcp);
    s->server.inside = false;
    if (s->refuse_at_once)
        party_close(&s->server);
}

static void on_guard(uv_timer_t *guard)
{
    struct scene *s = guard->data;
    s->ticks++;
}

void scene_init(struct scene *s, struct fixture *files)
{
    *s = (struct scene){.files = files, .queued_limit_bytes = 1 << 20, .handshake_timeout_ms = 5000};
    s->server.scene = s->client.scene = s;
    assert_int_equal(uv_loop_init(&s->loop), 0);
    assert_int_equal(vd_net_init(&s->net, &s->loop), 0);
    assert_int_equal(uv_timer_init(&s->loop, &s->guard), 0);
    s->guard.data = s;
    assert_int_equal(vd_listener_start(&s->listener, &s->loop, "127.0.0.1:0", 16, 0, on_connection, s), 0);
    s->listening = true;
}

void scene_connect_with(struct scene *s, struct vd_tls_context *context)
{
    struct sockaddr_in address;
    struct vd_stream_options options = options_of(s, &s->client, context);
    assert_int_equal(uv_ip4_addr("127.0.0.1", scene_port(s), &address), 0);
    s->client.inside = true;
    int rc = vd_stream_connect(&s->client.stream, &options, (struct sockaddr *)&address);
    s->client.inside = false;
    s->client.started = rc == 0;
}

void scene_connect(struct scene *s)
{
    scene_connect_with(s, s->files->client);
}

void scene_run(struct scene *s, bool (*done)(const struct scene *s))
{
    s->ticks = 0;
    /* It also wakes the loop, which may have done what we wait for before it went to sleep. */
    uv_timer_start(&s->guard, on_guard, GUARD_TICK_MS, GUARD_TICK_MS);
    while (!done(s) && s->ticks < GUARD_TICKS)
        uv_run(&s->loop, UV_RUN_ONCE);
    uv_timer_stop(&s->guard);
    assert_true(done(s));
}

void scene_deinit(struct scene *s)
{
    struct party *parties[] = {&s->server, &s->client};
    for (int i = 0; i < 2; i++) {
        if (parties[i]->started && parties[i]->stream.state != VD_STREAM_CLOSING)
            party_close(parties[i]);
    }
    if (s->listening)
        vd_listener_close(&s->listener, NULL);
    uv_close((uv_handle_t *)&s->guard, NULL);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(parties[i]->closed, parties[i]->started ? 1 : 0);
    assert_int_equal(uv_loop_close(&s->loop), 0);
    vd_net_deinit(&s->net);
}

bool scene_both_open(const struct scene *s)
{
    return s->server.opened > 0 && s->client.opened > 0;
}

bool scene_server_ended(const struct scene *s)
{
    return s->server.ended > 0;
}

bool scene_client_ended(const struct scene *s)
{
    return s->client.ended > 0;
}

bool scene_both_ended(const struct scene *s)
{
    return scene_server_ended(s) && scene_client_ended(s);
}

uint16_t scene_port(const struct scene *s)
{
    return (uint16_t)atoi(strrchr(s->listener.address, ':') + 1);
}

int scene_raw_connect(const struct scene *s)
{
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", scene_port(s), &address), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}
