/* A preloaded library that does harm at the n-th call: errors and short writes on files under a folder, kill
 * -9 before or after a call of a kind, a full disk, and another time of day.
 *
 * CHAOS_CONTROL names a file that may change at any time, a struct control: seconds added to the time of day,
 * whether the disk is full, a number that is new whenever the plan is, and the plan: rules separated by ';',
 * each CALL:N[+COUNT]:DEED, COUNT 0 for "from the N-th call on". Calls are counted from 1, from when the
 * process first sees the plan. CALL is one of CALLS in plan.h:
 * - pwrite to unlink: on paths that hold CHAOS_UNDER;
 * - tlsout, tlsin: application data of TLS on a socket;
 * - produce to initpid: requests to Kafka, known by their key.
 *
 * DEED is a name of errno, `short` (half of it is written), `before` or `after` (kill -9 there). All calls go
 * to the kernel directly, so that it does not matter who else intercepts them. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const CALL_NAMES[] = {
#define CALL_NAME(name) #name,
    CALLS(CALL_NAME)
#undef CALL_NAME
};

static const struct {
    const char *name;
    enum deed deed;
    int error;
} DEEDS[] = {
    {"ENOSPC", DEED_ERROR, ENOSPC}, {"EIO", DEED_ERROR, EIO},   {"EINTR", DEED_ERROR, EINTR},
    {"short", DEED_SHORT, 0},       {"before", DEED_BEFORE, 0}, {"after", DEED_AFTER, 0},
};

enum { RULES_MAX = 16 };
struct rule {
    enum call call;
    unsigned long from, count; /* count 0: for ever */
    enum deed deed;
    int error;
};
struct control {
    _Atomic int64_t offset_s, disk_full, plan_number;
    char plan[1000];
};

static struct rule rules[RULES_MAX];
static int rule_count;
static atomic_ulong calls[CALL_COUNT];
static const char *under;
static struct control *control;

static void refuse_plan(const char *text)
{
    fprintf(stderr, "chaos: this is no rule: %s\n", text);
    _exit(70);
}

static void read_rule(const char *text)
{
    char call[16], deed[16];
    struct rule *rule = &rules[rule_count];
    *rule = (struct rule){.call = CALL_NONE, .count = 1};
    if (sscanf(text, "%15[a-z]:%lu+%lu:%15[A-Za-z]", call, &rule->from, &rule->count, deed) != 4 &&
        sscanf(text, "%15[a-z]:%lu:%15[A-Za-z]", call, &rule->from, deed) != 3)
        refuse_plan(text);
    for (int i = 0; i < CALL_COUNT; i++)
        if (strcmp(call, CALL_NAMES[i]) == 0)
            rule->call = (enum call)i;
    for (size_t i = 0; i < sizeof DEEDS / sizeof *DEEDS; i++)
        if (strcmp(deed, DEEDS[i].name) == 0) {
            rule->deed = DEEDS[i].deed;
            rule->error = DEEDS[i].error;
        }
    if (rule->call == CALL_NONE || rule->deed == DEED_NONE || ++rule_count == RULES_MAX)
        refuse_plan(text);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CHAOS_CONTROL");
    under = getenv("CHAOS_UNDER");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, fd, 0);
    control = page == MAP_FAILED ? NULL : page;
    if (fd >= 0)
        close(fd);
}

/* The plan as it stands now; calls of other threads wait for it. */
static void see_plan(void)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    static _Atomic int64_t seen;
    char copy[sizeof control->plan], *at = copy, *rule;
    if (control == NULL || seen == control->plan_number)
        return;
    while (atomic_flag_test_and_set(&busy))
        ;
    if (seen != control->plan_number) {
        rule_count = 0;
        for (int i = 0; i < CALL_COUNT; i++)
            calls[i] = 0;
        snprintf(copy, sizeof copy, "%s", control->plan);
        while ((rule = strsep(&at, ";")) != NULL)
            if (rule[0] != '\0')
                read_rule(rule);
        seen = control->plan_number;
    }
    atomic_flag_clear(&busy);
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
}

/* Counts the call; what has to be done to it now. DEED_BEFORE does not come back. */
static enum deed judge(enum call call, int *error)
{
    if (call == CALL_NONE)
        return DEED_NONE;
    see_plan();
    unsigned long n = atomic_fetch_add(&calls[call], 1) + 1;
    for (int i = 0; i < rule_count; i++) {
        const struct rule *rule = &rules[i];
        if (rule->call != call || n < rule->from || (rule->count > 0 && n >= rule->from + rule->count))
            continue;
        if (rule->deed == DEED_BEFORE)
            die();
        *error = rule->error;
        return rule->deed;
    }
    return DEED_NONE;
}

/* Only what may need new blocks. */
static bool disk_is_full(enum call call)
{
    return control != NULL && control->disk_full != 0 &&
           (call == CALL_pwrite || call == CALL_write || call == CALL_fallocate || call == CALL_ftruncate);
}

bool plan_may_run(enum call call, size_t *bytes, enum deed *deed)
{
    int error = 0;
    *deed = judge(call, &error);
    if (*deed == DEED_NONE && disk_is_full(call)) {
        *deed = DEED_ERROR;
        error = ENOSPC;
    }
    if (*deed == DEED_SHORT && bytes != NULL)
        *bytes = *bytes / 2 + 1;
    if (*deed == DEED_ERROR)
        errno = error;
    return *deed != DEED_ERROR;
}

long plan_ran(enum deed deed, long rc)
{
    if (deed == DEED_AFTER)
        die();
    return rc;
}

static bool path_is_meant(const char *path)
{
    return under != NULL && strstr(path, under) != NULL;
}

static bool file_is_meant(int fd)
{
    char name[32], path[1024];
    if (under == NULL)
        return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = syscall(SYS_readlink, name, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    return path_is_meant(path);
}

enum call plan_on_file(int fd, enum call call)
{
    return file_is_meant(fd) ? call : CALL_NONE;
}

enum call plan_on_path(int folder, const char *path, enum call call)
{
    return path_is_meant(path) || (path[0] != '/' && folder >= 0 && file_is_meant(folder)) ? call : CALL_NONE;
}

int64_t plan_offset_s(void)
{
    return control == NULL ? 0 : control->offset_s;
}
