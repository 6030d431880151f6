/* vedette identity, called as the program calls it; each command in a child, for argp exits on errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../tools/commands.h"
#include "fixture.h"

static char output[8192];

/* The exit code of `vedette identity ARG...`; what it printed is in `output`. */
static int identity(const char *const *args)
{
    int pipe_fds[2], status;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        char *argv[16] = {"identity"};
        int argc = 1;
        for (; args[argc - 1] != NULL; argc++)
            argv[argc] = (char *)args[argc - 1];
        dup2(pipe_fds[1], STDOUT_FILENO);
        dup2(pipe_fds[1], STDERR_FILENO);
        int code = identity_main(argc, argv);
        fflush(stdout);
        _exit(code);
    }
    close(pipe_fds[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(pipe_fds[0], output + len, sizeof output - 1 - len)) > 0;)
        len += (size_t)got;
    output[len] = '\0';
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define IDENTITY(...) identity((const char *const[]){__VA_ARGS__, NULL})

static void expect_output(const char *text)
{
    if (strstr(output, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, output);
}

static void test_the_whole_way(void **state)
{
    struct fixture *f = *state;
    char dir[128];
    snprintf(dir, sizeof dir, "%s", fixture_path(f, "made"));
    char error[VD_TLS_ERROR_BYTES];
    struct vd_tls_context *context;
    assert_int_equal(IDENTITY("init", "--dir", dir, "--trust-domain", TRUST_DOMAIN, "--days", "400"), EX_OK);
    expect_output("ca.key");
    assert_int_equal(
        IDENTITY("agent", "--dir", dir, "--tenant", "acme", "--unit", "north", "--name", "web-1"), EX_OK);
    expect_output("spiffe://" TRUST_DOMAIN "/tenant/acme/unit/north/agent/web-1");
    expect_output("agent-acme-web-1.key");
    assert_int_equal(IDENTITY("collector", "--dir", dir, "--name", "c1", "--days", "3"), EX_OK);
    assert_int_equal(fixture_context(f, false, "made/agent-acme-web-1", "made/ca.pem", &context, error), 0);
    assert_string_equal(vd_tls_context_identity(context)->unit, "north");
    vd_tls_context_unref(context);
    assert_int_equal(fixture_context(f, true, "made/collector-c1", "made/ca.pem", &context, error), 0);
    vd_tls_context_unref(context);

    assert_int_equal(IDENTITY("init", "--dir", dir, "--trust-domain", TRUST_DOMAIN), EX_CANTCREAT);
    expect_output("exists already");
    assert_int_equal(IDENTITY("collector", "--dir", dir, "--name", "c1"), EX_CANTCREAT);
    assert_int_equal(IDENTITY("collector", "--dir", dir, "--name", "c2", "--days", "4000"), EX_USAGE);
    expect_output("outlive the authority");
}

static void test_mistakes(void **state)
{
    const char *dir = fixture_path(*state, "mistakes");
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(identity((const char *const[]){NULL}), EX_USAGE);
    expect_output("Usage: vedette identity");
    assert_int_equal(IDENTITY("frobnicate"), EX_USAGE);
    expect_output("no command \"frobnicate\"");
    assert_int_equal(IDENTITY("init", "--trust-domain", TRUST_DOMAIN), EX_USAGE);
    expect_output("--dir is needed");
    assert_int_equal(IDENTITY("init", "--dir", dir), EX_USAGE);
    expect_output("--trust-domain is needed");
    assert_int_equal(IDENTITY("init", "--dir", dir, "--trust-domain", "Not-Good"), EX_USAGE);
    assert_int_equal(IDENTITY("init", "--dir", dir, "--trust-domain", TRUST_DOMAIN, "--days", "0"), EX_USAGE);
    assert_int_equal(IDENTITY("init", "--dir", dir, "--trust-domain", TRUST_DOMAIN, "--days", "1x"),
                     EX_USAGE);
    expect_output("--days 1x: must be a number from 1 to 36500");
    assert_int_equal(IDENTITY("init", "--dir", "/proc/nonexistent", "--trust-domain", TRUST_DOMAIN),
                     EX_NOINPUT);
    assert_int_equal(IDENTITY("agent", "--dir", dir, "--name", "a"), EX_USAGE);
    expect_output("--tenant is needed");
    assert_int_equal(IDENTITY("agent", "--dir", dir, "--tenant", "t", "--name", "a b"), EX_USAGE);
    expect_output("--name \"a b\"");
    assert_int_equal(IDENTITY("agent", "--dir", dir, "--tenant", "t", "--name", "a", "more"), EX_USAGE);
    expect_output("unexpected argument \"more\"");
    assert_int_equal(IDENTITY("agent", "--dir", dir, "--tenant", "t", "--name", "a"), EX_NOINPUT);
    expect_output("ca.pem: No such file");
    assert_int_equal(IDENTITY("collector", "--dir", dir, "--nmae", "a"), EX_USAGE);
}

static void test_help(void **state)
{
    (void)state;
    assert_int_equal(IDENTITY("--help"), EX_OK);
    expect_output("collector");
    assert_int_equal(IDENTITY("agent", "--help"), EX_OK);
    expect_output("--tenant");
    expect_output("Usage: vedette identity agent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_way),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_remove);
}
