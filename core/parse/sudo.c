/* What sudo says: "alice : REASON ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls", the reason
 * only where it refused. The command may hold anything, so the line is read from the front. */
#include "program.h"

/* Reasons for which no command ran. A wrong password is a failed login; the rest are refused privileges. */
static const struct rule REASONS[] = {
    {"%N incorrect password attempt%*", LOGON_FAILED, "incorrect password"},
    {"a password is required", LOGON_FAILED, "a password is required"},
    {"%U NOT in sudoers", PRIVILEGES_REFUSED, "user not in sudoers"},
    {"%U NOT authorized on host", PRIVILEGES_REFUSED, "user not authorized on this host"},
    {"command not allowed", PRIVILEGES_REFUSED, "command not allowed"},
    {"%D", PRIVILEGES_REFUSED, NULL},
    {NULL, AUTH_OTHER, NULL},
};

static void read_pair(struct draft *d, struct vd_bytes pair)
{
    struct vd_bytes key;
    if (!parse_split(&pair, "=", &key))
        return;
    if (parse_is(key, "TTY")) {
        draft_terminal(d, pair);
    } else if (parse_is(key, "PWD")) {
        draft_unmapped(d, "sudo.working_directory", pair);
    } else if (parse_is(key, "GROUP")) {
        draft_unmapped(d, "sudo.group", pair);
    } else if (parse_is(key, "USER") && d->event.n_privileges == 0) {
        d->privileges[0] = draft_string(d, pair);
        d->event.privileges = d->privileges;
        d->event.n_privileges = 1;
    }
}

static void read_pairs(struct draft *d, struct vd_bytes text)
{
    struct vd_bytes pair;
    while (!parse_skip(&text, "COMMAND=")) {
        if (!parse_split(&text, " ; ", &pair)) {
            read_pair(d, text);
            return;
        }
        read_pair(d, pair);
    }
    draft_unmapped(d, "sudo.command", text);
}

bool sudo_read(struct draft *d, const struct program *program, const struct message *m)
{
    struct vd_bytes text = parse_trim(m->text), name, reason;
    struct parse_match match;
    if (!parse_split(&text, " : ", &name) || name.len == 0)
        return false;
    if (parse_starts(text, "(command continued)"))
        return false;
    if (parse_starts(text, "TTY=") || parse_starts(text, "HOST=") || parse_starts(text, "PWD="))
        draft_outcome(d, PRIVILEGES_ASSIGNED, NULL);
    else if (!parse_split(&text, " ; ", &reason) || draft_apply(d, REASONS, reason, &match) == NULL)
        return false;
    draft_user(d, name);
    draft_actor_user(d, name);
    read_pairs(d, text);
    program_describe_login(d, program);
    return true;
}
