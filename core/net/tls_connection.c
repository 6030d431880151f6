/* One TLS connection, memory to memory.
 *
 * Happy path: vd_tls_receive points OpenSSL at the caller's bytes → the handshake answers into the cipher
 * sink → from then on every record goes decrypted into the plain sink, and vd_tls_send writes records into
 * the cipher sink. Nothing is buffered here: OpenSSL reads the caller's bytes and writes into the sink
 * through a transport of our own. How it fails: the first failure sticks. An alert is in the cipher sink by
 * then, the reason is a sentence, and every call that follows returns the same error. */
#include "tls_connection.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "tls_context.h"

enum { RECORD_BYTES = SSL3_RT_MAX_PLAIN_LENGTH, REASON_BYTES = 128 };

struct vd_tls {
    SSL *ssl;
    struct vd_tls_context *context;
    struct vd_tls_sink sink;
    struct vd_bytes input; /* what is left of the caller's bytes, during vd_tls_receive */
    int failed;            /* the first error; it sticks */
    bool established;
    const char *refused; /* why the peer's certificate is not believed */
    struct vd_identity peer;
    char reason[REASON_BYTES];
};

/* Out of bytes, OpenSSL stops where it is and goes on with the next vd_tls_receive. */
static int transport_read(BIO *bio, char *out, int size)
{
    struct vd_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->input.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t len = (size_t)size < tls->input.len ? (size_t)size : tls->input.len;
    memcpy(out, tls->input.data, len);
    tls->input = vd_bytes_of(tls->input.data + len, tls->input.len - len);
    return (int)len;
}

/* The sink takes all or ends the connection: there is no "later", hence no retry. */
static int transport_write(BIO *bio, const char *in, int size)
{
    struct vd_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->failed == 0)
        tls->failed = tls->sink.cipher(tls->sink.arg, vd_bytes_of(in, (size_t)size));
    return tls->failed == 0 ? size : -1;
}

static long transport_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int transport_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *vd_tls_transport_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "vedette");
    if (method == NULL)
        return NULL;
    BIO_meth_set_read(method, transport_read);
    BIO_meth_set_write(method, transport_write);
    BIO_meth_set_ctrl(method, transport_control);
    BIO_meth_set_create(method, transport_create);
    return method;
}

int vd_tls_new(struct vd_tls **out, struct vd_tls_context *context, struct vd_tls_sink sink)
{
    struct vd_tls *tls = vd_calloc(1, sizeof *tls);
    *out = NULL;
    if (tls == NULL)
        return VD_ENOMEM;
    tls->context = vd_tls_context_ref(context);
    tls->sink = sink;
    tls->ssl = SSL_new(context->ssl);
    BIO *bio = tls->ssl == NULL ? NULL : BIO_new(context->transport);
    if (bio == NULL) {
        ERR_clear_error();
        vd_tls_free(tls);
        return VD_ENOMEM;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    if (context->server)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    *out = tls;
    return 0;
}

void vd_tls_free(struct vd_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    vd_tls_context_unref(tls->context);
    vd_free(tls);
}

const char *vd_tls_trust_domain(const struct vd_tls *tls)
{
    return tls->context->trust_domain;
}

void vd_tls_refuse_peer(struct vd_tls *tls, const char *why)
{
    tls->refused = why;
}

int vd_tls_accept_peer(struct vd_tls *tls, const struct vd_identity *peer)
{
    bool server = tls->context->server;
    if (peer->kind != (server ? VD_IDENTITY_AGENT : VD_IDENTITY_COLLECTOR)) {
        tls->refused = server ? "certificate is not an agent's" : "certificate is not a collector's";
        return VD_EIDENTITY;
    }
    tls->peer = *peer;
    return 0;
}

/* An alert tells why the peer ended it; the rest is what OpenSSL found wrong, in our words where it is
 * common. */
static int explain(struct vd_tls *tls)
{
    unsigned long first = ERR_peek_error();
    int code = ERR_GET_LIB(first) == ERR_LIB_SSL ? ERR_GET_REASON(first) : 0;
    if (code == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        tls->refused = "no client certificate";
    if (tls->refused != NULL) {
        snprintf(tls->reason, sizeof tls->reason, "%s", tls->refused);
        return VD_EIDENTITY;
    }
    if (code > SSL_AD_REASON_OFFSET && code < SSL_AD_REASON_OFFSET + 256) {
        snprintf(tls->reason, sizeof tls->reason, "the peer ended TLS: %s",
                 SSL_alert_desc_string_long(code - SSL_AD_REASON_OFFSET));
    } else if (code == SSL_R_UNSUPPORTED_PROTOCOL) {
        snprintf(tls->reason, sizeof tls->reason, "the peer offers no TLS 1.3");
    } else if (code == SSL_R_NO_APPLICATION_PROTOCOL || code == SSL_R_CALLBACK_FAILED) {
        snprintf(tls->reason, sizeof tls->reason, "the peer does not speak vedette/1");
    } else {
        const char *text = ERR_reason_error_string(first);
        snprintf(tls->reason, sizeof tls->reason, "TLS: %s", text != NULL ? text : "broken by the peer");
    }
    return VD_ETLS;
}

/* What an OpenSSL call that did not succeed means: wait for more bytes, the end, or a failure that sticks. */
static int conclude(struct vd_tls *tls, int result)
{
    int kind = SSL_get_error(tls->ssl, result);
    if (tls->failed == 0 && kind == SSL_ERROR_ZERO_RETURN) {
        tls->failed = VD_ECLOSED;
        snprintf(tls->reason, sizeof tls->reason, "the peer said goodbye");
    } else if (tls->failed == 0 && kind != SSL_ERROR_WANT_READ) {
        tls->failed = explain(tls);
    }
    ERR_clear_error();
    return tls->failed;
}

static int shake_hands(struct vd_tls *tls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1)
        return conclude(tls, result);
    tls->established = tls->failed == 0;
    return tls->failed;
}

/* Until the input is used up. The sink may call vd_tls_send and vd_tls_shutdown on this very connection. */
static int deliver(struct vd_tls *tls)
{
    uint8_t plain[RECORD_BYTES];
    while (tls->failed == 0) {
        size_t len;
        ERR_clear_error();
        int result = SSL_read_ex(tls->ssl, plain, sizeof plain, &len);
        if (result != 1)
            return conclude(tls, result);
        int rc = tls->sink.plain(tls->sink.arg, vd_bytes_of(plain, len));
        if (tls->failed == 0) /* what the sink's own calls met comes first */
            tls->failed = rc;
    }
    return tls->failed;
}

int vd_tls_start(struct vd_tls *tls)
{
    return tls->failed != 0 ? tls->failed : shake_hands(tls);
}

int vd_tls_receive(struct vd_tls *tls, struct vd_bytes cipher)
{
    if (tls->failed != 0)
        return tls->failed;
    tls->input = cipher;
    int rc = tls->established ? 0 : shake_hands(tls);
    if (rc == 0 && tls->established)
        rc = deliver(tls);
    tls->input = vd_bytes_of(NULL, 0);
    return rc;
}

int vd_tls_send(struct vd_tls *tls, struct vd_bytes plain)
{
    if (tls->failed != 0)
        return tls->failed;
    if (!tls->established)
        return VD_EINVAL;
    size_t written;
    ERR_clear_error();
    if (plain.len == 0 || SSL_write_ex(tls->ssl, plain.data, plain.len, &written) == 1)
        return tls->failed;
    return conclude(tls, 0);
}

void vd_tls_shutdown(struct vd_tls *tls)
{
    if (!tls->established || (tls->failed != 0 && tls->failed != VD_ECLOSED))
        return;
    tls->failed = 0; /* the peer's goodbye does not forbid ours */
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
    if (tls->failed == 0)
        tls->failed = VD_ECLOSED;
}

bool vd_tls_established(const struct vd_tls *tls)
{
    return tls->established;
}

const struct vd_identity *vd_tls_peer(const struct vd_tls *tls)
{
    return &tls->peer;
}

const char *vd_tls_reason(const struct vd_tls *tls)
{
    if (tls->reason[0] != '\0')
        return tls->reason;
    return vd_error_text(tls->failed);
}
