/* What systemd-logind says: sessions by number. Who came in and how is said by the program that let them in,
 * so that these are no logons of their own. */
#include "program.h"

static const struct rule RULES[] = {
    {"New session %S of user %u.", AUTH_OTHER, "session opened"},
    {"New session '%S' of user '%u' with class '%D' and type '%*", AUTH_OTHER, "session opened"},
    {"Removed session %S.", AUTH_OTHER, "session removed"},
    {"Session %S logged out. Waiting for processes to exit.", AUTH_OTHER, "session logged out"},
    {NULL, AUTH_OTHER, NULL},
};

bool logind_read(struct draft *d, const struct program *program, const struct message *m)
{
    struct parse_match match;
    if (draft_apply(d, RULES, m->text, &match) == NULL)
        return false;
    program_describe_login(d, program);
    return true;
}
