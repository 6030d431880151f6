/* TLS 1.3 with certificates on both sides, memory to memory: ciphertext in, plaintext out and the other way
 * round, no sockets. The TLS library stays behind this seam. A connection belongs to one thread; a context
 * may be shared. */
#ifndef VEDETTE_TLS_H
#define VEDETTE_TLS_H

#include <vedette/identity.h>

enum { VD_TLS_ERROR_BYTES = 256 };

struct vd_tls_options {
    const char *certificate, *key, *ca; /* paths of PEM files */
    const char *trust_domain;
    bool server;
    const struct vd_tls_context *current; /* what it is to replace; NULL at the start */
};

/* Certificates and settings; counted references, so that a SIGHUP can swap it while connections still use the
 * old one. */
struct vd_tls_context;
/* error (VD_TLS_ERROR_BYTES): a sentence that names the file. Checks that key and certificate fit, and that
 * the certificate carries an identity. One that is not valid at this moment is good enough to start with, for
 * a clock may be put right; but not to replace one that is valid. */
int vd_tls_context_new(struct vd_tls_context **out, const struct vd_tls_options *options, char *error);
struct vd_tls_context *vd_tls_context_ref(struct vd_tls_context *context);
void vd_tls_context_unref(struct vd_tls_context *context);
/* The identity in its own certificate, and when that ends (milliseconds since the epoch). */
const struct vd_identity *vd_tls_context_identity(const struct vd_tls_context *context);
int64_t vd_tls_context_expires_ms(const struct vd_tls_context *context);
/* Why a peer whose clock says now_ms refuses its own certificate, a sentence; NULL: it does not. */
const char *vd_tls_context_fault(const struct vd_tls_context *context, int64_t now_ms);

struct vd_tls;
struct vd_tls_sink {
    void *arg;
    /* Not 0 ends the connection: it is returned by the call that is under way. */
    int (*plain)(void *arg, struct vd_bytes plain);
    int (*cipher)(void *arg, struct vd_bytes cipher);
};

int vd_tls_new(struct vd_tls **out, struct vd_tls_context *context, struct vd_tls_sink sink);
void vd_tls_free(struct vd_tls *tls);
/* A client speaks first: call once after connecting. A server needs no start. */
int vd_tls_start(struct vd_tls *tls);
/* Ciphertext from the peer, any piece. 0; VD_ECLOSED after the peer's close_notify; VD_ETLS; or what the sink
 * returned. The peer's certificate is checked against the CA and must carry an identity of the other kind (a
 * server wants agents, a client wants collectors): VD_EIDENTITY. */
int vd_tls_receive(struct vd_tls *tls, struct vd_bytes cipher);
/* Plaintext to the peer; VD_EINVAL before the handshake is over. */
int vd_tls_send(struct vd_tls *tls, struct vd_bytes plain);
/* Says goodbye: close_notify. */
void vd_tls_shutdown(struct vd_tls *tls);
bool vd_tls_established(const struct vd_tls *tls);
/* After the handshake. */
const struct vd_identity *vd_tls_peer(const struct vd_tls *tls);
/* Why it failed, a static or owned sentence; never NULL. */
const char *vd_tls_reason(const struct vd_tls *tls);

#endif
