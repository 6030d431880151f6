/* A client straight on OpenSSL, with memory BIOs. */
#include "raw_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const char *file_of(const struct fixture *f, const char *stem, const char *ending)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", stem, ending);
    return fixture_path(f, name);
}

static void on_event(const SSL *ssl, int where, int value)
{
    struct raw_client *c = SSL_get_app_data(ssl);
    if (where == SSL_CB_READ_ALERT)
        c->alert = value & 0xff;
}

void raw_client_init(struct raw_client *c, const struct fixture *f, const char *stem, const char *alpn)
{
    c->alert = 0;
    c->context = SSL_CTX_new(TLS_client_method());
    assert_non_null(c->context);
    if (stem != NULL) {
        const char *key = file_of(f, stem, "key");
        assert_int_equal(SSL_CTX_use_certificate_chain_file(c->context, file_of(f, stem, "pem")), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c->context, key, SSL_FILETYPE_PEM), 1);
    }
    if (alpn != NULL)
        SSL_CTX_set_alpn_protos(c->context, (const uint8_t *)alpn, (unsigned)strlen(alpn));
    c->ssl = SSL_new(c->context);
    assert_non_null(c->ssl);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(c->ssl);
    SSL_set_app_data(c->ssl, c);
    SSL_set_info_callback(c->ssl, on_event);
}

void raw_client_deinit(struct raw_client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    ERR_clear_error();
}

int raw_client_talk(struct raw_client *c, struct end *server)
{
    int rc = 0;
    for (int turn = 0; turn < 4; turn++) {
        uint8_t out[16384];
        uint8_t byte;
        SSL_read(c->ssl, &byte, 1);
        int len = BIO_read(SSL_get_wbio(c->ssl), out, sizeof out);
        if (len > 0 && rc == 0)
            rc = vd_tls_receive(server->tls, vd_bytes_of(out, (size_t)len));
        struct vd_bytes answer = vd_buffer_bytes(&server->cipher);
        if (answer.len > 0)
            BIO_write(SSL_get_rbio(c->ssl), answer.data, (int)answer.len);
        vd_buffer_clear(&server->cipher);
    }
    return rc;
}

static void extend(X509 *certificate, int nid, const char *value)
{
    if (value == NULL)
        return;
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

void raw_issue(const struct fixture *f, const char *stem, const char *names, const char *use)
{
    FILE *file = fopen(fixture_path(f, "ca.pem"), "r");
    X509 *authority = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(fixture_path(f, "ca.key"), "r");
    EVP_PKEY *authority_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    X509 *made = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, (const uint8_t *)stem, -1, -1,
                               0);
    X509_set_issuer_name(made, X509_get_subject_name(authority));
    extend(made, NID_subject_alt_name, names);
    extend(made, NID_ext_key_usage, use);
    assert_true(X509_sign(made, authority_key, EVP_sha256()) > 0);
    file = fopen(file_of(f, stem, "pem"), "w");
    PEM_write_X509(file, made);
    fclose(file);
    file = fopen(file_of(f, stem, "key"), "w");
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(authority);
    X509_free(made);
    EVP_PKEY_free(authority_key);
    EVP_PKEY_free(key);
}
