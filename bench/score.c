/* What scoring one event costs: a quiet stream as frames bring it, 50 events a host, and one where every
 * event is of another host, over a table of a million entities; and what its sentence costs. */
#include <stdio.h>
#include <stdlib.h>

#include <vedette/clock.h>
#include <vedette/random.h>

#include "score.h"

enum {
    ENTITIES = 1000000,
    EVENTS = 2000000,
    HOSTS = 300000,
    USERS = 300000,
    FRAME_EVENTS = 50,
    TEXT_BYTES = 24
};

static volatile size_t sink; /* keeps the work from being optimised away */

struct course {
    const char *name;
    uint32_t events_a_host, events_a_second;
    int32_t class_uid, status_id; /* a login has three keys, a log line one */
};

static const struct course COURSES[] = {
    {"log lines, 50 a host", FRAME_EVENTS, 5000, 0, 0},
    {"logins, 50 a host, same user and source", FRAME_EVENTS, 5000, 3002, 1},
    {"log lines, every one of another host", 1, 5000, 0, 0},
    {"logins, every one of another host, user and source", 1, 5000, 3002, 1},
    {"failed logins, all from one source: an attack", EVENTS, 5000, 3002, 2},
};

/* As if just received: a text of its own, in the cache. */
static struct vd_bytes name(char *out, char letter, uint32_t number)
{
    out[0] = letter;
    for (int i = 1; i <= 8; i++, number >>= 4)
        out[i] = "0123456789abcdef"[number & 15];
    return vd_bytes_of(out, 9);
}

/* One pass over all hosts and users, in frames; returns the nanoseconds an event took. */
static double pass(struct score *s, const struct course *course, int64_t *time_ms)
{
    struct vd_random random = {1};
    struct vd_score out;
    char texts[3][TEXT_BYTES];
    uint32_t host = 0, user = 0;
    int64_t begin_ns = vd_clock_monotonic_ns();
    for (uint32_t i = 0; i < EVENTS; i++) {
        if (i % course->events_a_host == 0) {
            host = (uint32_t)vd_random_below(&random, HOSTS);
            user = (uint32_t)vd_random_below(&random, USERS);
        }
        struct score_input in = {
            .tenant = vd_bytes_str("north"),
            .host = name(texts[0], 'h', host),
            .user = name(texts[1], 'u', user),
            .src_ip = name(texts[2], 's', user),
            .class_uid = course->class_uid,
            .activity_id = 1,
            .status_id = course->status_id,
            .time_ms = *time_ms,
        };
        *time_ms += i % course->events_a_second == 0 ? 1000 : 0;
        if (score_event(s, &in, &out) < 0)
            abort();
        sink += (size_t)out.risk_score;
    }
    return (double)(vd_clock_monotonic_ns() - begin_ns) / EVENTS;
}

static void course_run(const struct course *course)
{
    struct score *s;
    struct score_counters counters;
    int64_t time_ms = INT64_C(1700000000000);
    if (score_new(&s, &(struct score_options){.max_entities = ENTITIES}) < 0)
        abort();
    double filling_ns = pass(s, course, &time_ms), warm_ns = pass(s, course, &time_ms);
    score_counters_read(s, &counters);
    printf("%-52s %6.0f ns filling, %6.0f ns warm, %7llu entities\n", course->name, filling_ns, warm_ns,
           (unsigned long long)counters.entities);
    score_free(s);
}

static void sentence_run(const char *name, const struct vd_score *score)
{
    char out[SCORE_SENTENCE_BYTES];
    int64_t begin_ns = vd_clock_monotonic_ns();
    for (uint32_t i = 0; i < EVENTS; i++)
        sink += score_sentence(score, out, sizeof out);
    printf("%-52s %6.0f ns\n", name, (double)(vd_clock_monotonic_ns() - begin_ns) / EVENTS);
}

int main(void)
{
    for (size_t i = 0; i < sizeof COURSES / sizeof *COURSES; i++)
        course_run(&COURSES[i]);
    struct vd_reason reason = {.feature = "failed logins",
                               .entity_kind = "source address",
                               .entity = vd_bytes_str("203.0.113.9"),
                               .window_seconds = 300,
                               .observed = 47,
                               .expected = 0.6};
    struct vd_score quiet = {0}, loud = {.reason_count = 2, .reasons = {reason, reason}};
    sentence_run("sentence, quiet", &quiet);
    sentence_run("sentence, two reasons", &loud);
    return 0;
}
