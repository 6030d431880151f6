/* What OpenSSH's server says, of the versions 5 to 9.8 and later. */
#include "program.h"

enum { AUTH_PROTOCOL_KERBEROS = 2, AUTH_PROTOCOL_OTHER = 99 };

/* The longer pattern of two with the same beginning stands first. */
static const struct rule RULES[] = {
    {"Accepted %M for %U from %I port %P%*", LOGON, NULL},
    {"Failed none for invalid user %U from %I port %P%*", AUTH_PROBE, "no credentials offered, invalid user"},
    {"Failed none for %U from %I port %P%*", AUTH_PROBE, "no credentials offered"},
    {"Failed %M for invalid user %U from %I port %P%*", LOGON_FAILED, "invalid user"},
    {"Failed %M for %U from %I port %P%*", LOGON_FAILED, "credentials refused"},
    {"Postponed %M for invalid user %U from %I port %P%*", AUTH_OTHER, "authentication goes on"},
    {"Postponed %M for %U from %I port %P%*", AUTH_OTHER, "authentication goes on"},
    {"Partial %M for %U from %I port %P%*", AUTH_OTHER, "authentication goes on"},
    {"Invalid user %U from %I port %P", AUTH_PROBE, "invalid user"},
    {"Invalid user %U from %I", AUTH_PROBE, "invalid user"},
    {"input_userauth_request: invalid user %U", AUTH_PROBE, "invalid user"},
    {"User %U from %I not allowed because %D", AUTH_PROBE, NULL},
    {"PAM: %D for illegal user %U from %I", AUTH_PROBE, NULL},
    {"PAM: %D for %U from %I", AUTH_PROBE, NULL},
    {"PAM service(sshd) ignoring max retries; %*", AUTH_SUSPECT, "too many tries"},
    {"maximum authentication attempts exceeded for invalid user %U from %I port %P%*", AUTH_SUSPECT,
     "maximum authentication attempts exceeded"},
    {"maximum authentication attempts exceeded for %U from %I port %P%*", AUTH_SUSPECT,
     "maximum authentication attempts exceeded"},
    {"Disconnecting: Too many authentication failures for %U", AUTH_SUSPECT,
     "too many authentication failures"},
    {"Disconnecting: %D", AUTH_OTHER, NULL},
    {"Disconnected from user %U %I port %P", AUTH_OTHER, "disconnected"},
    {"Disconnected from %I port %P", AUTH_OTHER, "disconnected"},
    {"Received disconnect from %I port %P:%C: %D", AUTH_OTHER, NULL},
    {"Received disconnect from %I: %C: %D", AUTH_OTHER, NULL},
    {"Connection closed by %I port %P", AUTH_OTHER, "connection closed"},
    {"Connection closed by %I", AUTH_OTHER, "connection closed"},
    {"Connection reset by %I port %P", AUTH_OTHER, "connection reset"},
    {"Connection reset by %I", AUTH_OTHER, "connection reset"},
    {"Connection from %I port %P%*", AUTH_OTHER, "connection opened"},
    {"Timeout before authentication for %I port %P%*", AUTH_PROBE, "timed out before authentication"},
    {"Did not receive identification string from %I port %P", AUTH_PROBE, "no identification"},
    {"Did not receive identification string from %I", AUTH_PROBE, "no identification"},
    {"Bad protocol version identification %Q from %I port %P", AUTH_PROBE, "not SSH"},
    {"banner exchange: Connection from %I port %P: %D", AUTH_PROBE, NULL},
    {"ssh_dispatch_run_fatal: Connection from %I port %P: %D", AUTH_PROBE, NULL},
    {"Unable to negotiate with %I port %P: %D", AUTH_PROBE, NULL},
    {"reverse mapping checking getaddrinfo for %H [%I] failed%*", AUTH_SUSPECT, "reverse mapping failed"},
    {"Address %I maps to %H, but this does not map back to the address%*", AUTH_SUSPECT,
     "reverse mapping failed"},
    {NULL, AUTH_OTHER, NULL},
};

/* The end of a connection that named a user but never came in: an attempt of its own, or the end of one. */
static const struct rule ENDS[] = {
    {"Connection closed by invalid user %U %I port %P", LOGON_FAILED,
     "invalid user, closed before authentication"},
    {"Connection closed by authenticating user %U %I port %P", LOGON_FAILED, "closed before authentication"},
    {"Connection reset by invalid user %U %I port %P", LOGON_FAILED,
     "invalid user, reset before authentication"},
    {"Connection reset by authenticating user %U %I port %P", LOGON_FAILED, "reset before authentication"},
    {"Disconnected from invalid user %U %I port %P", LOGON_FAILED,
     "invalid user, left before authentication"},
    {"Disconnected from authenticating user %U %I port %P", LOGON_FAILED, "left before authentication"},
    {"Disconnecting invalid user %U %I port %P: %D", LOGON_FAILED, NULL},
    {"Disconnecting authenticating user %U %I port %P: %D", LOGON_FAILED, NULL},
    {NULL, AUTH_OTHER, NULL},
};

static void describe(struct draft *d, const struct program *program, const struct parse_match *match)
{
    struct vd_bytes method = match->captures[CAPTURE_METHOD];
    program_describe_login(d, program);
    if (method.len == 0)
        return;
    d->event.auth_protocol_id = parse_starts(method, "gssapi") ? AUTH_PROTOCOL_KERBEROS : AUTH_PROTOCOL_OTHER;
    draft_unmapped(d, "auth_protocol", method);
}

static uint32_t *failed_slot(struct draft *d, uint32_t pid)
{
    return &d->parse->failed_pids[pid % VD_PARSE_FAILED_MAX];
}

static bool read_end(struct draft *d, const struct program *program, const struct message *m,
                     struct vd_bytes text)
{
    struct parse_match match;
    if (draft_apply(d, ENDS, text, &match) == NULL)
        return false;
    uint32_t *slot = failed_slot(d, m->pid);
    if (m->pid != 0 && *slot == m->pid) {
        draft_outcome(d, AUTH_PROBE, NULL);
        /* What follows of this process, if its number comes round, is another connection. */
        *slot = 0;
    }
    describe(d, program, &match);
    return true;
}

/* "PAM 5 more authentication failures; logname= …": they were said one by one before. */
static bool read_more_failures(struct draft *d, const struct program *program, struct vd_bytes text)
{
    struct parse_match match;
    if (!parse_match("PAM %N more authentication failure%D; %*", text, &match))
        return false;
    draft_outcome(d, AUTH_PROBE, "more authentication failures");
    draft_unmapped(d, "pam.failures", match.captures[CAPTURE_COUNT]);
    pam_read_pairs(d, text);
    program_describe_login(d, program);
    return true;
}

bool sshd_read(struct draft *d, const struct program *program, const struct message *m)
{
    static const char PREAUTH[] = " [preauth]";
    struct vd_bytes text = m->text;
    struct parse_match match;
    size_t len = sizeof PREAUTH - 1;
    if (text.len > len && memcmp(text.data + text.len - len, PREAUTH, len) == 0)
        text.len -= len;
    parse_skip(&text, "error: ");
    parse_skip(&text, "fatal: ");
    const struct rule *rule = draft_apply(d, RULES, text, &match);
    if (rule == NULL)
        return read_end(d, program, m, text) || read_more_failures(d, program, text);
    if (rule->outcome == LOGON_FAILED || rule->outcome == LOGON)
        *failed_slot(d, m->pid) = rule->outcome == LOGON ? 0 : m->pid;
    describe(d, program, &match);
    return true;
}
