/* A preloaded library that does harm at the n-th call: errors and short writes on files under a folder, kill
 * -9 before or after a call of a kind, a full disk, and another time of day.
 *
 * CHAOS_CONTROL names a file that may change at any time, a struct control: seconds added to the time of day,
 * whether the disk is full, a number that is new whenever the plan is, and the plan: rules separated by ';',
 * each CALL:N[+COUNT]:DEED. Calls are counted from 1, from when the process first sees the plan: pwrite write
 * fdatasync fsync rename fallocate ftruncate unlink   on paths that hold CHAOS_UNDER tlsout tlsin application
 * data of TLS, sent or received on a socket produce addpartitions endtxn initpid requests to Kafka, as their
 * key is sent DEED: a name of errno (ENOSPC, EIO, EINTR), short (half of it is written), before or after
 * (kill -9 there). COUNT 0: from the N-th call on. All calls go to the kernel directly, so that it does not
 * matter who else intercepts them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define CALLS(X)                                                                                             \
    X(pwrite)                                                                                                \
    X(write)                                                                                                 \
    X(fdatasync) X(fsync) X(rename) X(fallocate) X(ftruncate) X(unlink) X(tlsout) X(tlsin) X(produce)        \
        X(addpartitions) X(endtxn) X(initpid)
enum call {
#define CALL_ENUM(name) CALL_##name,
    CALLS(CALL_ENUM)
#undef CALL_ENUM
        CALL_COUNT,
    CALL_NONE = CALL_COUNT
};
static const char *const CALL_NAMES[] = {
#define CALL_NAME(name) #name,
    CALLS(CALL_NAME)
#undef CALL_NAME
};

enum deed { DEED_NONE, DEED_ERROR, DEED_SHORT, DEED_BEFORE, DEED_AFTER };
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

/* false: the call is not to be made, errno says why. bytes: of what is written, or NULL. */
static bool may_run(enum call call, size_t *bytes, enum deed *deed)
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

static long ran(enum deed deed, long rc)
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

/* ---- Files */

static enum call on_file(int fd, enum call call)
{
    return file_is_meant(fd) ? call : CALL_NONE;
}

static enum call on_path(const char *path, enum call call)
{
    return path_is_meant(path) ? call : CALL_NONE;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_pwrite), &bytes, &deed)
               ? ran(deed, syscall(SYS_pwrite64, fd, data, bytes, offset))
               : -1;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    return pwrite(fd, data, bytes, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_pwrite), NULL, &deed)
               ? ran(deed, syscall(SYS_pwritev, fd, parts, (long)count, offset, 0L))
               : -1;
}

int fdatasync(int fd)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_fdatasync), NULL, &deed) ? (int)ran(deed, syscall(SYS_fdatasync, fd))
                                                             : -1;
}

int fsync(int fd)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_fsync), NULL, &deed) ? (int)ran(deed, syscall(SYS_fsync, fd)) : -1;
}

int ftruncate(int fd, off_t bytes)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_ftruncate), NULL, &deed)
               ? (int)ran(deed, syscall(SYS_ftruncate, fd, bytes))
               : -1;
}

int ftruncate64(int fd, off64_t bytes)
{
    return ftruncate(fd, bytes);
}

int fallocate(int fd, int mode, off_t offset, off_t bytes)
{
    enum deed deed;
    return may_run(on_file(fd, CALL_fallocate), NULL, &deed)
               ? (int)ran(deed, syscall(SYS_fallocate, fd, (long)mode, offset, bytes))
               : -1;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t bytes)
{
    return fallocate(fd, mode, offset, bytes);
}

int posix_fallocate(int fd, off_t offset, off_t bytes)
{
    return fallocate(fd, 0, offset, bytes) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off64_t offset, off64_t bytes)
{
    return posix_fallocate(fd, offset, bytes);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    enum deed deed;
    return may_run(on_path(to, CALL_rename), NULL, &deed)
               ? (int)ran(deed, syscall(SYS_renameat2, from_folder, from, to_folder, to, 0L))
               : -1;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path)
{
    enum deed deed;
    return may_run(on_path(path, CALL_unlink), NULL, &deed)
               ? (int)ran(deed, syscall(SYS_unlinkat, AT_FDCWD, path, 0L))
               : -1;
}

/* ---- Sockets. What is sent shows itself: a TLS record of application data, or the head of a request to
 * Kafka. */

enum {
    TLS_APPLICATION_DATA = 0x17,
    TLS_VERSION_MAJOR = 3,
    KAFKA_HEAD_BYTES = 8,
    KAFKA_REQUEST_MAX_BYTES = 1 << 26
};

static enum call tls_or_none(const uint8_t *data, size_t bytes, enum call call)
{
    return bytes > 2 && data[0] == TLS_APPLICATION_DATA && data[1] == TLS_VERSION_MAJOR ? call : CALL_NONE;
}

static enum call request_to_kafka(const uint8_t *data, size_t bytes, size_t total)
{
    if (bytes < KAFKA_HEAD_BYTES)
        return CALL_NONE;
    uint32_t len = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (len > KAFKA_REQUEST_MAX_BYTES || total > (size_t)len + 4 || data[4] != 0 || data[6] != 0 ||
        data[7] > 15)
        return CALL_NONE;
    switch (data[5]) {
    case 0:
        return CALL_produce;
    case 22:
        return CALL_initpid;
    case 24:
        return CALL_addpartitions;
    case 26:
        return CALL_endtxn;
    default:
        return CALL_NONE;
    }
}

static enum call sent(const void *data, size_t bytes, size_t total)
{
    enum call call = tls_or_none(data, bytes, CALL_tlsout);
    return call == CALL_NONE ? request_to_kafka(data, bytes, total) : call;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
    enum deed deed;
    enum call call = file_is_meant(fd) ? CALL_write : sent(data, bytes, bytes);
    return may_run(call, &bytes, &deed) ? ran(deed, syscall(SYS_write, fd, data, bytes)) : -1;
}

static enum call sent_parts(const struct iovec *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts[i].iov_len;
    return count == 0 ? CALL_NONE : sent(parts[0].iov_base, parts[0].iov_len, total);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum deed deed;
    enum call call = file_is_meant(fd) ? CALL_write : sent_parts(parts, (size_t)count);
    return may_run(call, NULL, &deed) ? ran(deed, syscall(SYS_writev, fd, parts, (long)count)) : -1;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum deed deed;
    return may_run(sent_parts(message->msg_iov, message->msg_iovlen), NULL, &deed)
               ? ran(deed, syscall(SYS_sendmsg, fd, message, (long)flags))
               : -1;
}

ssize_t read(int fd, void *data, size_t bytes)
{
    enum deed deed;
    long rc = syscall(SYS_read, fd, data, bytes);
    return rc > 2 && may_run(tls_or_none(data, (size_t)rc, CALL_tlsin), NULL, &deed) ? ran(deed, rc) : rc;
}

/* ---- The time of day */

static int64_t offset_s(void)
{
    return control == NULL ? 0 : control->offset_s;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long rc = syscall(SYS_clock_gettime, (long)clock, now);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset_s();
    return (int)rc;
}

int gettimeofday(struct timeval *now, void *zone)
{
    long rc = syscall(SYS_gettimeofday, now, zone);
    if (rc == 0)
        now->tv_sec += offset_s();
    return (int)rc;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* Who waits until a time of day means the shifted one; a monotonic clock is far below the seconds since 1970.
 */
static struct timespec shifted(const struct timespec *until)
{
    struct timespec result = *until;
    if (until->tv_sec > 1000000000)
        result.tv_sec -= offset_s();
    return result;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec end = shifted(until);
    if (real == NULL)
        real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return real(cond, mutex, &end);
}

int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
    static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec end = shifted(until);
    if (real == NULL)
        real = (__typeof__(real))dlsym(RTLD_NEXT, "cnd_timedwait");
    return real(cond, mutex, &end);
}
