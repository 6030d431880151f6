/* What an event costs on its way through the spool: append and commit at 100,000 events a second's worth of
 * groups, and how long a full spool takes to open. spool.c FOLDER: on the file system that matters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vedette/clock.h>
#include <vedette/spool.h>

enum { EVENTS = 500000, PER_COMMIT = 5000, EVENT_BYTES = 300, CURSOR_BYTES = 40 };
#define SPOOL_BYTES (UINT64_C(256) << 20)

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-spool: %s: %d\n", what, rc);
    exit(1);
}

/* Of this process, all threads. */
static double cpu_ns(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
            (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)) *
           1e3;
}

/* Like a log: half the same from event to event, half not. */
static struct vd_bytes event_of(uint64_t i, char *out)
{
    uint64_t x = i;
    memset(out, 'e', EVENT_BYTES);
    for (size_t at = EVENT_BYTES / 2; at < EVENT_BYTES; at++) {
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
        out[at] = (char)('a' + (x >> 59));
    }
    return vd_bytes_of(out, EVENT_BYTES);
}

static struct vd_spool *open_spool(const char *folder, struct vd_spool_recovery *found)
{
    struct vd_spool_options options = {.folder = folder,
                                       .agent = "bench/spool",
                                       .max_bytes = SPOOL_BYTES,
                                       .commit_age_ms = 50,
                                       .commit_bytes = 256 * 1024};
    char error[VD_SPOOL_ERROR_BYTES];
    struct vd_spool *s;
    int rc = vd_spool_open(&s, &options, found, error);
    if (rc != 0)
        fprintf(stderr, "%s\n", error);
    must(rc, "open");
    return s;
}

static void append_some(struct vd_spool *s, int source, uint64_t from, int count, int *rc)
{
    char event[EVENT_BYTES], cursor[CURSOR_BYTES];
    for (int i = 0; i < count && *rc == 0; i++) {
        int len = snprintf(cursor, sizeof cursor, "%llu", (unsigned long long)from);
        *rc = vd_spool_append(s, source, VD_SPOOL_HIGH, event_of(from + (uint64_t)i, event),
                              vd_bytes_of(cursor, (size_t)len), 1);
    }
}

/* What making the events costs is measured alone, and taken off. */
static double making_ns(void)
{
    char event[EVENT_BYTES];
    volatile uint8_t sink = 0;
    double begin = cpu_ns();
    for (uint64_t i = 0; i < EVENTS; i++)
        sink ^= event_of(i, event).data[EVENT_BYTES - 1];
    return (cpu_ns() - begin) / EVENTS;
}

static void bench_append(struct vd_spool *s, int source)
{
    int rc = 0;
    double making = making_ns(), cpu = cpu_ns();
    int64_t begin = vd_clock_monotonic_ns();
    for (uint64_t i = 0; i < EVENTS; i += PER_COMMIT) {
        append_some(s, source, i, PER_COMMIT, &rc);
        must(rc, "append");
        must(vd_spool_commit_now(s), "commit");
        vd_spool_trim(s, i);
    }
    double ns = (cpu_ns() - cpu) / EVENTS - making;
    printf("append and commit            %8.0f ns of CPU an event: %.1f%% of a core at 100,000/s\n", ns,
           ns / 1e9 * 100000 * 100);
    printf("                             %8.0f ns an event, with the disk\n",
           (double)(vd_clock_monotonic_ns() - begin) / EVENTS - making);
}

int main(int argc, char **argv)
{
    char folder[256];
    struct vd_spool_recovery found;
    int rc = 0;
    snprintf(folder, sizeof folder, "%.200s/spool-bench-%d", argc > 1 ? argv[1] : ".", (int)getpid());
    struct vd_spool *s = open_spool(folder, &found);
    int source = vd_spool_source(s, "bench");
    bench_append(s, source);
    while (rc == 0) {
        append_some(s, source, vd_spool_next(s), PER_COMMIT, &rc);
        must(vd_spool_commit_now(s), "commit");
    }
    vd_spool_close(s);
    int64_t begin = vd_clock_monotonic_ns();
    s = open_spool(folder, &found);
    printf("opening %llu events, full     %8.0f ms\n", (unsigned long long)found.events,
           (double)(vd_clock_monotonic_ns() - begin) / 1e6);
    vd_spool_close(s);
    printf("left behind: %s\n", folder);
}
