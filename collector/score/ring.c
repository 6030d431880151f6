/* Rings of buckets: counting, sliding on, and learning at each window's end. */
#include "ring.h"

#include <string.h>

#include "bounds.h"

/* Idle windows of one entity that its peers take in: one that comes back after years does not define them. */
enum { PEERS_IDLE_MAX = 5000 };

struct rate ring_expect(const struct ring *r, const struct peers *peers)
{
    return baseline_expect(&r->usual, r->windows, peers);
}

uint32_t ring_sum(const struct ring *r)
{
    const uint64_t lows = UINT64_C(0x0000ffff0000ffff);
    uint64_t four;
    uint32_t two;
    memcpy(&four, r->counts, sizeof four);
    memcpy(&two, r->counts + 4, sizeof two);
    uint64_t pairs = (four & lows) + (four >> 16 & lows) + (two & 0xffff) + (two >> 16);
    return (uint32_t)pairs + (uint32_t)(pairs >> 32);
}

void ring_begin(struct ring *r, const struct peers *peers)
{
    *r = (struct ring){0};
    r->quiet_limit = baseline_quiet_limit(ring_expect(r, peers));
}

static void pass(struct ring *r, uint32_t windows)
{
    r->windows = (uint16_t)smaller((double)r->windows + windows, UINT16_MAX);
}

/* The newest window is over, with what its buckets hold up to the newest. */
static void learn(struct ring *r, const struct ring_step *step, struct peers *peers)
{
    double x = 0;
    for (uint32_t i = 0; i <= step->from % RING_BUCKETS; i++)
        x += r->counts[i];
    if (step->clip)
        x = smaller(x, baseline_clip(ring_expect(r, peers)));
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

static void slide(struct ring *r, struct ring_step step)
{
    if (step.to - step.from >= RING_BUCKETS) {
        memset(r->counts, 0, sizeof r->counts);
        return;
    }
    for (uint32_t i = step.from + 1; i <= step.to; i++)
        r->counts[i % RING_BUCKETS] = 0;
}

void ring_advance(struct ring *r, struct ring_step step, struct peers *peers)
{
    if (step.to <= step.from)
        return;
    uint32_t window = step.from / RING_BUCKETS, next = step.to / RING_BUCKETS;
    if (next != window) {
        learn(r, &step, peers);
        if (next - window > 1)
            learn_idle(r, next - window - 1, peers);
        r->quiet_limit = baseline_quiet_limit(ring_expect(r, peers));
    }
    slide(r, step);
}

enum ring_place ring_add(struct ring *r, uint32_t newest, uint32_t bucket, uint16_t count, uint32_t *sum)
{
    *sum = ring_sum(r); /* before: what was just written in part cannot be read at once as a whole */
    uint32_t behind = newest - bucket;
    if (behind >= RING_BUCKETS)
        return RING_MISSED;
    uint16_t *here = &r->counts[bucket % RING_BUCKETS];
    uint16_t room = (uint16_t)(UINT16_MAX - *here), added = count < room ? count : room;
    *here = (uint16_t)(*here + added);
    *sum += added;
    return behind == 0 ? RING_NEWEST : RING_LATE;
}
