/* What a certificate says about its holder, and whether we believe it. Private to core/net/tls_*.c. */
#ifndef VEDETTE_NET_TLS_VERIFY_H
#define VEDETTE_NET_TLS_VERIFY_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <vedette/identity.h>

/* The only URI among names (which may be NULL), a view into them. False, and *why is a static text. */
bool vd_tls_only_uri(const GENERAL_NAMES *names, struct vd_bytes *out, const char **why);
/* The identity in a certificate's only URI name. VD_EIDENTITY, and *why says what is wrong with it (static).
 */
int vd_tls_certificate_identity(X509 *certificate, const char *trust_domain, struct vd_identity *out,
                                const char **why);
/* Milliseconds since the epoch; 0 for a time that cannot be read. */
int64_t vd_tls_certificate_time_ms(const ASN1_TIME *time);

/* For SSL_CTX_set_cert_verify_callback: the chain, the dates, the identity. The alert that OpenSSL sends to
 * the peer follows from what this leaves in ctx. */
int vd_tls_verify_peer(X509_STORE_CTX *ctx, void *unused);

#endif
