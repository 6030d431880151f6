/* Who is not let in, with which reason here and which alert there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/error.h>

#include "raw_client.h"

#define ALPN  "\x09vedette/1"
#define AGENT "URI:spiffe://" TRUST_DOMAIN "/tenant/t/agent/a"

/* A client straight on OpenSSL with the certificate stem (NULL: none); alert 0: let in. */
static void meet(const struct fixture *f, const char *stem, const char *alpn, int error, const char *reason,
                 int alert)
{
    struct raw_client client;
    struct end server;
    raw_client_init(&client, f, stem, alpn);
    end_init(&server, f->server);
    assert_int_equal(raw_client_talk(&client, &server), error);
    assert_int_equal(vd_tls_established(server.tls), error == 0);
    assert_string_equal(vd_tls_reason(server.tls), reason);
    assert_int_equal(client.alert, alert);
    raw_client_deinit(&client);
    end_deinit(&server);
}

static void test_the_raw_client_can_be_let_in(void **state)
{
    const struct fixture *f = *state;
    raw_issue(f, "good", AGENT ",DNS:vedette.example", "clientAuth");
    meet(f, "good", ALPN, 0, "ok", 0);
    meet(f, "good", "\x02h2" ALPN, 0, "ok", 0);
}

static void test_no_certificate(void **state)
{
    meet(*state, NULL, ALPN, VD_EIDENTITY, "no client certificate", SSL_AD_CERTIFICATE_REQUIRED);
}

static void test_other_protocols(void **state)
{
    meet(*state, "agent", NULL, VD_ETLS, "the peer does not speak vedette/1", SSL_AD_NO_APPLICATION_PROTOCOL);
    meet(*state, "agent", "\x02h2", VD_ETLS, "the peer does not speak vedette/1",
         SSL_AD_NO_APPLICATION_PROTOCOL);
}

static void test_names(void **state)
{
    const struct fixture *f = *state;
    static const struct {
        const char *names, *reason;
    } BAD[] = {
        {NULL, "certificate carries no URI name"},
        {"DNS:vedette.test,IP:127.0.0.1,email:a@vedette.test", "certificate carries no URI name"},
        {AGENT "," AGENT "2", "certificate carries several URI names"},
        {AGENT "/x", "certificate's URI name is no identity of our trust domain"},
        {"URI:https://vedette.test/agent/a", "certificate's URI name is no identity of our trust domain"},
        {"URI:spiffe://other.test/tenant/t/agent/a",
         "certificate's URI name is no identity of our trust domain"},
        {"URI:spiffe://" TRUST_DOMAIN "/collector/c", "certificate is not an agent's"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        raw_issue(f, "names", BAD[i].names, "clientAuth");
        meet(f, "names", ALPN, VD_EIDENTITY, BAD[i].reason, SSL_AD_BAD_CERTIFICATE);
    }
}

static void test_use(void **state)
{
    raw_issue(*state, "use", AGENT, "serverAuth");
    meet(*state, "use", ALPN, VD_EIDENTITY, "certificate is not meant for this use (extendedKeyUsage)",
         SSL_AD_UNSUPPORTED_CERTIFICATE);
}

static void test_expired(void **state)
{
    fixture_issue(*state, VD_IDENTITY_AGENT, "expired", -1);
    meet(*state, "expired", ALPN, VD_EIDENTITY, "certificate has expired", SSL_AD_CERTIFICATE_EXPIRED);
}

static void test_unknown_authority(void **state)
{
    fixture_other_authority(*state, TRUST_DOMAIN, VD_IDENTITY_AGENT, "foreign");
    meet(*state, "other/foreign", ALPN, VD_EIDENTITY, "certificate was issued by an unknown authority",
         SSL_AD_UNKNOWN_CA);
    meet(*state, "other/ca", ALPN, VD_EIDENTITY, "certificate is self-signed", SSL_AD_UNKNOWN_CA);
}

/* The other way round: our client and a server it must not believe. */
static void test_client_refuses_a_server_of_another_authority(void **state)
{
    const struct fixture *f = *state;
    struct vd_tls_context *context;
    struct end client, server;
    char error[VD_TLS_ERROR_BYTES];
    assert_int_equal(fixture_context(f, false, "agent", "other/ca.pem", &context, error), 0);
    end_init(&client, context);
    end_init(&server, f->server);
    assert_int_equal(vd_tls_start(client.tls), 0);
    struct talk talk = ends_talk(&client, &server, SIZE_MAX);
    assert_int_equal(talk.client, VD_EIDENTITY);
    assert_string_equal(vd_tls_reason(client.tls), "certificate was issued by an unknown authority");
    assert_int_equal(talk.server, VD_ETLS);
    assert_string_equal(vd_tls_reason(server.tls), "the peer ended TLS: unknown CA");
    assert_false(vd_tls_established(server.tls));
    end_deinit(&client);
    end_deinit(&server);
    vd_tls_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_raw_client_can_be_let_in),
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_other_protocols),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_use),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_unknown_authority),
        cmocka_unit_test(test_client_refuses_a_server_of_another_authority),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
