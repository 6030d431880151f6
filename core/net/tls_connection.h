/* What the certificate check tells a connection. Private to core/net/tls_*.c. */
#ifndef VEDETTE_NET_TLS_CONNECTION_H
#define VEDETTE_NET_TLS_CONNECTION_H

#include <openssl/bio.h>
#include <vedette/tls.h>

/* The way of OpenSSL's bytes: from what vd_tls_receive was handed, and into the sink. NULL: out of memory. */
BIO_METHOD *vd_tls_transport_new(void);

const char *vd_tls_trust_domain(const struct vd_tls *tls);
/* The peer is who it says; VD_EIDENTITY, with the reason kept, if that is not the kind we talk to. */
int vd_tls_accept_peer(struct vd_tls *tls, const struct vd_identity *peer);
/* why is static. */
void vd_tls_refuse_peer(struct vd_tls *tls, const char *why);

#endif
