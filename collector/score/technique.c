/* The table of techniques. Only what a class and a reason say together is told: a burst of failed logins is
 * guessing whoever does it, a burst of processes is not anything yet. */
#include "technique.h"

#include <string.h>

static const struct technique ALL[] = {
#define TECHNIQUE_ROW(name, tactic, technique, sub) {tactic, technique, sub},
    TECHNIQUES(TECHNIQUE_ROW)
#undef TECHNIQUE_ROW
};

enum { ANY = KIND_ANY };
enum {
    RATE = 1 << VD_REASON_RATE,
    DISTINCT = 1 << VD_REASON_DISTINCT,
    FIRST = 1 << VD_REASON_FIRST,
    MANY = RATE | DISTINCT,
    ALL_KINDS = RATE | DISTINCT | FIRST
};

/* Which events imply one: OCSF class, activity and status, the kinds of reason, what the reason's values are
 * (NULL: whatever), and how the file's path begins (NULL: likewise). */
struct rule {
    int32_t class_uid, activity_id, status_id;
    uint32_t kinds;
    const char *what, *path;
    enum technique_number technique;
};

/* Ids of activities are those of https://schema.ocsf.io/1.8.0/classes. */
/* clang-format off */
static const struct rule RULES[] = {
    /* https://attack.mitre.org/techniques/T1110/ */
    {3002, ANY,   2, RATE,      NULL,             NULL,                        TECHNIQUE_BRUTE_FORCE},
    /* https://attack.mitre.org/techniques/T1110/003/ */
    {3002, ANY,   2, DISTINCT,  "users",          NULL,                        TECHNIQUE_PASSWORD_SPRAYING},
    /* https://attack.mitre.org/techniques/T1078/ */
    {3002, ANY,   1, FIRST,     NULL,             NULL,                        TECHNIQUE_VALID_ACCOUNTS},
    {3002, ANY,   1, DISTINCT,  "source addresses", NULL,                      TECHNIQUE_VALID_ACCOUNTS},
    {3003, ANY, ANY, FIRST,     NULL,             NULL,                        TECHNIQUE_VALID_ACCOUNTS},
    /* https://attack.mitre.org/techniques/T1021/004/ */
    {4007, ANY, ANY, FIRST,     NULL,             NULL,                        TECHNIQUE_REMOTE_SSH},
    /* https://attack.mitre.org/techniques/T1548/003/: Account Switch is what sudo and su do */
    {3002,   7, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_ABUSE_ELEVATION},
    /* https://attack.mitre.org/techniques/T1046/ */
    {4001, ANY, ANY, DISTINCT,  NULL,             NULL,                        TECHNIQUE_SERVICE_DISCOVERY},
    {4001,   5, ANY, RATE,      NULL,             NULL,                        TECHNIQUE_SERVICE_DISCOVERY},
    {4007, ANY, ANY, DISTINCT,  NULL,             NULL,                        TECHNIQUE_SERVICE_DISCOVERY},
    /* https://attack.mitre.org/techniques/T1053/ */
    {1006,   1, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_SCHEDULED_JOB},
    {1006,   2, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_SCHEDULED_JOB},
    /* https://attack.mitre.org/techniques/T1053/003/ */
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/etc/cron",                 TECHNIQUE_CRON},
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/var/spool/cron/",          TECHNIQUE_CRON},
    /* https://attack.mitre.org/techniques/T1543/002/ */
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/etc/systemd/system/",      TECHNIQUE_SYSTEMD_SERVICE},
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/usr/lib/systemd/system/",  TECHNIQUE_SYSTEMD_SERVICE},
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/lib/systemd/system/",      TECHNIQUE_SYSTEMD_SERVICE},
    /* https://attack.mitre.org/techniques/T1098/004/ */
    {1001, ANY, ANY, ALL_KINDS, NULL,             "/root/.ssh/",               TECHNIQUE_SSH_AUTHORIZED_KEY},
    /* https://attack.mitre.org/techniques/T1136/ */
    {3001,   1, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CREATE_ACCOUNT},
    /* https://attack.mitre.org/techniques/T1098/: a password, a privilege, a group of an account */
    {3001,   3, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CHANGE_ACCOUNT},
    {3005,   1, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CHANGE_ACCOUNT},
    {3006,   3, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CHANGE_ACCOUNT},
    /* https://attack.mitre.org/techniques/T1547/006/ */
    {1002,   1, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_KERNEL_MODULE},
    /* https://attack.mitre.org/techniques/T1070/002/ */
    {1008,   1, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CLEAR_LOGS},
    {1008,   2, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_CLEAR_LOGS},
    {1001,   4, ANY, ALL_KINDS, NULL,             "/var/log/",                 TECHNIQUE_CLEAR_LOGS},
    /* https://attack.mitre.org/techniques/T1562/012/ */
    {1008,   7, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_DISABLE_LOGGING},
    {1008,  10, ANY, ALL_KINDS, NULL,             NULL,                        TECHNIQUE_DISABLE_LOGGING},
    /* https://attack.mitre.org/techniques/T1485/ */
    {1001,   4, ANY, MANY,      NULL,             NULL,                        TECHNIQUE_DATA_DESTRUCTION},
    /* https://attack.mitre.org/techniques/T1486/ */
    {1001,   5, ANY, MANY,      NULL,             NULL,                        TECHNIQUE_DATA_ENCRYPTED},
};
/* clang-format on */

const struct technique *technique_at(enum technique_number number)
{
    return &ALL[number];
}

static bool fits(int32_t wanted, int32_t value)
{
    return wanted == ANY || wanted == value;
}

static bool begins(struct vd_bytes text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.data, with, len) == 0;
}

static bool event_fits(const struct rule *rule, const struct finding_event *event)
{
    return fits(rule->class_uid, event->class_uid) && fits(rule->activity_id, event->activity_id) &&
           fits(rule->status_id, event->status_id) && (rule->path == NULL || begins(event->file, rule->path));
}

static bool reason_fits(const struct rule *rule, const struct vd_score *score)
{
    for (uint32_t i = 0; i < score->reason_count; i++) {
        const struct vd_reason *reason = &score->reasons[i];
        if ((rule->kinds >> reason->kind & 1) != 0 &&
            (rule->what == NULL || strcmp(rule->what, reason->what) == 0))
            return true;
    }
    return false;
}

uint32_t techniques_of(const struct finding_event *event)
{
    uint32_t found = 0;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        if (event_fits(&RULES[i], event) && reason_fits(&RULES[i], event->score))
            found |= UINT32_C(1) << RULES[i].technique;
    return found;
}
