/* vedette identity: makes a certificate authority, and certificates for agents and collectors. */
#include "commands.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <vedette/error.h>
#include <vedette/pki.h>

#include "number.h"

enum { AUTHORITY_DAYS = 3650, CERTIFICATE_DAYS = 365, DAYS_MAX = 36500, STEM_BYTES = 3 * VD_NAME_BYTES };
enum {
    KEY_DIR = 'd',
    KEY_DAYS = 'n',
    KEY_TRUST_DOMAIN = 't',
    KEY_TENANT = 'T',
    KEY_UNIT = 'U',
    KEY_NAME = 'N'
};

struct request {
    const char *dir, *trust_domain, *tenant, *unit, *name;
    int days;
};

/* Names are checked where they come in, so that an error can tell which one is wrong. */
static const char *name_of(struct argp_state *state, const char *option, const char *text)
{
    if (!vd_name_valid(text))
        argp_error(state, "--%s \"%s\": names are 1 to 64 of A-Z a-z 0-9 . _ -", option, text);
    return text;
}

/* Shared by the subcommands; argp knows from its table which options each of them has. */
static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct request *request = state->input;
    switch (key) {
    case KEY_DIR:
        request->dir = arg;
        break;
    case KEY_DAYS:
        request->days = (int)number_of(state, "days", arg, 1, DAYS_MAX);
        break;
    case KEY_TRUST_DOMAIN:
        if (!vd_trust_domain_valid(arg))
            argp_error(state, "--trust-domain \"%s\": must be 1 to 255 of a-z 0-9 . _ -", arg);
        request->trust_domain = arg;
        break;
    case KEY_TENANT:
        request->tenant = name_of(state, "tenant", arg);
        break;
    case KEY_UNIT:
        request->unit = name_of(state, "unit", arg);
        break;
    case KEY_NAME:
        request->name = name_of(state, "name", arg);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

#define OPTION_DIR                                                                                           \
    {                                                                                                        \
        "dir", KEY_DIR, "DIR", 0, "Where the authority is (needed)", 0                                       \
    }
#define OPTION_DAYS                                                                                          \
    {                                                                                                        \
        "days", KEY_DAYS, "N", 0, "Days that the certificate is valid", 0                                    \
    }
#define OPTION_NAME                                                                                          \
    {                                                                                                        \
        "name", KEY_NAME, "NAME", 0, "Its name (needed)", 0                                                  \
    }

static const struct argp_option INIT_OPTIONS[] = {
    OPTION_DIR,
    {"trust-domain", KEY_TRUST_DOMAIN, "DOMAIN", 0,
     "What all names are under, such as vedette.example.org (needed)", 0},
    OPTION_DAYS,
    {0}};
static const struct argp_option AGENT_OPTIONS[] = {
    OPTION_DIR,
    {"tenant", KEY_TENANT, "TENANT", 0, "The enterprise the host belongs to (needed)", 0},
    {"unit", KEY_UNIT, "UNIT", 0, "A part of an enterprise that is too large for one shard", 0},
    OPTION_NAME,
    OPTION_DAYS,
    {0}};
static const struct argp_option COLLECTOR_OPTIONS[] = {OPTION_DIR, OPTION_NAME, OPTION_DAYS, {0}};

static int sysexit_of(int error)
{
    switch (error) {
    case VD_EINVAL:
    case VD_ELIMIT:
        return EX_USAGE;
    case VD_ENOTFOUND:
        return EX_NOINPUT;
    case VD_EMALFORMED:
    case VD_EIDENTITY:
        return EX_DATAERR;
    case VD_EEXISTS:
        return EX_CANTCREAT;
    case VD_EPERM:
        return EX_NOPERM;
    case VD_EIO:
    case VD_EFULL:
        return EX_IOERR;
    default:
        return EX_SOFTWARE;
    }
}

static int fail(int error, const char *text)
{
    fprintf(stderr, "vedette identity: %s\n", text);
    return sysexit_of(error);
}

/* The folder is made private: the authority's key will lie in it. */
static int make_authority(const struct request *request)
{
    char error[VD_TLS_ERROR_BYTES];
    if (mkdir(request->dir, 0700) != 0 && errno != EEXIST) {
        snprintf(error, sizeof error, "cannot make %s: %s", request->dir, strerror(errno));
        return fail(vd_error_from_errno(errno), error);
    }
    int rc = vd_pki_authority_make(request->dir, request->trust_domain, request->days, error);
    if (rc != 0)
        return fail(rc, error);
    printf("Authority of %s, valid for %d days:\n"
           "  %s/ca.pem  for every agent and every collector (tls: ca)\n"
           "  %s/ca.key  keep it secret, and off the collectors: whoever has it can be anyone\n",
           request->trust_domain, request->days, request->dir, request->dir);
    return EX_OK;
}

static int issue(const struct request *request, const struct vd_identity *identity, const char *stem)
{
    char error[VD_TLS_ERROR_BYTES], trust_domain[VD_TRUST_DOMAIN_BYTES], uri[VD_IDENTITY_URI_BYTES];
    struct vd_pki_request issued = {.identity = *identity, .file_stem = stem, .days = request->days};
    int rc = vd_pki_authority_trust_domain(request->dir, trust_domain, error);
    if (rc == 0)
        rc = vd_pki_issue(request->dir, &issued, error);
    if (rc != 0)
        return fail(rc, error);
    vd_identity_uri(identity, trust_domain, uri);
    const char *dir = request->dir,
               *whose = identity->kind == VD_IDENTITY_AGENT ? "agent's host" : "collector's host";
    printf("%s, valid for %d days:\n"
           "  %s/%s.pem  to the %s (tls: certificate)\n"
           "  %s/%s.key  to the %s, readable by its user only (tls: key)\n"
           "  %s/ca.pem  beside them (tls: ca)\n",
           uri, request->days, dir, stem, whose, dir, stem, whose, dir);
    return EX_OK;
}

static int make_agent(const struct request *request)
{
    char stem[STEM_BYTES];
    struct vd_identity identity = {.kind = VD_IDENTITY_AGENT};
    snprintf(identity.tenant, VD_NAME_BYTES, "%s", request->tenant);
    snprintf(identity.unit, VD_NAME_BYTES, "%s", request->unit == NULL ? "" : request->unit);
    snprintf(identity.name, VD_NAME_BYTES, "%s", request->name);
    snprintf(stem, sizeof stem, "agent-%s-%s", request->tenant, request->name);
    return issue(request, &identity, stem);
}

static int make_collector(const struct request *request)
{
    char stem[STEM_BYTES];
    struct vd_identity identity = {.kind = VD_IDENTITY_COLLECTOR};
    snprintf(identity.name, VD_NAME_BYTES, "%s", request->name);
    snprintf(stem, sizeof stem, "collector-%s", request->name);
    return issue(request, &identity, stem);
}

static const struct subcommand {
    const char *name, *doc;
    const struct argp_option *options;
    int days;
    int (*run)(const struct request *request);
} SUBCOMMANDS[] = {
    {"init", "Makes an authority: DIR/ca.pem and DIR/ca.key.", INIT_OPTIONS, AUTHORITY_DAYS, make_authority},
    {"agent", "Issues an agent's certificate: DIR/agent-TENANT-NAME.pem and .key.", AGENT_OPTIONS,
     CERTIFICATE_DAYS, make_agent},
    {"collector", "Issues a collector's certificate: DIR/collector-NAME.pem and .key.", COLLECTOR_OPTIONS,
     CERTIFICATE_DAYS, make_collector},
};

/* argp has no mandatory options. */
static const char *missing_option(const struct subcommand *command, const struct request *request)
{
    if (request->dir == NULL)
        return "--dir";
    if (command->options == INIT_OPTIONS)
        return request->trust_domain == NULL ? "--trust-domain" : NULL;
    if (command->options == AGENT_OPTIONS && request->tenant == NULL)
        return "--tenant";
    return request->name == NULL ? "--name" : NULL;
}

static int run(const struct subcommand *command, int argc, char **argv)
{
    struct request request = {.days = command->days};
    const struct argp argp = {.options = command->options, .parser = parse_option, .doc = command->doc};
    char title[64];
    snprintf(title, sizeof title, "vedette identity %s", command->name);
    argv[0] = title; /* what argp calls the program */
    argp_err_exit_status = EX_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &request) != 0)
        return EX_USAGE;
    const char *missing = missing_option(command, &request);
    if (missing == NULL)
        return command->run(&request);
    fprintf(stderr, "%s: %s is needed; see --help\n", title, missing);
    return EX_USAGE;
}

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: vedette identity COMMAND --dir DIR [OPTION...]\n\n"
                 "Makes the certificates that agents and collectors know one another by.\n\n");
    for (size_t i = 0; i < sizeof SUBCOMMANDS / sizeof *SUBCOMMANDS; i++)
        fprintf(out, "  %-10s %s\n", SUBCOMMANDS[i].name, SUBCOMMANDS[i].doc);
    fprintf(out, "\nvedette identity COMMAND --help tells the options.\n");
    return code;
}

int identity_main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EX_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return usage(stdout, EX_OK);
    for (size_t i = 0; i < sizeof SUBCOMMANDS / sizeof *SUBCOMMANDS; i++) {
        if (strcmp(argv[1], SUBCOMMANDS[i].name) == 0)
            return run(&SUBCOMMANDS[i], argc - 1, argv + 1);
    }
    fprintf(stderr, "vedette identity: no command \"%s\"\n\n", argv[1]);
    return usage(stderr, EX_USAGE);
}
