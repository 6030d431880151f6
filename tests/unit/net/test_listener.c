/* Listening, its bounded rate, addresses, and the resolver. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <vedette/connector.h>
#include <vedette/error.h>
#include <vedette/listener.h>

enum { CROWD = 12, RATE_PER_S = 10 };

static void test_address_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port;
    } GOOD[] = {
        {"collector.example:7170", "collector.example", "7170"},
        {"192.0.2.1:1", "192.0.2.1", "1"},
        {"[2001:db8::1]:65535", "2001:db8::1", "65535"},
        {"[fe80::1%eth0]:7170", "fe80::1%eth0", "7170"},
        {"localhost:0", "localhost", "0"},
        {"my_host-1:7170", "my_host-1", "7170"},
    };
    static const char *const BAD[] = {"",           "host",      ":7170",     "host:",  "host:x",
                                      "host:65536", "host:-1",   "h:1 ",      "h :1",   "2001:db8::1:1",
                                      "[::1]",      "[::1]7170", "[::1:7170", "::1]:1", "[]:7170",
                                      "h/x:1",      "h:000001",  "h:1:2"};
    struct vd_address address;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        assert_int_equal(vd_address_parse(&address, GOOD[i].text), 0);
        assert_string_equal(address.host, GOOD[i].host);
        assert_string_equal(address.port, GOOD[i].port);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        if (vd_address_parse(&address, BAD[i]) != VD_EINVAL)
            fail_msg("taken for an address: %s", BAD[i]);
    }
    char large[VD_HOST_BYTES + 8];
    memset(large, 'a', sizeof large);
    memcpy(large + VD_HOST_BYTES, ":1", 3);
    assert_int_equal(vd_address_parse(&address, large), VD_EINVAL);
    memcpy(large + VD_HOST_BYTES - 1, ":1", 3);
    assert_int_equal(vd_address_parse(&address, large), 0);
}

struct door {
    uv_loop_t loop;
    struct vd_listener listener;
    uv_tcp_t let_in[CROWD];
    unsigned count, closed;
};

static void on_connection(struct vd_listener *l)
{
    struct door *d = l->owner;
    assert_true(d->count < CROWD);
    uv_tcp_t *tcp = &d->let_in[d->count++];
    uv_tcp_init(&d->loop, tcp);
    assert_int_equal(uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)tcp), 0);
}

static void on_close(struct vd_listener *l)
{
    struct door *d = l->owner;
    d->closed++;
}

static void door_open(struct door *d, unsigned rate_per_s)
{
    *d = (struct door){0};
    assert_int_equal(uv_loop_init(&d->loop), 0);
    assert_int_equal(
        vd_listener_start(&d->listener, &d->loop, "127.0.0.1:0", 64, rate_per_s, on_connection, d), 0);
}

static void door_close(struct door *d)
{
    for (unsigned i = 0; i < d->count; i++)
        uv_close((uv_handle_t *)&d->let_in[i], NULL);
    vd_listener_close(&d->listener, on_close);
    assert_int_equal(d->closed, 0);
    assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(d->closed, 1);
    assert_int_equal(uv_loop_close(&d->loop), 0);
}

static void gather_crowd(const struct door *d, int *fds)
{
    struct sockaddr_in address;
    assert_int_equal(uv_ip4_addr("127.0.0.1", atoi(strrchr(d->listener.address, ':') + 1), &address), 0);
    for (int i = 0; i < CROWD; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
    }
}

static void run_until(struct door *d, unsigned count)
{
    while (d->count < count)
        uv_run(&d->loop, UV_RUN_ONCE);
}

static void test_no_bound(void **state)
{
    (void)state;
    struct door d;
    int fds[CROWD];
    door_open(&d, 0);
    gather_crowd(&d, fds);
    for (int i = 0; i < 5; i++)
        uv_run(&d.loop, UV_RUN_NOWAIT);
    assert_int_equal(d.count, CROWD);
    door_close(&d);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
}

/* A second's worth goes in at once, the others one by one. */
static void test_bounded_rate(void **state)
{
    (void)state;
    struct door d;
    int fds[CROWD];
    door_open(&d, RATE_PER_S);
    gather_crowd(&d, fds);
    uv_update_time(&d.loop);
    uint64_t start_ms = uv_now(&d.loop);
    run_until(&d, RATE_PER_S);
    for (int i = 0; i < 5; i++)
        uv_run(&d.loop, UV_RUN_NOWAIT);
    /* Not on a machine so slow that the next token is there already. */
    if (uv_now(&d.loop) - start_ms < 1000 / RATE_PER_S)
        assert_int_equal(d.count, RATE_PER_S);
    run_until(&d, CROWD);
    uv_update_time(&d.loop);
    assert_true(uv_now(&d.loop) - start_ms >= (CROWD - RATE_PER_S) * 1000 / RATE_PER_S - 10);
    door_close(&d);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
}

static void test_close_while_one_waits(void **state)
{
    (void)state;
    struct door d;
    int fds[CROWD];
    door_open(&d, 1);
    gather_crowd(&d, fds);
    run_until(&d, 1);
    uv_run(&d.loop, UV_RUN_NOWAIT);
    assert_int_equal(d.count, 1);
    door_close(&d);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
}

static void test_where_it_cannot_listen(void **state)
{
    (void)state;
    struct door d;
    struct vd_listener second;
    static const char *const BAD[] = {"localhost:7170", "127.0.0.1",     "127.0.0.1:70000",
                                      "[::1:7170",      "[127.0.0.1]:0", ""};
    door_open(&d, 0);
    assert_int_equal(vd_listener_start(&second, &d.loop, d.listener.address, 16, 0, on_connection, &d),
                     VD_EEXISTS);
    uv_run(&d.loop, UV_RUN_NOWAIT);
    assert_int_equal(vd_listener_start(&second, &d.loop, "192.0.2.1:7170", 16, 0, on_connection, &d),
                     VD_EUNAVAILABLE);
    uv_run(&d.loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(vd_listener_start(&second, &d.loop, BAD[i], 16, 0, on_connection, &d), VD_EINVAL);
        uv_run(&d.loop, UV_RUN_NOWAIT);
    }
    door_close(&d);
}

struct answer {
    int calls, error;
    char address[64];
};

static void on_done(struct vd_resolver *r, int error, const struct addrinfo *found)
{
    struct answer *a = r->owner;
    a->calls++;
    a->error = error;
    if (found != NULL)
        uv_ip4_name((const struct sockaddr_in *)found->ai_addr, a->address, sizeof a->address);
}

static struct answer resolve(const char *text, bool cancel)
{
    uv_loop_t loop;
    struct vd_resolver resolver;
    struct vd_address address;
    struct answer answer = {0};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(vd_address_parse(&address, text), 0);
    assert_int_equal(vd_resolver_start(&resolver, &loop, &address, on_done, &answer), 0);
    if (cancel)
        vd_resolver_cancel(&resolver);
    assert_int_equal(answer.calls, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(answer.calls, 1);
    vd_resolver_cancel(&resolver); /* too late, and harmless */
    assert_int_equal(uv_loop_close(&loop), 0);
    return answer;
}

static void test_resolver(void **state)
{
    (void)state;
    struct answer a = resolve("127.0.0.1:7170", false);
    assert_int_equal(a.error, 0);
    assert_string_equal(a.address, "127.0.0.1");
    a = resolve("127.0.0.1:7170", true);
    assert_int_equal(a.error, VD_ECLOSED);
    a = resolve("[not-an-address]:7170", false);
    assert_true(a.error < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_parse),          cmocka_unit_test(test_no_bound),
        cmocka_unit_test(test_bounded_rate),           cmocka_unit_test(test_close_while_one_waits),
        cmocka_unit_test(test_where_it_cannot_listen), cmocka_unit_test(test_resolver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
