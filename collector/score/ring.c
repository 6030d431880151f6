/* Rings of buckets: counting, sliding on, and learning at each window's end. */
#include "ring.h"

#include <math.h>
#include <string.h>

/* Idle windows of one entity that its peers take in: one that comes back after years does not define them. */
enum { PEERS_IDLE_MAX = 5000 };

struct rate ring_expect(const struct ring *r, const struct peers *peers)
{
    return baseline_expect(&r->usual, r->windows, peers);
}

void ring_begin(struct ring *r, uint32_t bucket, const struct peers *peers)
{
    *r = (struct ring){.head = bucket};
    r->quiet_limit = baseline_quiet_limit(ring_expect(r, peers));
}

static void pass(struct ring *r, uint32_t windows)
{
    r->windows = (uint16_t)fmin((double)r->windows + windows, UINT16_MAX);
}

/* The newest window is over, with what its buckets hold up to the head. */
static void learn(struct ring *r, const struct ring_lesson *lesson)
{
    struct peers *peers = lesson->peers;
    double x = 0;
    for (uint32_t i = 0; i <= r->head % RING_BUCKETS; i++)
        x += r->counts[i];
    if (lesson->clip)
        x = fmin(x, baseline_clip(ring_expect(r, peers)));
    baseline_learn(&r->usual, x, r->windows, BASELINE_SLOWEST);
    pass(r, 1);
    baseline_learn(&peers->baseline, x, peers->windows, PEERS_SLOWEST);
    peers->windows++;
}

static void learn_idle(struct ring *r, uint32_t idle, struct peers *peers)
{
    baseline_idle(&r->usual, idle, r->windows, BASELINE_SLOWEST);
    pass(r, idle);
    uint32_t shared = idle < PEERS_IDLE_MAX ? idle : PEERS_IDLE_MAX;
    baseline_idle(&peers->baseline, shared, peers->windows, PEERS_SLOWEST);
    peers->windows += shared;
}

static void slide(struct ring *r, uint32_t bucket)
{
    uint32_t steps = bucket - r->head;
    if (steps >= RING_BUCKETS) {
        memset(r->counts, 0, sizeof r->counts);
        r->sum = 0;
    } else {
        for (uint32_t i = 1; i <= steps; i++) {
            uint16_t *left = &r->counts[(r->head + i) % RING_BUCKETS];
            r->sum -= *left;
            *left = 0;
        }
    }
    r->head = bucket;
}

void ring_advance(struct ring *r, uint32_t bucket, const struct ring_lesson *lesson)
{
    if (bucket <= r->head)
        return;
    uint32_t window = r->head / RING_BUCKETS, next = bucket / RING_BUCKETS;
    if (next != window) {
        if (window != lesson->birth / RING_BUCKETS)
            learn(r, lesson);
        if (next - window > 1)
            learn_idle(r, next - window - 1, lesson->peers);
        r->quiet_limit = baseline_quiet_limit(ring_expect(r, lesson->peers));
    }
    slide(r, bucket);
}

enum ring_place ring_add(struct ring *r, uint32_t bucket, uint16_t count)
{
    uint32_t behind = r->head - bucket;
    if (behind >= RING_BUCKETS)
        return RING_MISSED;
    uint16_t *here = &r->counts[bucket % RING_BUCKETS];
    uint16_t room = (uint16_t)(UINT16_MAX - *here), added = count < room ? count : room;
    *here = (uint16_t)(*here + added);
    r->sum += added;
    return behind == 0 ? RING_NEWEST : RING_LATE;
}
