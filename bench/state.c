/* What it takes to write a scorer's state down: its size, and how long the shard stands still for it, in CPU
 * time of the longest step. state [ENTITIES]: so many are filled (1,000,000), by events of ever new users and
 * addresses of 10,000 hosts, several times each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vedette/random.h>

#include "score.h"
#include "state.h"

enum {
    HOSTS = 10000,
    TEXT_BYTES = 24,
    PIECE_BYTES = 480 * 1024,
    STEP_BYTES = 4 * 1024 * 1024,
    BETWEEN = 20000
};
static const int64_t BEGIN_MS = 1700438400000;

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void score_some(struct score *s, struct vd_random *random, uint64_t count, uint64_t users,
                       int64_t *now_ms)
{
    static const int32_t CLASSES[] = {3002, 3002, 1007, 4001, 1001};
    for (uint64_t i = 0; i < count; i++) {
        char host[TEXT_BYTES], user[TEXT_BYTES], address[TEXT_BYTES], file[TEXT_BYTES];
        snprintf(host, sizeof host, "host%" PRIu64, vd_random_below(random, HOSTS));
        snprintf(user, sizeof user, "u%" PRIu64, vd_random_below(random, users));
        snprintf(address, sizeof address, "a%" PRIu64, vd_random_below(random, users));
        snprintf(file, sizeof file, "/d%" PRIu64 "/f", vd_random_below(random, 1000));
        struct score_origin origin;
        score_origin_init(s, &origin, vd_bytes_str("tenant"), vd_bytes_str(host));
        struct score_input in = {.origin = &origin,
                                 .user = vd_bytes_str(user),
                                 .src_ip = vd_bytes_str(address),
                                 .process_name = vd_bytes_str(file),
                                 .file_path = vd_bytes_str(file),
                                 .class_uid = CLASSES[vd_random_below(random, 5)],
                                 .activity_id = 1,
                                 .status_id = 1 + (int32_t)vd_random_below(random, 2),
                                 .time_ms = *now_ms,
                                 .received_ms = *now_ms};
        struct vd_score out;
        struct score_told told;
        if (score_event(s, &in, &out) < 0)
            abort();
        while (score_told_next(s, &told))
            ;
        *now_ms += 5;
    }
}

/* As the collector does it: steps of 4 MiB, and events in between. */
static void write_state(struct score *s, struct vd_random *random, uint64_t users, int64_t *now_ms)
{
    static uint8_t piece[PIECE_BYTES];
    struct score_cut *cut;
    double begun_ms = cpu_ms(), longest_ms = 0;
    size_t bytes = 0, len = 1, steps = 0;
    if (score_cut_begin(s, &cut) < 0)
        abort();
    double begin_ms = cpu_ms() - begun_ms, all_ms = begin_ms;
    while (len > 0) {
        double step_begun_ms = cpu_ms();
        for (size_t in_step = 0; len > 0 && in_step < STEP_BYTES; in_step += len, bytes += len)
            if (score_cut_next(cut, piece, sizeof piece, &len) < 0)
                abort();
        double step_ms = cpu_ms() - step_begun_ms;
        longest_ms = step_ms > longest_ms ? step_ms : longest_ms;
        all_ms += step_ms;
        steps++;
        score_some(s, random, BETWEEN, users, now_ms);
    }
    score_cut_end(cut);
    struct score_counters counters;
    score_counters_read(s, &counters);
    printf("%" PRIu64
           " entities: %.1f MB; begun in %.1f ms, then %zu steps, the longest %.1f ms, all %.0f ms of CPU\n",
           counters.entities, (double)bytes / 1e6, begin_ms, steps, longest_ms, all_ms);
}

int main(int argc, char **argv)
{
    uint64_t entities = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    struct score *s;
    struct vd_random random = {9};
    int64_t now_ms = BEGIN_MS;
    if (entities == 0 || score_new(&s, &(struct score_options){.max_entities = entities}) < 0)
        abort();
    score_some(s, &random, 6 * entities, entities, &now_ms);
    write_state(s, &random, entities, &now_ms);
    score_free(s);
    return 0;
}
