/* TLS from memory to memory: the handshake at every split, both kinds of trouble, the goodbye. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "fixture.h"

struct pair {
    struct end client, server;
};

static void pair_init(struct pair *p, const struct fixture *f)
{
    end_init(&p->client, f->client);
    end_init(&p->server, f->server);
}

static void pair_deinit(struct pair *p)
{
    end_deinit(&p->client);
    end_deinit(&p->server);
}

static void pair_establish(struct pair *p, const struct fixture *f, size_t step)
{
    pair_init(p, f);
    assert_int_equal(vd_tls_start(p->client.tls), 0);
    struct talk talk = ends_talk(&p->client, &p->server, step);
    assert_int_equal(talk.client, 0);
    assert_int_equal(talk.server, 0);
    assert_true(vd_tls_established(p->client.tls));
    assert_true(vd_tls_established(p->server.tls));
}

static void expect_plain(struct end *e, const void *data, size_t len)
{
    assert_true(vd_bytes_equal(vd_buffer_bytes(&e->plain), vd_bytes_of(data, len)));
    vd_buffer_clear(&e->plain);
}

static void test_both_know_each_other(void **state)
{
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    const struct vd_identity *agent = vd_tls_peer(p.server.tls), *collector = vd_tls_peer(p.client.tls);
    assert_int_equal(agent->kind, VD_IDENTITY_AGENT);
    assert_string_equal(agent->tenant, "t");
    assert_string_equal(agent->unit, "u");
    assert_string_equal(agent->name, "agent");
    assert_int_equal(collector->kind, VD_IDENTITY_COLLECTOR);
    assert_string_equal(collector->name, "collector");
    pair_deinit(&p);
}

static void test_every_step(void **state)
{
    for (size_t step = 1; step < 40; step += step < 8 ? 1 : 7) {
        struct pair p;
        pair_establish(&p, *state, step);
        assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("hello")), 0);
        assert_int_equal(vd_tls_send(p.server.tls, vd_bytes_str("welcome")), 0);
        ends_talk(&p.client, &p.server, step);
        expect_plain(&p.server, "hello", 5);
        expect_plain(&p.client, "welcome", 7);
        pair_deinit(&p);
    }
}

/* A record in two pieces, split at a byte that moves through it. */
static void test_every_split(void **state)
{
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    for (size_t split = 1; split < 60; split++) {
        assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("a record of some forty bytes of plaintext")),
                         0);
        struct vd_bytes cipher = vd_buffer_bytes(&p.client.cipher);
        assert_true(split < cipher.len);
        assert_int_equal(vd_tls_receive(p.server.tls, vd_bytes_of(cipher.data, split)), 0);
        assert_int_equal(vd_buffer_len(&p.server.plain), 0);
        assert_int_equal(vd_tls_receive(p.server.tls, vd_bytes_of(cipher.data + split, cipher.len - split)),
                         0);
        expect_plain(&p.server, "a record of some forty bytes of plaintext", 41);
        vd_buffer_clear(&p.client.cipher);
    }
    pair_deinit(&p);
}

static void test_a_large_message(void **state)
{
    enum { LEN = 3 * 1000 * 1000 };
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    uint8_t *big = malloc(LEN);
    for (size_t i = 0; i < LEN; i++)
        big[i] = (uint8_t)(i * 31 + i / 251);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_of(big, LEN)), 0);
    assert_int_equal(end_pass(&p.client, &p.server, 65536), 0);
    expect_plain(&p.server, big, LEN);
    free(big);
    pair_deinit(&p);
}

static void test_no_sending_before_the_handshake(void **state)
{
    struct pair p;
    pair_init(&p, *state);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("x")), VD_EINVAL);
    assert_int_equal(vd_tls_start(p.client.tls), 0);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("x")), VD_EINVAL);
    vd_tls_shutdown(p.client.tls); /* says nothing yet, breaks nothing */
    assert_int_equal(ends_talk(&p.client, &p.server, SIZE_MAX).server, 0);
    assert_true(vd_tls_established(p.server.tls));
    pair_deinit(&p);
}

static void test_goodbye(void **state)
{
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("last")), 0);
    vd_tls_shutdown(p.client.tls);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("x")), VD_ECLOSED);
    assert_int_equal(end_pass(&p.client, &p.server, SIZE_MAX), VD_ECLOSED);
    expect_plain(&p.server, "last", 4);
    assert_string_equal(vd_tls_reason(p.server.tls), "the peer said goodbye");
    vd_tls_shutdown(p.server.tls);
    assert_true(vd_buffer_len(&p.server.cipher) > 0);
    pair_deinit(&p);
}

static void test_an_idle_connection_sends_no_tickets(void **state)
{
    struct pair p;
    pair_init(&p, *state);
    assert_int_equal(vd_tls_start(p.client.tls), 0);
    assert_int_equal(end_pass(&p.client, &p.server, SIZE_MAX), 0);
    assert_int_equal(end_pass(&p.server, &p.client, SIZE_MAX), 0);
    assert_int_equal(end_pass(&p.client, &p.server, SIZE_MAX), 0);
    assert_true(vd_tls_established(p.server.tls));
    assert_int_equal(vd_buffer_len(&p.server.cipher), 0);
    pair_deinit(&p);
}

static void expect_failed(struct end *e, int error)
{
    assert_int_equal(vd_tls_receive(e->tls, vd_bytes_str("more")), error);
    assert_int_equal(vd_tls_send(e->tls, vd_bytes_str("more")), error);
    vd_tls_shutdown(e->tls);
}

static void test_garbage(void **state)
{
#define PIECE(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
    static const struct vd_bytes GARBAGE[] = {
        PIECE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), PIECE("\x16\x03\x01\xff\xff garbage of all kinds"),
        PIECE("\x17\x03\x03\x00\x05hello"), PIECE("\xff\xff\xff\xff\xff\xff\xff\xff")};
    for (size_t i = 0; i < sizeof GARBAGE / sizeof *GARBAGE; i++) {
        struct pair p;
        pair_init(&p, *state);
        assert_int_equal(vd_tls_receive(p.server.tls, GARBAGE[i]), VD_ETLS);
        assert_true(strlen(vd_tls_reason(p.server.tls)) > 0);
        expect_failed(&p.server, VD_ETLS);
        pair_deinit(&p);
    }
}

/* What an older client says first; the server answers with an alert and nothing else. */
static void test_tls12_is_refused(void **state)
{
    static const uint8_t HELLO[] = {
        0x16, 3, 1, 0,    0x2f, 1,    0,    0, 0x2b, 3,  3, /* record, ClientHello, 1.2 */
        1,    2, 3, 4,    5,    6,    7,    8, 9,    10, 11, 12, 13, 14, 15, 16, /* random */
        1,    2, 3, 4,    5,    6,    7,    8, 9,    10, 11, 12, 13, 14, 15, 16,
        0,    0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0}; /* no session, two suites, no compression */
    struct pair p;
    pair_init(&p, *state);
    assert_int_equal(vd_tls_receive(p.server.tls, vd_bytes_of(HELLO, sizeof HELLO)), VD_ETLS);
    assert_string_equal(vd_tls_reason(p.server.tls), "the peer offers no TLS 1.3");
    struct vd_bytes answer = vd_buffer_bytes(&p.server.cipher);
    assert_int_equal(answer.len, 7);
    assert_int_equal(answer.data[0], 0x15); /* alert */
    assert_int_equal(answer.data[6], 70);   /* protocol_version */
    pair_deinit(&p);
}

static void test_a_changed_byte(void **state)
{
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("hello")), 0);
    p.client.cipher.base[p.client.cipher.begin + 8] ^= 1;
    assert_int_equal(end_pass(&p.client, &p.server, SIZE_MAX), VD_ETLS);
    assert_int_equal(vd_buffer_len(&p.server.plain), 0);
    assert_int_equal(end_pass(&p.server, &p.client, SIZE_MAX), VD_ETLS);
    assert_string_equal(vd_tls_reason(p.client.tls), "the peer ended TLS: bad record mac");
    pair_deinit(&p);
}

/* Each prefix of the client's flights leaves the server waiting, not failing and not established. */
static void test_truncated(void **state)
{
    struct pair whole;
    pair_init(&whole, *state);
    assert_int_equal(vd_tls_start(whole.client.tls), 0);
    size_t len = vd_buffer_len(&whole.client.cipher);
    for (size_t cut = 0; cut < len; cut += 13) {
        struct pair p;
        pair_init(&p, *state);
        struct vd_bytes part = vd_bytes_of(whole.client.cipher.base, cut);
        assert_int_equal(vd_tls_receive(p.server.tls, part), 0);
        assert_false(vd_tls_established(p.server.tls));
        assert_int_equal(vd_buffer_len(&p.server.cipher), 0);
        pair_deinit(&p);
    }
    pair_deinit(&whole);
}

static void test_sinks_end_it(void **state)
{
    struct pair p;
    pair_establish(&p, *state, SIZE_MAX);
    p.server.plain_result = VD_EPROTOCOL;
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("hello")), 0);
    assert_int_equal(end_pass(&p.client, &p.server, SIZE_MAX), VD_EPROTOCOL);
    expect_failed(&p.server, VD_EPROTOCOL);
    p.client.cipher_result = VD_ELIMIT;
    assert_int_equal(vd_tls_send(p.client.tls, vd_bytes_str("hello")), VD_ELIMIT);
    expect_failed(&p.client, VD_ELIMIT);
    pair_deinit(&p);

    pair_init(&p, *state);
    p.client.cipher_result = VD_ELIMIT;
    assert_int_equal(vd_tls_start(p.client.tls), VD_ELIMIT);
    pair_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_know_each_other),
        cmocka_unit_test(test_every_step),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_a_large_message),
        cmocka_unit_test(test_no_sending_before_the_handshake),
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_an_idle_connection_sends_no_tickets),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_tls12_is_refused),
        cmocka_unit_test(test_a_changed_byte),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_sinks_end_it),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
