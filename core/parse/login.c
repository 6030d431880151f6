/* What su and login say, of util-linux and of the shadow suite. */
#include "program.h"

static const struct rule RULES[] = {
    {"(to %u) %B on %T", LOGON, NULL},
    {"Successful su for %u by %B", LOGON, NULL},
    {"FAILED SU (to %u) %B on %T", LOGON_FAILED, "credentials refused"},
    {"FAILED su for %u by %B", LOGON_FAILED, "credentials refused"},
    {"ROOT LOGIN ON %T FROM %I", LOGON, "root login"},
    {"ROOT LOGIN ON %T", LOGON, "root login"},
    {"ROOT LOGIN  on '%T' from '%I'", LOGON, "root login"},
    {"ROOT LOGIN  on '%T'", LOGON, "root login"},
    {"LOGIN ON %T BY %u FROM %I", LOGON, NULL},
    {"LOGIN ON %T BY %u", LOGON, NULL},
    {"'%u' logged in on '%T' from '%I'", LOGON, NULL},
    {"'%u' logged in on '%T'", LOGON, NULL},
    {"FAILED LOGIN (%#) on '%T' from '%I' FOR '%U', %D", LOGON_FAILED, NULL},
    {"FAILED LOGIN (%#) on '%T' FOR '%U', %D", LOGON_FAILED, NULL},
    {"FAILED LOGIN SESSION FROM %I FOR %U, %D", LOGON_FAILED, NULL},
    {"FAILED LOGIN %# FROM %T FOR %U, %D", LOGON_FAILED, NULL},
    {"TOO MANY LOGIN TRIES (%#) on '%T' from '%I' FOR '%U'", AUTH_SUSPECT, "too many login tries"},
    {"TOO MANY LOGIN TRIES (%#) on '%T' FOR '%U'", AUTH_SUSPECT, "too many login tries"},
    {"TOO MANY LOGIN TRIES (%#) FROM %T FOR %U, %D", AUTH_SUSPECT, "too many login tries"},
    {NULL, AUTH_OTHER, NULL},
};

bool login_read(struct draft *d, const struct program *program, const struct message *m)
{
    struct parse_match match;
    const struct rule *rule = draft_apply(d, RULES, m->text, &match);
    if (rule == NULL)
        return false;
    if (parse_starts(m->text, "ROOT LOGIN"))
        draft_user(d, vd_bytes_str("root"));
    program_describe_login(d, program);
    return true;
}
