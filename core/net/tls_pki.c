/* A small certificate authority: one root that signs agents and collectors directly, with P-256 and SHA-256.
 *
 * The trust domain stands in the root itself, as a URI name without a path, so that it need not be repeated,
 * and cannot be mistaken, when certificates are issued. */
#include <vedette/pki.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <vedette/error.h>
#include <vedette/random.h>

#include "new_file.h"
#include "tls_error.h"
#include "tls_verify.h"

/* A peer whose clock is a little behind must find a fresh certificate valid. */
enum { CLOCK_SKEW_S = 3600, SERIAL_BYTES = 16 };

/* A certificate with its key: the authority, or one just made. */
struct holder {
    X509 *certificate;
    EVP_PKEY *key;
};

static void holder_deinit(struct holder *h)
{
    X509_free(h->certificate);
    EVP_PKEY_free(h->key);
    *h = (struct holder){0};
}

static int path_of(char out[PATH_MAX], const char *dir, const char *stem, const char *ending, char *error)
{
    if (snprintf(out, PATH_MAX, "%s/%s.%s", dir, stem, ending) >= PATH_MAX)
        return vd_tls_fail(error, VD_ELIMIT, "the path of %s is too long", stem);
    return 0;
}

/* Values are in the language of openssl.cnf; names were checked, so that none can carry a comma into it. */
static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, (const uint8_t *)text, -1, -1, 0) == 1;
}

static bool set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_BYTES];
    if (vd_random_bytes(bytes, sizeof bytes) != 0)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always of the same length */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

/* A certificate with a key of its own, still without names, uses and signature. */
static bool begin_certificate(struct holder *h, int days)
{
    h->key = EVP_EC_gen("P-256");
    h->certificate = X509_new();
    if (h->key == NULL || h->certificate == NULL)
        return false;
    X509 *c = h->certificate;
    return X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) && X509_set_pubkey(c, h->key) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(c), -CLOCK_SKEW_S) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(c), days, -CLOCK_SKEW_S, NULL) != NULL;
}

static bool add_authority_fields(struct holder *h, const char *trust_domain)
{
    X509 *c = h->certificate;
    char uri[sizeof "URI:spiffe://" + VD_TRUST_DOMAIN_BYTES];
    snprintf(uri, sizeof uri, "URI:spiffe://%s", trust_domain);
    /* A common name holds 64 bytes; the full trust domain is in the URI. */
    char common[65];
    snprintf(common, sizeof common, "%s", trust_domain);
    return add_name(X509_get_subject_name(c), "O", "Vedette authority") &&
           add_name(X509_get_subject_name(c), "CN", common) &&
           X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 &&
           add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(c, c, NID_subject_key_identifier, "hash") &&
           add_extension(c, c, NID_subject_alt_name, uri) && X509_sign(c, h->key, EVP_sha256()) > 0;
}

/* Collectors are servers to agents, and may one day be clients to one another; agents are clients only. */
static bool add_leaf_fields(struct holder *h, const struct vd_identity *id, const char *uri,
                            const struct holder *authority)
{
    X509 *c = h->certificate, *issuer = authority->certificate;
    bool agent = id->kind == VD_IDENTITY_AGENT;
    char name[sizeof "URI:" + VD_IDENTITY_URI_BYTES];
    snprintf(name, sizeof name, "URI:%s", uri);
    return (!agent || add_name(X509_get_subject_name(c), "O", id->tenant)) &&
           add_name(X509_get_subject_name(c), "CN", id->name) &&
           X509_set_issuer_name(c, X509_get_subject_name(issuer)) == 1 &&
           add_extension(c, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(c, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(c, issuer, NID_ext_key_usage, agent ? "clientAuth" : "serverAuth,clientAuth") &&
           add_extension(c, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(c, issuer, NID_authority_key_identifier, "keyid") &&
           add_extension(c, issuer, NID_subject_alt_name, name) &&
           X509_sign(c, authority->key, EVP_sha256()) > 0;
}

/* The text is wiped: it may be a key. */
static int write_pem(BIO *pem, const char *path, mode_t mode, char *error)
{
    char *text;
    long len = BIO_get_mem_data(pem, &text);
    int rc = vd_new_file_write(path, vd_bytes_of(text, (size_t)len), mode);
    OPENSSL_cleanse(text, (size_t)len);
    return rc == 0 ? 0 : vd_tls_fail(error, rc, "cannot write %s: %s", path, vd_error_text(rc));
}

/* The key first: a certificate that is there has its key. */
static int write_holder(const struct holder *h, const char *dir, const char *stem, char *error)
{
    char key_path[PATH_MAX], path[PATH_MAX];
    int rc = path_of(key_path, dir, stem, "key", error);
    if (rc == 0)
        rc = path_of(path, dir, stem, "pem", error);
    if (rc != 0)
        return rc;
    BIO *key = BIO_new(BIO_s_mem()), *certificate = BIO_new(BIO_s_mem());
    if (key == NULL || certificate == NULL || PEM_write_bio_X509(certificate, h->certificate) != 1 ||
        PEM_write_bio_PKCS8PrivateKey(key, h->key, NULL, NULL, 0, NULL, NULL) != 1)
        rc = vd_tls_fail(error, VD_ENOMEM, "out of memory");
    if (rc == 0)
        rc = write_pem(key, key_path, 0600, error);
    if (rc == 0) {
        rc = write_pem(certificate, path, 0644, error);
        if (rc != 0)
            unlink(key_path);
    }
    BIO_free(key);
    BIO_free(certificate);
    return rc;
}

static int read_certificate(const char *dir, X509 **out, char *error)
{
    char path[PATH_MAX];
    int rc = path_of(path, dir, "ca", "pem", error);
    if (rc != 0)
        return rc;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return vd_tls_fail(error, vd_error_from_errno(errno), "cannot read %s: %s", path, strerror(errno));
    *out = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    return *out != NULL ? 0 : vd_tls_fail(error, VD_EMALFORMED, "%s holds no certificate", path);
}

static int read_authority(struct holder *h, const char *dir, char *error)
{
    char path[PATH_MAX];
    int rc = read_certificate(dir, &h->certificate, error);
    if (rc == 0)
        rc = path_of(path, dir, "ca", "key", error);
    if (rc != 0)
        return rc;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return vd_tls_fail(error, vd_error_from_errno(errno), "cannot read %s: %s", path, strerror(errno));
    /* The empty passphrase keeps OpenSSL from asking on the terminal. */
    h->key = PEM_read_PrivateKey(file, NULL, NULL, (void *)"");
    fclose(file);
    if (h->key == NULL)
        return vd_tls_fail(error, VD_EMALFORMED, "%s holds no readable key", path);
    if (X509_check_private_key(h->certificate, h->key) != 1)
        return vd_tls_fail(error, VD_EMALFORMED, "%s does not belong to the certificate beside it", path);
    return 0;
}

int vd_pki_authority_make(const char *dir, const char *trust_domain, int days, char *error)
{
    struct holder authority = {0};
    error[0] = '\0';
    if (!vd_trust_domain_valid(trust_domain))
        return vd_tls_fail(error, VD_EINVAL, "\"%s\" is no trust domain (a-z 0-9 . _ - only)", trust_domain);
    int rc = 0;
    if (!begin_certificate(&authority, days) || !add_authority_fields(&authority, trust_domain))
        rc = vd_tls_fail(error, VD_ETLS, "cannot make the authority's certificate");
    if (rc == 0)
        rc = write_holder(&authority, dir, "ca", error);
    holder_deinit(&authority);
    return rc;
}

/* The authority's URI name is that of its trust domain, without a path. */
static int trust_domain_of(X509 *certificate, char *out, char *error)
{
    struct vd_bytes uri;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const char *why = NULL, *prefix = "spiffe://";
    int rc = 0;
    if (!vd_tls_only_uri(names, &uri, &why))
        rc = vd_tls_fail(error, VD_EIDENTITY, "the authority's %s", why);
    else if (uri.len <= strlen(prefix) || uri.len - strlen(prefix) >= VD_TRUST_DOMAIN_BYTES)
        rc = vd_tls_fail(error, VD_EIDENTITY, "the authority's certificate names no trust domain");
    if (rc == 0) {
        snprintf(out, VD_TRUST_DOMAIN_BYTES, "%.*s", (int)(uri.len - strlen(prefix)),
                 uri.data + strlen(prefix));
        if (memcmp(uri.data, prefix, strlen(prefix)) != 0 || !vd_trust_domain_valid(out))
            rc = vd_tls_fail(error, VD_EIDENTITY, "the authority's certificate names no trust domain");
    }
    GENERAL_NAMES_free(names);
    return rc;
}

int vd_pki_authority_trust_domain(const char *dir, char *out, char *error)
{
    X509 *certificate = NULL;
    error[0] = '\0';
    int rc = read_certificate(dir, &certificate, error);
    if (rc == 0)
        rc = trust_domain_of(certificate, out, error);
    X509_free(certificate);
    return rc;
}

/* A certificate that outlives its authority would stop working on a day that it does not tell. */
static int check_ends(const X509 *leaf, const X509 *authority, char *error)
{
    int days = 0, seconds = 0;
    const ASN1_TIME *end = X509_get0_notAfter(authority);
    if (ASN1_TIME_compare(X509_get0_notAfter(leaf), end) <= 0)
        return 0;
    ASN1_TIME_diff(&days, &seconds, NULL, end);
    return vd_tls_fail(error, VD_ELIMIT, "it would outlive the authority, which has %d days left", days);
}

static int issue(const struct holder *authority, struct holder *leaf, const struct vd_pki_request *request,
                 char *error)
{
    char trust_domain[VD_TRUST_DOMAIN_BYTES], uri[VD_IDENTITY_URI_BYTES];
    int rc = trust_domain_of(authority->certificate, trust_domain, error);
    if (rc != 0)
        return rc;
    if (request->trust_domain != NULL && strcmp(request->trust_domain, trust_domain) != 0)
        return vd_tls_fail(error, VD_EINVAL, "the authority is that of %s, not of %s", trust_domain,
                           request->trust_domain);
    if (request->file_stem[0] == '\0' || strchr(request->file_stem, '/') != NULL)
        return vd_tls_fail(error, VD_EINVAL, "\"%s\" is no name of a file", request->file_stem);
    if (vd_identity_uri(&request->identity, trust_domain, uri) != 0)
        return vd_tls_fail(error, VD_EINVAL, "names are 1 to 64 of A-Z a-z 0-9 . _ -");
    if (!begin_certificate(leaf, request->days) || !add_leaf_fields(leaf, &request->identity, uri, authority))
        return vd_tls_fail(error, VD_ETLS, "cannot make the certificate");
    return check_ends(leaf->certificate, authority->certificate, error);
}

int vd_pki_issue(const char *dir, const struct vd_pki_request *request, char *error)
{
    struct holder authority = {0}, leaf = {0};
    error[0] = '\0';
    int rc = read_authority(&authority, dir, error);
    if (rc == 0)
        rc = issue(&authority, &leaf, request, error);
    if (rc == 0)
        rc = write_holder(&leaf, request->into != NULL ? request->into : dir, request->file_stem, error);
    holder_deinit(&authority);
    holder_deinit(&leaf);
    ERR_clear_error();
    return rc;
}
