/* Makes and removes what the TLS tests share. */
#include "fixture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <vedette/error.h>

const char *fixture_path(const struct fixture *f, const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", f->dir, name);
    return path;
}

static void issue(const char *dir, enum vd_identity_kind kind, const char *stem, int days)
{
    char error[VD_TLS_ERROR_BYTES];
    struct vd_pki_request request = {.identity = {.kind = kind}, .file_stem = stem, .days = days};
    snprintf(request.identity.name, VD_NAME_BYTES, "%s", stem);
    if (kind == VD_IDENTITY_AGENT) {
        snprintf(request.identity.tenant, VD_NAME_BYTES, "t");
        snprintf(request.identity.unit, VD_NAME_BYTES, "u");
    }
    int rc = vd_pki_issue(dir, &request, error);
    if (rc != 0)
        fail_msg("%s", error);
}

void fixture_issue(const struct fixture *f, enum vd_identity_kind kind, const char *stem, int days)
{
    issue(f->dir, kind, stem, days);
}

int fixture_context(const struct fixture *f, bool server, const char *stem, const char *ca,
                    struct vd_tls_context **out, char *error)
{
    char name[96];
    snprintf(name, sizeof name, "%s.pem", stem);
    const char *certificate = fixture_path(f, name);
    snprintf(name, sizeof name, "%s.key", stem);
    struct vd_tls_options options = {.certificate = certificate,
                                     .key = fixture_path(f, name),
                                     .ca = fixture_path(f, ca),
                                     .trust_domain = TRUST_DOMAIN,
                                     .server = server};
    return vd_tls_context_new(out, &options, error);
}

void fixture_other_authority(const struct fixture *f, const char *trust_domain, enum vd_identity_kind kind,
                             const char *stem)
{
    char error[VD_TLS_ERROR_BYTES];
    const char *dir = fixture_path(f, "other");
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(vd_pki_authority_make(dir, trust_domain, 30, error), 0);
    issue(dir, kind, stem, 3);
}

int fixture_make(void **state)
{
    char error[VD_TLS_ERROR_BYTES];
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/vedette-net-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(vd_pki_authority_make(f->dir, TRUST_DOMAIN, 30, error), 0);
    fixture_issue(f, VD_IDENTITY_AGENT, "agent", 3);
    fixture_issue(f, VD_IDENTITY_COLLECTOR, "collector", 3);
    assert_int_equal(fixture_context(f, true, "collector", "ca.pem", &f->server, error), 0);
    assert_int_equal(fixture_context(f, false, "agent", "ca.pem", &f->client, error), 0);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

int fixture_remove(void **state)
{
    struct fixture *f = *state;
    vd_tls_context_unref(f->server);
    vd_tls_context_unref(f->client);
    int rc = nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return rc;
}

static int take_plain(void *arg, struct vd_bytes plain)
{
    struct end *e = arg;
    assert_int_equal(vd_buffer_append(&e->plain, plain.data, plain.len), 0);
    return e->plain_result;
}

static int take_cipher(void *arg, struct vd_bytes cipher)
{
    struct end *e = arg;
    assert_int_equal(vd_buffer_append(&e->cipher, cipher.data, cipher.len), 0);
    return e->cipher_result;
}

void end_init(struct end *e, struct vd_tls_context *context)
{
    *e = (struct end){0};
    vd_buffer_init(&e->plain, 64 << 20);
    vd_buffer_init(&e->cipher, 64 << 20);
    struct vd_tls_sink sink = {.arg = e, .plain = take_plain, .cipher = take_cipher};
    assert_int_equal(vd_tls_new(&e->tls, context, sink), 0);
}

void end_deinit(struct end *e)
{
    vd_tls_free(e->tls);
    vd_buffer_deinit(&e->plain);
    vd_buffer_deinit(&e->cipher);
}

int end_pass(struct end *from, struct end *to, size_t step)
{
    int rc = 0;
    while (rc == 0 && vd_buffer_len(&from->cipher) > 0) {
        struct vd_bytes piece = vd_buffer_bytes(&from->cipher);
        if (piece.len > step)
            piece.len = step;
        rc = vd_tls_receive(to->tls, piece);
        vd_buffer_consume(&from->cipher, piece.len);
    }
    vd_buffer_clear(&from->cipher);
    return rc;
}

struct talk ends_talk(struct end *client, struct end *server, size_t step)
{
    struct talk result = {0, 0};
    while (vd_buffer_len(&client->cipher) + vd_buffer_len(&server->cipher) > 0) {
        int rc = end_pass(client, server, step);
        if (result.server == 0)
            result.server = rc;
        rc = end_pass(server, client, step);
        if (result.client == 0)
            result.client = rc;
    }
    return result;
}
