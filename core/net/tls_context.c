/* TLS contexts: settings, our own certificate and the authority we believe, checked before anything uses
 * them. */
#include "tls_context.h"

#include <stdio.h>

#include <openssl/err.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "tls_connection.h"
#include "tls_error.h"
#include "tls_verify.h"

/* A chain of certificates from a peer that nobody knows yet may take this much memory. */
enum { PEER_CHAIN_BYTES = 16 * 1024 };

/* As ALPN sends it: a length, then the name. */
static const uint8_t ALPN[] = {9, 'v', 'e', 'd', 'e', 't', 't', 'e', '/', '1'};

/* Never asks on the terminal: a daemon has none. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl, (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ALPN, sizeof ALPN, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool offers(SSL *ssl, unsigned extension)
{
    const unsigned char *content;
    size_t len;
    return SSL_client_hello_get0_ext(ssl, extension, &content, &len) == 1;
}

/* OpenSSL does not ask choose_protocol when a client offers no protocol at all. One that offers no TLS 1.3
 * either is left to OpenSSL, whose alert then says so. */
static int require_protocol(SSL *ssl, int *alert, void *arg)
{
    (void)arg;
    if (!offers(ssl, TLSEXT_TYPE_supported_versions) ||
        offers(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation))
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

/* Every connection proves both sides afresh: a resumed one would not look at the peer's certificate again,
 * and tickets cost memory on each. So there are no tickets, and no sessions are kept. */
static int set_up(struct vd_tls_context *c)
{
    SSL_CTX *ssl = c->ssl;
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, PEER_CHAIN_BYTES);
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, vd_tls_verify_peer, NULL);
    if (c->server) {
        SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
        SSL_CTX_set_client_hello_cb(ssl, require_protocol, NULL);
    }
    bool good =
        SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                      "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
        SSL_CTX_set1_groups_list(ssl, "P-256") == 1 && SSL_CTX_set1_sigalgs_list(ssl, "ECDSA+SHA256") == 1 &&
        SSL_CTX_set_alpn_protos(ssl, ALPN, sizeof ALPN) == 0;
    return good ? 0 : VD_ETLS;
}

/* The peer has the authority's certificate already; a root in our chain would only cost it memory. */
static void drop_roots(SSL_CTX *ssl)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ssl, &chain);
    for (int i = sk_X509_num(chain) - 1; i >= 0; i--) {
        if (X509_self_signed(sk_X509_value(chain, i), 0) == 1)
            X509_free(sk_X509_delete(chain, i));
    }
}

static int load_files(struct vd_tls_context *c, const struct vd_tls_options *o, char *error)
{
    if (SSL_CTX_use_certificate_chain_file(c->ssl, o->certificate) != 1)
        return vd_tls_fail_to_read(error, "certificate", o->certificate);
    drop_roots(c->ssl);
    if (SSL_CTX_use_PrivateKey_file(c->ssl, o->key, SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
            return vd_tls_fail(error, VD_ETLS, "key %s does not belong to certificate %s", o->key,
                               o->certificate);
        return vd_tls_fail_to_read(error, "key", o->key);
    }
    if (SSL_CTX_check_private_key(c->ssl) != 1)
        return vd_tls_fail(error, VD_ETLS, "key %s does not belong to certificate %s", o->key,
                           o->certificate);
    if (SSL_CTX_load_verify_file(c->ssl, o->ca) != 1)
        return vd_tls_fail_to_read(error, "authority", o->ca);
    return 0;
}

/* What would otherwise be found out only when the first peer refuses us. */
static int check_own_certificate(struct vd_tls_context *c, const char *path,
                                 const struct vd_tls_context *current, char *error)
{
    int64_t now_ms = vd_clock_real_ms();
    X509 *own = SSL_CTX_get0_certificate(c->ssl);
    const char *why = NULL;
    if (vd_tls_certificate_identity(own, c->trust_domain, &c->identity, &why) != 0)
        return vd_tls_fail(error, VD_EIDENTITY, "%s: %s (%s)", path, why, c->trust_domain);
    if (c->server != (c->identity.kind == VD_IDENTITY_COLLECTOR))
        return vd_tls_fail(error, VD_EIDENTITY, "%s: the certificate of %s, where that of %s is needed", path,
                           c->server ? "an agent" : "a collector", c->server ? "a collector" : "an agent");
    c->begins_ms = vd_tls_certificate_time_ms(X509_get0_notBefore(own));
    c->expires_ms = vd_tls_certificate_time_ms(X509_get0_notAfter(own));
    why = vd_tls_context_fault(c, now_ms);
    if (why != NULL && current != NULL && vd_tls_context_fault(current, now_ms) == NULL)
        return vd_tls_fail(error, VD_ETLS, "%s: %s", path, why);
    return 0;
}

static int build(struct vd_tls_context *c, const struct vd_tls_options *o, char *error)
{
    if (!vd_trust_domain_valid(o->trust_domain))
        return vd_tls_fail(error, VD_EINVAL, "\"%s\" is no trust domain",
                           o->trust_domain == NULL ? "" : o->trust_domain);
    snprintf(c->trust_domain, sizeof c->trust_domain, "%s", o->trust_domain);
    c->transport = vd_tls_transport_new();
    c->ssl = SSL_CTX_new(o->server ? TLS_server_method() : TLS_client_method());
    if (c->transport == NULL || c->ssl == NULL)
        return vd_tls_fail(error, VD_ENOMEM, "out of memory");
    if (set_up(c) != 0)
        return vd_tls_fail(error, VD_ETLS, "the TLS library lacks TLS 1.3 with P-256");
    int rc = load_files(c, o, error);
    return rc != 0 ? rc : check_own_certificate(c, o->certificate, o->current, error);
}

int vd_tls_context_new(struct vd_tls_context **out, const struct vd_tls_options *options, char *error)
{
    *out = NULL;
    error[0] = '\0';
    ERR_clear_error();
    struct vd_tls_context *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return vd_tls_fail(error, VD_ENOMEM, "out of memory");
    atomic_init(&c->references, 1);
    c->server = options->server;
    int rc = build(c, options, error);
    if (rc != 0) {
        vd_tls_context_unref(c);
        return rc;
    }
    *out = c;
    return 0;
}

struct vd_tls_context *vd_tls_context_ref(struct vd_tls_context *context)
{
    atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
    return context;
}

void vd_tls_context_unref(struct vd_tls_context *context)
{
    if (context == NULL || atomic_fetch_sub_explicit(&context->references, 1, memory_order_acq_rel) > 1)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->transport);
    vd_free(context);
}

const struct vd_identity *vd_tls_context_identity(const struct vd_tls_context *context)
{
    return &context->identity;
}

const char *vd_tls_context_fault(const struct vd_tls_context *context, int64_t now_ms)
{
    if (context->begins_ms > now_ms)
        return "certificate is not valid yet";
    return context->expires_ms <= now_ms ? "certificate has expired" : NULL;
}

int64_t vd_tls_context_expires_ms(const struct vd_tls_context *context)
{
    return context->expires_ms;
}
