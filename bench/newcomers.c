/* Memory under a flood: 10^8 logins, each of a host, user and source address that were never seen before,
 * over a table of a million entities. Prints the resident memory as they go by. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "score.h"

enum { ENTITIES = 1 << 20, EVENTS_DEFAULT = 100000000, LINES = 10, EVENTS_A_SECOND = 5000, NAME_BYTES = 9 };

static double resident_mb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        abort();
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct vd_bytes name(char *out, char letter, uint32_t number)
{
    out[0] = letter;
    for (int i = 1; i < NAME_BYTES; i++, number >>= 4)
        out[i] = "0123456789abcdef"[number & 15];
    return vd_bytes_of(out, NAME_BYTES);
}

static void login(struct score *s, uint32_t number, int64_t time_ms)
{
    char texts[3][NAME_BYTES];
    struct score_origin origin;
    struct vd_score score;
    score_origin_init(s, &origin, vd_bytes_str("north"), name(texts[0], 'h', number));
    struct score_input in = {
        .origin = &origin,
        .user = name(texts[1], 'u', number),
        .src_ip = name(texts[2], 's', number),
        .class_uid = 3002,
        .activity_id = 1,
        .status_id = 1,
        .time_ms = time_ms,
    };
    if (score_event(s, &in, &score) < 0)
        abort();
}

/* With a number: so many events. */
int main(int argc, char **argv)
{
    uint32_t events = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : EVENTS_DEFAULT;
    struct score *s;
    struct score_counters counters;
    int64_t begin_ms = INT64_C(1700000000000);
    if (events < LINES || score_new(&s, &(struct score_options){.max_entities = ENTITIES}) < 0)
        return 64;
    printf("%11s %10s %11s %8s %8s\n", "events", "entities", "evictions", "MB", "ns each");
    for (uint32_t i = 0, line = 0; i < events; i++) {
        login(s, i, begin_ms + (int64_t)(i / EVENTS_A_SECOND) * 1000);
        if (i + 1 != (uint32_t)((uint64_t)events * (line + 1) / LINES))
            continue;
        line++;
        score_counters_read(s, &counters);
        printf("%11u %10llu %11llu %8.1f %8.0f\n", i + 1, (unsigned long long)counters.entities,
               (unsigned long long)counters.evictions, resident_mb(), cpu_s() * 1e9 / (i + 1));
        fflush(stdout);
    }
    score_free(s);
    return 0;
}
