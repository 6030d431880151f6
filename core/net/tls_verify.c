/* Decides whether a peer's certificate is believed, and says in plain words why it is not. */
#include "tls_verify.h"

#include <time.h>

#include <openssl/x509_vfy.h>
#include <vedette/error.h>

#include "tls_connection.h"

/* DNS names and addresses say nothing about who a peer is. */
bool vd_tls_only_uri(const GENERAL_NAMES *names, struct vd_bytes *out, const char **why)
{
    const ASN1_IA5STRING *uri = NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_URI)
            continue;
        if (uri != NULL) {
            *why = "certificate carries several URI names";
            return false;
        }
        uri = value;
    }
    if (uri == NULL) {
        *why = "certificate carries no URI name";
        return false;
    }
    *out = vd_bytes_of(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
    return true;
}

int vd_tls_certificate_identity(X509 *certificate, const char *trust_domain, struct vd_identity *out,
                                const char **why)
{
    struct vd_bytes uri;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int rc = VD_EIDENTITY;
    if (vd_tls_only_uri(names, &uri, why)) {
        *why = "certificate's URI name is no identity of our trust domain";
        rc = vd_identity_parse(out, uri, trust_domain);
    }
    GENERAL_NAMES_free(names);
    return rc;
}

int64_t vd_tls_certificate_time_ms(const ASN1_TIME *when)
{
    struct tm utc;
    return ASN1_TIME_to_tm(when, &utc) == 1 ? (int64_t)timegm(&utc) * 1000 : 0;
}

/* OpenSSL's own sentences name its internals; these name what an operator can mend. */
static const char *chain_reason(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "certificate is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "certificate is self-signed";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "certificate was issued by an unknown authority";
    case X509_V_ERR_INVALID_PURPOSE:
        return "certificate is not meant for this use (extendedKeyUsage)";
    default:
        return X509_verify_cert_error_string(error);
    }
}

int vd_tls_verify_peer(X509_STORE_CTX *ctx, void *unused)
{
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct vd_tls *tls = SSL_get_app_data(ssl);
    if (X509_verify_cert(ctx) != 1) {
        vd_tls_refuse_peer(tls, chain_reason(X509_STORE_CTX_get_error(ctx)));
        return 0;
    }
    struct vd_identity peer;
    const char *why = NULL;
    int rc =
        vd_tls_certificate_identity(X509_STORE_CTX_get0_cert(ctx), vd_tls_trust_domain(tls), &peer, &why);
    if (rc == 0)
        rc = vd_tls_accept_peer(tls, &peer);
    else
        vd_tls_refuse_peer(tls, why);
    if (rc != 0)
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REJECTED);
    return rc == 0;
}
