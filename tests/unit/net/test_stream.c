/* Streams over loopback: the happy path, back-pressure, and everything that can end one. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "scene.h"

enum { ECHO_BYTES = 10 * 1000 * 1000 };

static bool all_echoed(const struct scene *s)
{
    return s->client.received_bytes == ECHO_BYTES;
}

static void test_echo(void **state)
{
    struct scene s;
    uint8_t *big = malloc(ECHO_BYTES);
    for (size_t i = 0; i < ECHO_BYTES; i++)
        big[i] = (uint8_t)(i * 7 + i / 255);
    scene_init(&s, *state);
    s.server.echo = true;
    s.client.to_send = vd_bytes_of(big, ECHO_BYTES);
    scene_connect(&s);
    scene_run(&s, all_echoed);
    assert_int_equal(s.client.received_sum, party_sum(0, vd_bytes_of(big, ECHO_BYTES)));
    assert_string_equal(vd_stream_peer(&s.server.stream)->name, "agent");
    assert_string_equal(vd_stream_peer(&s.client.stream)->name, "collector");
    assert_string_equal(s.client.stream.address, s.listener.address);
    assert_int_equal(strncmp(s.server.stream.address, "127.0.0.1:", 10), 0);
    /* Nothing waits, so nothing is held: an idle stream has no buffers. */
    assert_null(s.client.stream.queued.base);
    assert_null(s.client.stream.writing.base);
    scene_deinit(&s);
    free(big);
}

static void test_slow_reader(void **state)
{
    struct scene s;
    static const uint8_t ZEROS[50000];
    scene_init(&s, *state);
    s.server.pause_in_open = true;
    scene_connect(&s);
    scene_run(&s, scene_both_open);
    int rc = 0;
    for (int i = 0; rc == 0 && i < 10000; i++) {
        rc = party_write(&s.client, vd_bytes_of(ZEROS, sizeof ZEROS));
        assert_true(vd_stream_queued_bytes(&s.client.stream) <= s.queued_limit_bytes);
    }
    assert_int_equal(rc, VD_ELIMIT);
    assert_int_equal(s.client.ended, 0); /* told from the loop, not from inside the write */
    assert_int_equal(party_write(&s.client, vd_bytes_str("x")), VD_ECLOSED);
    scene_run(&s, scene_client_ended);
    assert_int_equal(s.client.error, VD_ELIMIT);
    assert_int_equal(s.server.received_bytes, 0);
    scene_deinit(&s);
}

/* The same from inside `data`, where output gathers. */
static void test_flood_from_a_callback(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    s.server.flood_in_data = true;
    s.client.pause_in_open = true;
    s.client.to_send = vd_bytes_str("go on");
    scene_connect(&s);
    scene_run(&s, scene_server_ended);
    assert_int_equal(s.server.error, VD_ELIMIT);
    assert_string_equal(vd_stream_reason(&s.server.stream), "the peer does not take its output");
    scene_deinit(&s);
}

static bool drained(const struct scene *s)
{
    return s->client.drained > 0;
}

static void test_pause_and_resume(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    s.queued_limit_bytes = 64 << 20;
    s.server.pause_in_open = true;
    scene_connect(&s);
    scene_run(&s, scene_both_open);
    uint8_t *big = calloc(1, ECHO_BYTES);
    assert_int_equal(party_write(&s.client, vd_bytes_of(big, ECHO_BYTES)), 0);
    assert_true(vd_stream_queued_bytes(&s.client.stream) > 0);
    s.client.drained = 0; /* that was the handshake */
    for (int i = 0; i < 20; i++)
        uv_run(&s.loop, UV_RUN_NOWAIT);
    assert_int_equal(s.server.received_bytes, 0);
    assert_int_equal(s.client.drained, 0);
    vd_stream_resume(&s.server.stream);
    scene_run(&s, drained);
    assert_int_equal(vd_stream_queued_bytes(&s.client.stream), 0);
    scene_deinit(&s);
    free(big);
}

static void test_writing_before_open(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    scene_connect(&s);
    assert_int_equal(party_write(&s.client, vd_bytes_str("x")), VD_EINVAL);
    scene_run(&s, scene_both_open);
    assert_int_equal(party_write(&s.client, vd_bytes_str("x")), 0);
    scene_deinit(&s);
}

static void test_last_words_arrive(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    scene_connect(&s);
    scene_run(&s, scene_both_open);
    assert_int_equal(party_write(&s.client, vd_bytes_str("last words")), 0);
    party_close(&s.client);
    scene_run(&s, scene_server_ended);
    assert_int_equal(s.server.received_bytes, 10);
    assert_int_equal(s.server.error, VD_ECLOSED);
    assert_string_equal(vd_stream_reason(&s.server.stream), "the peer said goodbye");
    scene_deinit(&s);
}

static bool client_heard_all_or_ended(const struct scene *s)
{
    return s->client.ended > 0 || s->client.received_bytes == 2000;
}

/* A collector closes the session that a newer one replaces from inside that one's `data`: the streams of a
 * loop read into the same buffer, and what the newer one has not worked through must stay in it. */
static void test_close_of_another_from_data(void **state)
{
    struct scene s;
    static const uint8_t UNREAD[3000];
    uint8_t text[2000];
    memset(text, 'a', sizeof text);
    scene_init(&s, *state);
    s.server.pause_in_open = s.client.pause_in_open = true;
    scene_connect(&s);
    scene_run(&s, scene_both_open);
    s.client.close_other_in_data = true;
    assert_int_equal(party_write(&s.client, vd_bytes_of(UNREAD, sizeof UNREAD)), 0);
    assert_int_equal(party_write(&s.server, vd_bytes_of(text, 1000)), 0);
    assert_int_equal(party_write(&s.server, vd_bytes_of(text + 1000, 1000)), 0);
    vd_stream_resume(&s.client.stream);
    scene_run(&s, client_heard_all_or_ended);
    assert_int_equal(s.client.received_sum, party_sum(0, vd_bytes_of(text, sizeof text)));
    scene_deinit(&s);
}

/* Pulls the socket from under the client's stream. */
static void cut(struct scene *s, bool reset)
{
    int fd;
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    assert_int_equal(uv_fileno((uv_handle_t *)&s->client.stream.tcp, &fd), 0);
    assert_int_equal(reset ? connect(fd, &nowhere, sizeof nowhere) : shutdown(fd, SHUT_RDWR), 0);
}

static void test_peer_vanishes(void **state)
{
    for (int reset = 0; reset < 2; reset++) {
        struct scene s;
        scene_init(&s, *state);
        scene_connect(&s);
        scene_run(&s, scene_both_open);
        cut(&s, reset == 1);
        scene_run(&s, scene_server_ended);
        assert_int_equal(s.server.error, VD_ECLOSED);
        assert_string_equal(vd_stream_reason(&s.server.stream),
                            reset == 1 ? "read: connection reset by peer" : "the peer closed the connection");
        scene_deinit(&s);
    }
}

/* The peer is gone and our write fails at once; `ended` comes nevertheless, also where reading is paused. */
static void test_write_to_a_vanished_peer(void **state)
{
    for (int paused = 0; paused < 2; paused++) {
        struct scene s;
        scene_init(&s, *state);
        s.server.pause_in_open = paused == 1;
        scene_connect(&s);
        scene_run(&s, scene_both_open);
        cut(&s, true);
        int rc = party_write(&s.server, vd_bytes_str("anyone there?"));
        assert_true(rc == 0 || rc == VD_ECLOSED);
        assert_int_equal(s.server.ended, 0);
        scene_run(&s, scene_server_ended);
        assert_int_equal(s.server.error, VD_ECLOSED);
        scene_deinit(&s);
    }
}

static void test_silent_client_meets_the_deadline(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    s.handshake_timeout_ms = 50;
    int fd = scene_raw_connect(&s);
    scene_run(&s, scene_server_ended);
    assert_int_equal(s.server.error, VD_ETIMEOUT);
    assert_string_equal(vd_stream_reason(&s.server.stream), "the handshake took too long");
    assert_int_equal(s.server.opened, 0);
    scene_deinit(&s);
    close(fd);
}

static void test_deadline_ends_with_the_handshake(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    s.handshake_timeout_ms = 2000;
    scene_connect(&s);
    scene_run(&s, scene_both_open);
    assert_false(uv_is_active((uv_handle_t *)&s.client.stream.timer));
    assert_false(uv_is_active((uv_handle_t *)&s.server.stream.timer));
    scene_deinit(&s);
}

/* What a stranger says to the listener, and what becomes of it. */
static void stranger(void **state, struct vd_bytes says, int error, const char *reason)
{
    struct scene s;
    scene_init(&s, *state);
    int fd = scene_raw_connect(&s);
    assert_int_equal(write(fd, says.data, says.len), (ssize_t)says.len);
    shutdown(fd, SHUT_WR);
    scene_run(&s, scene_server_ended);
    assert_int_equal(s.server.error, error);
    assert_string_equal(vd_stream_reason(&s.server.stream), reason);
    scene_deinit(&s);
    close(fd);
}

static void test_strangers(void **state)
{
    stranger(state, vd_bytes_str("GET /metrics HTTP/1.1\r\n\r\n"), VD_ETLS, "TLS: http request");
    stranger(state, vd_bytes_of("\x16\x03\x01\x01\x00", 5), VD_ECLOSED,
             "the peer closed the connection during the handshake");
}

/* A server learns of a bad client certificate after that client's handshake is over: the alert must still
 * tell it. */
static void refused_client(void **state, const char *stem, const char *at_server, const char *at_client)
{
    struct scene s;
    struct vd_tls_context *context;
    char error[VD_TLS_ERROR_BYTES];
    assert_int_equal(fixture_context(*state, false, stem, "ca.pem", &context, error), 0);
    for (int writes = 0; writes < 2; writes++) {
        static const uint8_t HELLO[3000];
        scene_init(&s, *state);
        s.server.close_in_ended = true;
        if (writes == 1)
            s.client.to_send = vd_bytes_of(HELLO, sizeof HELLO);
        scene_connect_with(&s, context);
        scene_run(&s, scene_both_ended);
        assert_int_equal(s.server.error, VD_EIDENTITY);
        assert_int_equal(s.server.opened, 0);
        assert_string_equal(vd_stream_reason(&s.server.stream), at_server);
        assert_int_equal(s.client.error, VD_ETLS);
        assert_string_equal(vd_stream_reason(&s.client.stream), at_client);
        scene_deinit(&s);
    }
    vd_tls_context_unref(context);
}

static void test_refused_client_learns_why(void **state)
{
    fixture_other_authority(*state, TRUST_DOMAIN, VD_IDENTITY_AGENT, "foreign");
    refused_client(state, "other/foreign", "certificate was issued by an unknown authority",
                   "the peer ended TLS: unknown CA");
}

static void test_closed_port(void **state)
{
    struct scene s;
    scene_init(&s, *state);
    uint16_t port = scene_port(&s);
    vd_listener_close(&s.listener, NULL);
    s.listening = false;
    uv_run(&s.loop, UV_RUN_NOWAIT);
    scene_connect(&s);
    scene_run(&s, scene_client_ended);
    assert_int_equal(s.client.error, VD_EUNAVAILABLE);
    assert_string_equal(vd_stream_reason(&s.client.stream), "connect: connection refused");
    assert_true(port > 0);
    scene_deinit(&s);
}

/* Both sides closed after n turns of the loop, for each n until well past `open`. */
static void test_close_at_every_stage(void **state)
{
    bool was_open = false;
    for (int turns = 0; turns < 30; turns++) {
        struct scene s;
        scene_init(&s, *state);
        s.server.echo = true;
        s.client.to_send = vd_bytes_str("hello");
        scene_connect(&s);
        for (int i = 0; i < turns; i++)
            uv_run(&s.loop, UV_RUN_NOWAIT);
        was_open = was_open || scene_both_open(&s);
        scene_deinit(&s);
    }
    assert_true(was_open);
}

static bool client_ended_or_closed(const struct scene *s)
{
    return s->client.ended + s->client.closed > 0 && s->server.ended + s->server.closed > 0;
}

static void test_close_within_callbacks(void **state)
{
    uint8_t *big = calloc(1, ECHO_BYTES);
    for (int where = 0; where < 9; where++) {
        struct scene s;
        scene_init(&s, *state);
        s.queued_limit_bytes = 64 << 20;
        s.client.close_in_ended = s.server.close_in_ended = where != 0;
        s.server.close_in_open = where == 1;
        s.client.close_in_open = where == 2;
        s.server.close_in_data = where == 3 || where == 0;
        s.server.echo = where == 4;
        s.client.close_in_data = where == 4;
        s.client.close_in_drained = where == 5;
        s.refuse_at_once = where == 6;
        s.client.close_in_open = s.client.close_in_open || where == 7;
        s.server.close_in_open = s.server.close_in_open || where == 7;
        s.client.pause_in_open = where == 8;
        s.server.close_in_data = s.server.close_in_data || where == 8;
        s.client.to_send = vd_bytes_of(big, where == 5 ? ECHO_BYTES : 100000);
        scene_connect(&s);
        if (where == 8) {
            /* Paused, it learns of the end when it reads on. */
            scene_run(&s, scene_both_open);
            vd_stream_resume(&s.client.stream);
        }
        scene_run(&s, client_ended_or_closed);
        scene_deinit(&s);
    }
    free(big);
}

/* Whichever of our allocations fails, each side is told or goes on, and everything closes clean. */
static void test_failing_allocations(void **state)
{
    static const uint8_t HELLO[60000];
    for (size_t n = 1; n < 25; n++) {
        struct scene s;
        scene_init(&s, *state);
        s.handshake_timeout_ms = 100;
        s.server.pause_in_open = true;
        s.queued_limit_bytes = 8 << 20;
        vd_memory_fail_at(n);
        scene_connect(&s);
        for (int i = 0; i < 40; i++)
            uv_run(&s.loop, UV_RUN_NOWAIT);
        int rc = 0;
        for (int i = 0; i < 100 && rc == 0 && s.client.opened == 1 && s.client.ended == 0; i++)
            rc = party_write(&s.client, vd_bytes_of(HELLO, sizeof HELLO));
        vd_memory_fail_at(0);
        if (!s.client.started)
            assert_int_equal(n, 1);
        if (rc != 0) {
            assert_true(rc == VD_ENOMEM || rc == VD_ECLOSED);
            scene_run(&s, scene_client_ended);
        }
        scene_deinit(&s);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_flood_from_a_callback),
        cmocka_unit_test(test_pause_and_resume),
        cmocka_unit_test(test_writing_before_open),
        cmocka_unit_test(test_last_words_arrive),
        cmocka_unit_test(test_close_of_another_from_data),
        cmocka_unit_test(test_peer_vanishes),
        cmocka_unit_test(test_write_to_a_vanished_peer),
        cmocka_unit_test(test_silent_client_meets_the_deadline),
        cmocka_unit_test(test_deadline_ends_with_the_handshake),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_refused_client_learns_why),
        cmocka_unit_test(test_closed_port),
        cmocka_unit_test(test_close_at_every_stage),
        cmocka_unit_test(test_close_within_callbacks),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
