/* What PAM's modules say on behalf of any program: "pam_unix(sshd:auth): authentication failure; …
 * user=root". */
#include "program.h"

/* What a program says itself as well is an echo (program.h); elsewhere PAM's line is the only one. */
struct pam_rule {
    struct rule rule;
    enum outcome echo;
};

static const struct pam_rule RULES[] = {
    {{"session opened for user %u(uid=%i) by %B(uid=%*", LOGON, "session opened"}, AUTH_OTHER},
    {{"session opened for user %u(uid=%i) by %*", LOGON, "session opened"}, AUTH_OTHER},
    {{"session opened for user %U by %B(uid=%*", LOGON, "session opened"}, AUTH_OTHER},
    {{"session opened for user %U by %*", LOGON, "session opened"}, AUTH_OTHER},
    {{"session closed for user %U", LOGOFF, "session closed"}, LOGOFF},
    {{"authentication failure; %*", LOGON_FAILED, "authentication failure"}, AUTH_PROBE},
    {{"authentication success; %*", AUTH_OTHER, "authentication success"}, AUTH_OTHER},
    {{"check pass; user unknown", AUTH_PROBE, "user unknown"}, AUTH_PROBE},
    {{"could not identify user (from getpwnam(%U))", AUTH_PROBE, "user unknown"}, AUTH_PROBE},
    {{"account %u has expired%*", AUTH_PROBE, "account expired"}, AUTH_PROBE},
    {{"expired password for user %u%*", AUTH_PROBE, "password expired"}, AUTH_PROBE},
    {{"Consecutive login failures for user %U account temporarily locked", ACCOUNT_LOCKED,
      "temporarily locked"},
     ACCOUNT_LOCKED},
    {{"password changed for %u", ACCOUNT_PASSWORD_CHANGED, NULL}, ACCOUNT_PASSWORD_CHANGED},
    {{"user \"%U\" %D", AUTH_OTHER, NULL}, AUTH_OTHER},
    {{NULL, AUTH_OTHER, NULL}, AUTH_OTHER},
};

void pam_read_pairs(struct draft *d, struct vd_bytes pairs)
{
    struct vd_bytes before, word;
    /* "user=" stands last and is the peer's choice: it is the rest. So may "ruser=" be, before: where there
     * are two addresses, nobody can say which of the two names forges the other. */
    if (parse_split(&pairs, " rhost=", &before)) {
        struct vd_bytes rest = pairs;
        if (parse_split(&rest, " rhost=", &word))
            return;
        word = pairs;
        if (parse_split(&pairs, " ", &word))
            draft_user(d, parse_skip(&pairs, " user=") ? pairs : (struct vd_bytes){0});
        draft_source(d, word);
        pairs = before;
    }
    if (parse_split(&pairs, " tty=", &before)) {
        word = pairs;
        parse_split(&pairs, " ", &word);
        draft_terminal(d, word);
        if (parse_split(&pairs, "ruser=", &before))
            draft_actor_user(d, parse_trim(pairs));
    }
}

/* Takes "pam_unix(sshd:auth): " off the text; service is what stands between "(" and ":". */
static bool take_module(struct vd_bytes *text, struct vd_bytes *service)
{
    struct vd_bytes rest = *text, module, type;
    if (!parse_split(&rest, "(", &module) || !parse_split(&rest, "): ", &type) ||
        memchr(module.data, ' ', module.len) != NULL || !parse_split(&type, ":", service))
        return false;
    *text = rest;
    return true;
}

bool pam_read(struct draft *d, const struct message *m)
{
    struct vd_bytes text = m->text, service;
    struct parse_match match;
    if (!take_module(&text, &service))
        return false;
    const struct program *program = program_find(service);
    for (const struct pam_rule *r = RULES; r->rule.pattern != NULL; r++) {
        const struct rule one[] = {r->rule, {NULL, AUTH_OTHER, NULL}};
        if (draft_apply(d, one, text, &match) == NULL)
            continue;
        if (program != NULL && program->logs_logins)
            draft_outcome(d, r->echo, r->rule.detail);
        if (parse_starts(text, "authentication "))
            pam_read_pairs(d, text);
        if (program != NULL && program->service != NULL)
            program_describe_login(d, program);
        else
            draft_service(d, draft_string(d, service));
        return true;
    }
    return false;
}
