/* The time of day, shifted by what the plan says; who waits until a time of day waits for the shifted one. */
#include "plan.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long rc = syscall(SYS_clock_gettime, (long)clock, now);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += plan_offset_s();
    return (int)rc;
}

int gettimeofday(struct timeval *now, void *zone)
{
    long rc = syscall(SYS_gettimeofday, now, zone);
    if (rc == 0)
        now->tv_sec += plan_offset_s();
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

/* A monotonic clock is far below the seconds since 1970. */
static struct timespec shifted(const struct timespec *until)
{
    struct timespec result = *until;
    if (until->tv_sec > 1000000000)
        result.tv_sec -= plan_offset_s();
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
