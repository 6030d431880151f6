/* The programs whose messages are understood, one table; a file a family. Private to core/parse. */
#ifndef PARSE_PROGRAM_H
#define PARSE_PROGRAM_H

#include "draft.h"

/* OCSF logon_type_id: https://schema.ocsf.io/1.8.0/classes/authentication */
enum { LOGON_TYPE_INTERACTIVE = 2, LOGON_TYPE_NETWORK = 3, LOGON_TYPE_BATCH = 4, LOGON_TYPE_REMOTE = 10 };

struct program {
    const char *name;    /* as in the log's tag and in PAM's service */
    const char *service; /* service.name of its authentications */
    int32_t logon_type_id;
    bool logs_logins; /* it says itself who came in and who failed: PAM's lines are only its echo */
    bool (*read)(struct draft *d, const struct program *program, const struct message *m);
};

/* Of a tag or of a PAM service: its last path component counts. NULL: unknown. */
const struct program *program_find(struct vd_bytes name);
/* Tells the draft what m says. False: not understood, and the draft is as it was. */
bool program_read(struct draft *d, const struct message *m);
/* The fields that every authentication of a program has; after the outcome is known. */
void program_describe_login(struct draft *d, const struct program *program);

bool sshd_read(struct draft *d, const struct program *program, const struct message *m);
bool sudo_read(struct draft *d, const struct program *program, const struct message *m);
bool login_read(struct draft *d, const struct program *program, const struct message *m);
bool account_read(struct draft *d, const struct program *program, const struct message *m);
bool logind_read(struct draft *d, const struct program *program, const struct message *m);
/* "pam_unix(sshd:auth): …", whichever program said it. */
bool pam_read(struct draft *d, const struct message *m);
/* PAM's "logname= uid=0 … rhost=192.0.2.1  user=root". */
void pam_read_pairs(struct draft *d, struct vd_bytes pairs);

#endif
