/* The trail: enough points to tell a stream's age and bytes anywhere, in bounded memory. */
#include "state.h"

void spool_trail_add(struct spool_trail *t, uint64_t seq, uint64_t bytes, int64_t time_ms)
{
    if (t->count > 0 && ++t->skipped < t->every)
        return;
    t->skipped = 0;
    if (t->count == SPOOL_TRAIL_POINTS) {
        for (size_t i = 0; i < SPOOL_TRAIL_POINTS / 2; i++)
            t->at[i] = t->at[2 * i];
        t->count = SPOOL_TRAIL_POINTS / 2;
        t->every = t->every == 0 ? 2 : 2 * t->every;
    }
    t->at[t->count++] = (struct spool_trail_point){.seq = seq, .bytes = bytes, .time_ms = time_ms};
}

const struct spool_trail_point *spool_trail_find(const struct spool_trail *t, uint64_t seq)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->at[middle].seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &t->at[low - 1];
}

void spool_trail_trim(struct spool_trail *t, uint64_t first)
{
    const struct spool_trail_point *keep = spool_trail_find(t, first);
    size_t gone = keep == NULL ? 0 : (size_t)(keep - t->at);
    memmove(t->at, t->at + gone, (t->count - gone) * sizeof *t->at);
    t->count -= gone;
    /* A short trail may be dense again. */
    if (t->count < SPOOL_TRAIL_POINTS / 4)
        t->every = 0;
}
