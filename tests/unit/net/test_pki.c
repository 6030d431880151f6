/* The authority's files, and contexts made of good and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "fixture.h"

static char error[VD_TLS_ERROR_BYTES];

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 0777;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_modes(void **state)
{
    const struct fixture *f = *state;
    static const char *const KEYS[] = {"ca.key", "agent.key", "collector.key"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mode_of(fixture_path(f, KEYS[i])), 0600);
    assert_int_equal(mode_of(fixture_path(f, "ca.pem")) & 0444, 0444);
    assert_int_equal(mode_of(fixture_path(f, "agent.pem")) & 0111, 0);
}

static void test_nothing_is_overwritten(void **state)
{
    const struct fixture *f = *state;
    assert_int_equal(vd_pki_authority_make(f->dir, TRUST_DOMAIN, 30, error), VD_EEXISTS);
    assert_non_null(strstr(error, "ca.key"));
    struct vd_pki_request request = {
        .identity = {VD_IDENTITY_COLLECTOR, "", "", "c"}, .file_stem = "collector", .days = 3};
    assert_int_equal(vd_pki_issue(f->dir, &request, error), VD_EEXISTS);
    /* A certificate that is in the way leaves no lonely key behind. */
    write_file(fixture_path(f, "half.pem"), "mine");
    request.file_stem = "half";
    assert_int_equal(vd_pki_issue(f->dir, &request, error), VD_EEXISTS);
    assert_int_not_equal(access(fixture_path(f, "half.key"), F_OK), 0);
}

static void test_into_another_folder(void **state)
{
    const struct fixture *f = *state;
    char into[128];
    snprintf(into, sizeof into, "%s", fixture_path(f, "elsewhere"));
    struct vd_pki_request request = {
        .identity = {VD_IDENTITY_COLLECTOR, "", "", "c"}, .into = into, .file_stem = "away", .days = 3};
    assert_int_equal(vd_pki_issue(f->dir, &request, error), VD_ENOTFOUND);
    assert_non_null(strstr(error, "elsewhere/away.key"));
    assert_int_equal(mkdir(into, 0700), 0);
    assert_int_equal(vd_pki_issue(f->dir, &request, error), 0);
    assert_int_equal(mode_of(fixture_path(f, "elsewhere/away.key")), 0600);
    assert_int_not_equal(access(fixture_path(f, "away.pem"), F_OK), 0);
}

static void test_trust_domain_of_the_authority(void **state)
{
    const struct fixture *f = *state;
    char trust_domain[VD_TRUST_DOMAIN_BYTES];
    assert_int_equal(vd_pki_authority_trust_domain(f->dir, trust_domain, error), 0);
    assert_string_equal(trust_domain, TRUST_DOMAIN);
    assert_int_equal(vd_pki_authority_trust_domain("/nonexistent", trust_domain, error), VD_ENOTFOUND);
    assert_string_equal(error, "cannot read /nonexistent/ca.pem: No such file or directory");
    assert_int_equal(vd_pki_authority_make(f->dir, "Not A Domain", 30, error), VD_EINVAL);
}

static void test_bad_requests(void **state)
{
    const struct fixture *f = *state;
    const struct vd_identity collector = {VD_IDENTITY_COLLECTOR, "", "", "c"};
    const struct {
        struct vd_pki_request request;
        int error;
    } BAD[] = {
        {{.identity = {VD_IDENTITY_AGENT, "", "", "a"}, .file_stem = "bad", .days = 3}, VD_EINVAL},
        {{.identity = {VD_IDENTITY_AGENT, "t", "", "a/b"}, .file_stem = "bad", .days = 3}, VD_EINVAL},
        {{.identity = {0}, .file_stem = "bad", .days = 3}, VD_EINVAL},
        {{.identity = collector, .file_stem = "../bad", .days = 3}, VD_EINVAL},
        {{.identity = collector, .file_stem = "", .days = 3}, VD_EINVAL},
        {{.identity = collector, .file_stem = "bad", .days = 3, .trust_domain = "other.test"}, VD_EINVAL},
        {{.identity = collector, .file_stem = "bad", .days = 300}, VD_ELIMIT},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(vd_pki_issue(f->dir, &BAD[i].request, error), BAD[i].error);
        assert_true(strlen(error) > 0);
        assert_int_not_equal(access(fixture_path(f, "bad.key"), F_OK), 0);
    }
    assert_string_equal(error, "it would outlive the authority, which has 29 days left");
}

static void test_context_knows_itself(void **state)
{
    const struct fixture *f = *state;
    const struct vd_identity *id = vd_tls_context_identity(f->client);
    assert_int_equal(id->kind, VD_IDENTITY_AGENT);
    assert_string_equal(id->tenant, "t");
    assert_string_equal(id->name, "agent");
    int64_t left_ms = vd_tls_context_expires_ms(f->client) - vd_clock_real_ms();
    assert_in_range(left_ms / 1000, 3 * 86400 - 3600 - 60, 3 * 86400 - 3600 + 60);
}

static void expect_context_error(const struct fixture *f, const struct vd_tls_options *options, int code,
                                 const char *text)
{
    struct vd_tls_context *context;
    (void)f;
    assert_int_equal(vd_tls_context_new(&context, options, error), code);
    assert_null(context);
    if (strstr(error, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error, text);
}

static void test_bad_contexts(void **state)
{
    const struct fixture *f = *state;
    char agent[256], agent_key[256], ca[256], path[256];
    snprintf(agent, sizeof agent, "%s", fixture_path(f, "agent.pem"));
    snprintf(agent_key, sizeof agent_key, "%s", fixture_path(f, "agent.key"));
    snprintf(ca, sizeof ca, "%s", fixture_path(f, "ca.pem"));
    const struct vd_tls_options good = {
        .certificate = agent, .key = agent_key, .ca = ca, .trust_domain = TRUST_DOMAIN};
    struct vd_tls_options o = good;

    o.certificate = "/nonexistent.pem";
    expect_context_error(f, &o, VD_ENOTFOUND, "cannot read certificate /nonexistent.pem: No such file");
    o = good, o.key = "/nonexistent.key";
    expect_context_error(f, &o, VD_ENOTFOUND, "cannot read key /nonexistent.key: No such file");
    o = good, o.ca = "/nonexistent.pem";
    expect_context_error(f, &o, VD_ENOTFOUND, "cannot read authority /nonexistent.pem");
    snprintf(path, sizeof path, "%s", fixture_path(f, "garbage"));
    write_file(path, "garbage\n");
    o = good, o.certificate = path;
    expect_context_error(f, &o, VD_ETLS, path);
    o = good, o.key = path;
    expect_context_error(f, &o, VD_ETLS, path);
    o = good, o.ca = path;
    expect_context_error(f, &o, VD_ETLS, path);
    o = good, o.key = fixture_path(f, "collector.key");
    expect_context_error(f, &o, VD_ETLS, "does not belong to certificate");
    o = good, o.server = true;
    expect_context_error(f, &o, VD_EIDENTITY,
                         "the certificate of an agent, where that of a collector is needed");
    o = good, o.trust_domain = "other.test";
    expect_context_error(f, &o, VD_EIDENTITY, "no identity of our trust domain (other.test)");
    o = good, o.trust_domain = "";
    expect_context_error(f, &o, VD_EINVAL, "is no trust domain");
    o = good, o.certificate = ca, o.key = fixture_path(f, "ca.key");
    expect_context_error(f, &o, VD_EIDENTITY, "no identity of our trust domain");
    fixture_issue(f, VD_IDENTITY_AGENT, "old", -2);
    o = good, o.certificate = fixture_path(f, "old.pem"), o.key = fixture_path(f, "old.key");
    struct vd_tls_context *old, *valid;
    assert_int_equal(vd_tls_context_new(&valid, &good, error), 0);
    int64_t end_ms = vd_tls_context_expires_ms(valid);
    assert_null(vd_tls_context_fault(valid, end_ms - 1));
    assert_string_equal(vd_tls_context_fault(valid, end_ms), "certificate has expired");
    assert_string_equal(vd_tls_context_fault(valid, 0), "certificate is not valid yet");
    o.current = valid;
    expect_context_error(f, &o, VD_ETLS, "old.pem: certificate has expired");
    o.current = NULL; /* to start with it is good enough, and so is it in place of another such */
    assert_int_equal(vd_tls_context_new(&old, &o, error), 0);
    vd_tls_context_unref(valid);
    o.current = old;
    assert_int_equal(vd_tls_context_new(&valid, &o, error), 0);
    vd_tls_context_unref(valid);
    vd_tls_context_unref(old);
    vd_memory_fail_at(1);
    expect_context_error(f, &good, VD_ENOMEM, "out of memory");
}

/* A SIGHUP swaps contexts while connections still use the old one. */
static void test_context_outlives_its_owner(void **state)
{
    struct vd_tls_context *context;
    struct end e;
    assert_int_equal(fixture_context(*state, false, "agent", "ca.pem", &context, error), 0);
    end_init(&e, context);
    vd_tls_context_unref(context);
    assert_int_equal(vd_tls_start(e.tls), 0);
    assert_true(vd_buffer_len(&e.cipher) > 0);
    end_deinit(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_nothing_is_overwritten),
        cmocka_unit_test(test_into_another_folder),
        cmocka_unit_test(test_trust_domain_of_the_authority),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_context_knows_itself),
        cmocka_unit_test(test_bad_contexts),
        cmocka_unit_test(test_context_outlives_its_owner),
    };
    umask(022);
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
