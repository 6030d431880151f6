/* Certificates in a folder of their own, and two TLS ends that talk through memory. */
#ifndef VEDETTE_TEST_NET_FIXTURE_H
#define VEDETTE_TEST_NET_FIXTURE_H

#include <vedette/buffer.h>
#include <vedette/pki.h>
#include <vedette/tls.h>

#define TRUST_DOMAIN "vedette.test"

struct fixture {
    char dir[64];
    struct vd_tls_context *server, *client;
};

/* For cmocka: an authority, agent "a" of tenant "t" in unit "u" (agent.pem), collector "c" (collector.pem).
 */
int fixture_make(void **state);
int fixture_remove(void **state);
/* Another certificate of the fixture's authority; stem is also its name. */
void fixture_issue(const struct fixture *f, enum vd_identity_kind kind, const char *stem, int days);
/* A path in the folder; valid until the next-but-three call. */
const char *fixture_path(const struct fixture *f, const char *name);
/* A context of the certificate stem, believing the authority ca ("ca.pem"). */
int fixture_context(const struct fixture *f, bool server, const char *stem, const char *ca,
                    struct vd_tls_context **out, char *error);
/* An authority and the certificate stem of it, in the folder "other" under the fixture's. */
void fixture_other_authority(const struct fixture *f, const char *trust_domain, enum vd_identity_kind kind,
                             const char *stem);

/* One end: what it decrypted, what it wants sent. */
struct end {
    struct vd_tls *tls;
    struct vd_buffer plain, cipher;
    int plain_result, cipher_result; /* what its sink says */
};

void end_init(struct end *e, struct vd_tls_context *context);
void end_deinit(struct end *e);
/* Moves from's ciphertext to to, in pieces of step bytes; the first error of to, or 0. */
int end_pass(struct end *from, struct end *to, size_t step);
/* Passes to and fro until both are silent; results as of end_pass. */
struct talk {
    int client, server;
};
struct talk ends_talk(struct end *client, struct end *server, size_t step);

#endif
