/* A TLS client that keeps to no rule of ours, and certificates that our authority would not issue. */
#ifndef VEDETTE_TEST_NET_RAW_CLIENT_H
#define VEDETTE_TEST_NET_RAW_CLIENT_H

#include <openssl/ssl.h>

#include "fixture.h"

struct raw_client {
    SSL_CTX *context;
    SSL *ssl;
    int alert; /* the number of the last one it received, or 0 */
};

/* stem: its certificate in the fixture's folder; NULL: none. alpn: as on the wire, NULL: none. It believes
 * any server. */
void raw_client_init(struct raw_client *c, const struct fixture *f, const char *stem, const char *alpn);
void raw_client_deinit(struct raw_client *c);
/* Talks until both are silent; the server's first error, or 0. */
int raw_client_talk(struct raw_client *c, struct end *server);

/* Signs stem.pem with the fixture's authority. names, use: as in openssl.cnf (subjectAltName,
 * extendedKeyUsage), or NULL. */
void raw_issue(const struct fixture *f, const char *stem, const char *names, const char *use);

#endif
