/* What the shadow suite says of accounts and groups. */
#include "program.h"

/* Several lines tell of one change (passwd, shadow, group, gshadow); the one that sums it up is here. */
static const struct rule RULES[] = {
    {"new user: name=%u, UID=%i, GID=%g%*", ACCOUNT_CREATED, NULL},
    {"new account added - account=%u, uid=%i, gid=%g%*", ACCOUNT_CREATED, NULL},
    {"failed adding user '%u', %D", ACCOUNT_CREATE_FAILED, NULL},
    {"failed adding user '%u'%*", ACCOUNT_CREATE_FAILED, NULL},
    {"delete user '%u'", ACCOUNT_DELETED, NULL},
    {"lock user '%u' password", ACCOUNT_LOCKED, NULL},
    {"unlock user '%u' password", ACCOUNT_UNLOCKED, NULL},
    {"change user '%u' password", ACCOUNT_PASSWORD_CHANGED, NULL},
    {"password for '%u' changed by '%B'", ACCOUNT_PASSWORD_CHANGED, NULL},
    {"password for user %u changed by %B", ACCOUNT_PASSWORD_CHANGED, NULL},
    {"password changed for %u", ACCOUNT_PASSWORD_CHANGED, NULL},
    {"change user name '%u' to '%D'", ACCOUNT_OTHER, NULL},
    {"change user '%u' %D", ACCOUNT_OTHER, NULL},
    {"changed user '%u' %D", ACCOUNT_OTHER, NULL},
    {"changed password expiry for %u", ACCOUNT_OTHER, "password expiry changed"},
    {"new group: name=%G, GID=%g", GROUP_CREATED, NULL},
    {"group '%G' removed", GROUP_DELETED, NULL},
    {"removed group '%G' owned by '%u'", GROUP_DELETED, NULL},
    {"remove group '%G'%*", GROUP_DELETED, NULL},
    {"add '%u' to group '%G'", GROUP_USER_ADDED, NULL},
    {"delete '%u' from group '%G'", GROUP_USER_REMOVED, NULL},
    {"user %u added by %B to group %G", GROUP_USER_ADDED, NULL},
    {"user %u removed by %B from group %G", GROUP_USER_REMOVED, NULL},
    {"members of group %G set by %B to %D", GROUP_OTHER, NULL},
    {"password of group %G changed by %B", GROUP_OTHER, "group password changed"},
    {"change group '%G' %D", GROUP_OTHER, NULL},
    {NULL, ACCOUNT_OTHER, NULL},
};

bool account_read(struct draft *d, const struct program *program, const struct message *m)
{
    (void)program;
    struct parse_match match;
    return draft_apply(d, RULES, m->text, &match) != NULL;
}
