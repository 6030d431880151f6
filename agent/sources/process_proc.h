/* What /proc knows of a process while it lives. Private to process. */
#ifndef AGENT_PROCESS_PROC_H
#define AGENT_PROCESS_PROC_H

#include <vedette/bytes.h>

enum {
    PROC_NAME_BYTES = 64,
    PROC_PATH_BYTES = 1024,
    PROC_COMMAND_BYTES = 4096,
    PROC_ID_BYTES = 72,
    PROC_USER_BYTES = 64,
};

/* Strings are valid UTF-8; "" is unknown. */
struct proc_process {
    int32_t pid, parent_pid; /* parent_pid 0: unknown */
    int64_t uid;             /* -1: unknown */
    char name[PROC_NAME_BYTES], path[PROC_PATH_BYTES], working_directory[PROC_PATH_BYTES];
    char command[PROC_COMMAND_BYTES];
    char container[PROC_ID_BYTES]; /* 64 hex digits of its cgroup */
    char session[16];              /* the audit session */
};

/* Nothing is known but the number. */
void proc_clear(int32_t pid, struct proc_process *out);
/* root: "/proc". False: nothing is known, the process is gone; what could not be read is unknown. */
bool proc_read(const char *root, int32_t pid, struct proc_process *out);
/* The 64 hex digits that container runtimes put into a cgroup's path. */
bool proc_find_container(struct vd_bytes cgroups, char *out);

/* Names of users, remembered: a look-up may leave the host where directory services are in use. */
struct proc_users {
    struct {
        int64_t uid; /* -1: free */
        char name[PROC_USER_BYTES];
    } slots[64];
};
void proc_users_init(struct proc_users *users);
/* "" for none. Valid until the next call. */
const char *proc_user_name(struct proc_users *users, int64_t uid);

#endif
