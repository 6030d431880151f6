/* MITRE ATT&CK techniques that an event's class and the reason of its score imply. Pure; any thread. */
#ifndef SCORE_TECHNIQUE_H
#define SCORE_TECHNIQUE_H

#include "finding.h"

/* X(constant, tactic, technique, sub-technique); the sources are in technique.c. */
/* clang-format off */
#define TECHNIQUES(X)                                                     \
    X(BRUTE_FORCE,        "TA0006", "T1110", "")                          \
    X(PASSWORD_SPRAYING,  "TA0006", "T1110", "T1110.003")                 \
    X(VALID_ACCOUNTS,     "TA0001", "T1078", "")                          \
    X(REMOTE_SSH,         "TA0008", "T1021", "T1021.004")                 \
    X(ABUSE_ELEVATION,    "TA0004", "T1548", "T1548.003")                 \
    X(SERVICE_DISCOVERY,  "TA0007", "T1046", "")                          \
    X(SCHEDULED_JOB,      "TA0003", "T1053", "")                          \
    X(CRON,               "TA0003", "T1053", "T1053.003")                 \
    X(SYSTEMD_SERVICE,    "TA0003", "T1543", "T1543.002")                 \
    X(SSH_AUTHORIZED_KEY, "TA0003", "T1098", "T1098.004")                 \
    X(CREATE_ACCOUNT,     "TA0003", "T1136", "")                          \
    X(CHANGE_ACCOUNT,     "TA0003", "T1098", "")                          \
    X(KERNEL_MODULE,      "TA0003", "T1547", "T1547.006")                 \
    X(CLEAR_LOGS,         "TA0005", "T1070", "T1070.002")                 \
    X(DISABLE_LOGGING,    "TA0005", "T1562", "T1562.012")                 \
    X(DATA_DESTRUCTION,   "TA0040", "T1485", "")                          \
    X(DATA_ENCRYPTED,     "TA0040", "T1486", "")
/* clang-format on */

enum technique_number {
#define TECHNIQUE_NUMBER(name, tactic, technique, sub) TECHNIQUE_##name,
    TECHNIQUES(TECHNIQUE_NUMBER)
#undef TECHNIQUE_NUMBER
        TECHNIQUE_COUNT
};
_Static_assert(TECHNIQUE_COUNT <= 32, "a bit each");

struct technique {
    const char *tactic, *technique, *sub; /* sub: "" if none */
};

const struct technique *technique_at(enum technique_number number);
/* A bit for each that the event implies. */
uint32_t techniques_of(const struct finding_event *event);

#endif
