/* librdkafka's log lines as ours. A broker that is away makes it repeat itself a few times a second, so that
 * each kind of line ("facility") is let through once in a while, with the number of those held back since.
 *
 * Called on librdkafka's threads, hence the lock; vd_log may be called from any thread. */
#include "conf.h"

#include <pthread.h>
#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/log.h>

enum {
    FACILITIES = 16,
    FACILITY_BYTES = 24,
    QUIET_MS = 10000,
    SYSLOG_CRITICAL = 2,
    SYSLOG_WARNING = 4,
    SYSLOG_INFO = 6
};

struct facility {
    char name[FACILITY_BYTES];
    int64_t shown_ms;
    uint64_t held;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct facility facilities[FACILITIES];

/* The slot of that name, else a free one, else the one that has been silent longest. */
static struct facility *slot_of(const char *name)
{
    struct facility *oldest = facilities;
    for (size_t i = 0; i < FACILITIES; i++) {
        struct facility *f = &facilities[i];
        if (strncmp(f->name, name, FACILITY_BYTES - 1) == 0)
            return f;
        if (f->shown_ms < oldest->shown_ms)
            oldest = f;
    }
    *oldest = (struct facility){.shown_ms = INT64_MIN};
    snprintf(oldest->name, FACILITY_BYTES, "%s", name);
    return oldest;
}

static bool admit(const char *name, int64_t now_ms, uint64_t *held)
{
    pthread_mutex_lock(&lock);
    struct facility *f = slot_of(name);
    bool shown = f->shown_ms == INT64_MIN || now_ms - f->shown_ms >= QUIET_MS;
    *held = f->held;
    f->held = shown ? 0 : f->held + 1;
    if (shown)
        f->shown_ms = now_ms;
    pthread_mutex_unlock(&lock);
    return shown;
}

/* A lost connection is an error to librdkafka; here it is a warning, because it mends itself. */
static enum vd_log_level level_of(int syslog_level)
{
    if (syslog_level <= SYSLOG_CRITICAL)
        return VD_LOG_ERROR;
    if (syslog_level <= SYSLOG_WARNING)
        return VD_LOG_WARN;
    return syslog_level <= SYSLOG_INFO ? VD_LOG_INFO : VD_LOG_DEBUG;
}

void vd_kafka_log(const rd_kafka_t *rk, int syslog_level, const char *facility, const char *text)
{
    enum vd_log_level level = level_of(syslog_level);
    uint64_t held = 0;
    if (level < vd_log_level_now())
        return;
    /* Only brokers older than idempotence itself lack this, and the embedded cluster, whose topics are there.
     */
    if (strcmp(facility, "AUTOCREATE") == 0)
        return;
    /* Debug lines are there because the operator asked for each of them. */
    if (level != VD_LOG_DEBUG && !admit(facility, vd_clock_monotonic_ms(), &held))
        return;
    vd_log(level, "kafka client", VD_F_STR("client", rk == NULL ? "" : rd_kafka_name(rk)),
           VD_F_STR("what", facility), VD_F_STR("why", text), VD_F_UINT("held_back", held));
}
