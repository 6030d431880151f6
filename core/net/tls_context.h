/* The inside of a TLS context. Private to core/net/tls_*.c. */
#ifndef VEDETTE_NET_TLS_CONTEXT_H
#define VEDETTE_NET_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <vedette/tls.h>

struct vd_tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *transport; /* how OpenSSL reaches vd_tls's input and sink */
    atomic_uint references;
    bool server;
    int64_t begins_ms, expires_ms; /* of our own certificate */
    struct vd_identity identity;
    char trust_domain[VD_TRUST_DOMAIN_BYTES];
};

#endif
