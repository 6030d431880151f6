/* What scoring one event costs: a quiet stream as frames bring it, 50 events a host, and one where every
 * event is of another host, over a table of a million entities; what its sentence costs; and beside it the
 * update of MIDAS-R, an edge stream's detector, in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <vedette/random.h>

#include "midas.h"
#include "score.h"
#include "sentence.h"

enum {
    ENTITIES = 1 << 20,
    EVENTS = 2000000,
    HOSTS = 300000,
    USERS = 300000,
    FRAME_EVENTS = 50,
    GROUP_EVENTS = 8, /* prepared before they are judged, as in the collector */
    TEXT_BYTES = 24
};

static volatile size_t sink; /* keeps the work from being optimised away */

/* Of this process: others may run beside it. */
static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

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
    {"failed logins, every one of another host and user", 1, 5000, 3002, 2},
    {"processes, 50 a host", FRAME_EVENTS, 5000, 1007, 1},
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

/* Events on their way: prepared together, judged in order. */
struct group {
    struct score_origin origins[GROUP_EVENTS];
    struct score_prepared prepared[GROUP_EVENTS];
    char texts[GROUP_EVENTS][3][TEXT_BYTES];
    uint32_t count;
};

static void judge_all(struct score *s, struct group *group)
{
    struct vd_score out;
    for (uint32_t i = 0; i < group->count; i++) {
        if (score_judge(s, &group->prepared[i], &out) < 0)
            abort();
        sink += (size_t)out.risk_score;
    }
    group->count = 0;
}

struct origin_number {
    uint32_t host, user;
    bool fresh; /* a new frame */
};

static void prepare(struct score *s, struct group *group, const struct course *course,
                    const struct origin_number *number, int64_t time_ms)
{
    uint32_t i = group->count++;
    char(*texts)[TEXT_BYTES] = group->texts[i];
    struct score_origin *origin = &group->origins[i];
    if (number->fresh || i == 0)
        score_origin_init(s, origin, vd_bytes_str("north"), name(texts[0], 'h', number->host));
    else
        *origin = group->origins[i - 1];
    struct score_input in = {
        .origin = origin,
        .user = name(texts[1], 'u', number->user),
        .src_ip = name(texts[2], 's', number->user),
        .class_uid = course->class_uid,
        .activity_id = 1,
        .status_id = course->status_id,
        .time_ms = time_ms,
    };
    score_prepare(s, &in, &group->prepared[i]);
}

/* One pass over all hosts and users, in frames; returns the nanoseconds an event took. */
static double pass(struct score *s, const struct course *course, int64_t *time_ms)
{
    static struct group group;
    struct vd_random random = {1};
    struct origin_number number = {0};
    int64_t begin_ns = cpu_ns();
    for (uint32_t i = 0; i < EVENTS; i++) {
        number.fresh = i % course->events_a_host == 0;
        if (number.fresh) {
            number.host = (uint32_t)vd_random_below(&random, HOSTS);
            number.user = (uint32_t)vd_random_below(&random, USERS);
        }
        prepare(s, &group, course, &number, *time_ms);
        if (group.count == GROUP_EVENTS)
            judge_all(s, &group);
        *time_ms += i % course->events_a_second == 0 ? 1000 : 0;
    }
    judge_all(s, &group);
    return (double)(cpu_ns() - begin_ns) / EVENTS;
}

static double course_run(const struct course *course)
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
    return warm_ns;
}

/* A source's edge to a host, as above. */
static double midas_run(void)
{
    static struct midas midas;
    struct vd_random random = {1};
    double sum = 0;
    int64_t begin_ns = cpu_ns();
    for (uint32_t i = 0; i < EVENTS; i++) {
        uint64_t host = vd_random_below(&random, HOSTS), user = vd_random_below(&random, USERS);
        sum += midas_score(&midas, user, host, 1 + i / 5000);
    }
    double ns = (double)(cpu_ns() - begin_ns) / EVENTS;
    printf("%-52s %6.0f ns (%g)\n", "MIDAS-R's update, one edge of two numbers", ns, sum);
    return ns;
}

static void sentence_run(const char *name, const struct vd_score *score)
{
    char out[SCORE_SENTENCE_BYTES];
    int64_t begin_ns = cpu_ns();
    for (uint32_t i = 0; i < EVENTS; i++)
        sink += score_sentence(score, out, sizeof out);
    printf("%-52s %6.0f ns\n", name, (double)(cpu_ns() - begin_ns) / EVENTS);
}

/* With a number only that course, for a profiler. */
int main(int argc, char **argv)
{
    if (argc > 1) {
        course_run(&COURSES[strtoul(argv[1], NULL, 10) % (sizeof COURSES / sizeof *COURSES)]);
        return 0;
    }
    double midas_ns = midas_run();
    for (size_t i = 0; i < sizeof COURSES / sizeof *COURSES; i++)
        printf("%-52s %6.1f\n", "  times MIDAS-R", course_run(&COURSES[i]) / midas_ns);
    struct vd_reason reason = {.feature = "failed logins",
                               .entity_kind = "source address",
                               .entity = vd_bytes_str("203.0.113.9"),
                               .window_seconds = 300,
                               .observed = 47,
                               .expected = 0.6,
                               .surprise = 6.7};
    struct vd_score quiet = {0}, loud = {.reason_count = 2, .reasons = {reason, reason}};
    sentence_run("sentence, quiet", &quiet);
    sentence_run("sentence, two reasons", &loud);
    return 0;
}
