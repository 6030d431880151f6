/* Making identities: a certificate authority, and certificates for agents and collectors (P-256, ECDSA with
 * SHA-256). Files are PEM; keys are written with mode 0600; nothing that exists is overwritten (VD_EEXISTS).
 * Any thread. */
#ifndef VEDETTE_PKI_H
#define VEDETTE_PKI_H

#include <vedette/identity.h>
#include <vedette/tls.h>

/* Writes dir/ca.pem and dir/ca.key. error: VD_TLS_ERROR_BYTES. */
int vd_pki_authority_make(const char *dir, const char *trust_domain, int days, char *error);
/* The trust domain that dir/ca.pem carries as its URI name, into out (VD_TRUST_DOMAIN_BYTES). */
int vd_pki_authority_trust_domain(const char *dir, char *out, char *error);

struct vd_pki_request {
    struct vd_identity identity;
    const char *trust_domain; /* must be the authority's; NULL: whatever that is */
    const char *into;         /* folder to write to; NULL: the authority's */
    const char *file_stem;    /* <stem>.pem and <stem>.key */
    int days;                 /* from one hour ago; may be negative in tests: an expired certificate */
};
/* Issues a certificate signed with dir/ca.key. VD_ELIMIT: it would outlive the authority. */
int vd_pki_issue(const char *dir, const struct vd_pki_request *request, char *error);

#endif
