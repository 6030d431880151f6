/* Event time: lateness, and clocks that go wrong. */
#include "event_time.h"

enum { LATENESS_MS = 30000, AHEAD_MS = 60000, CLOCK_ERROR_MS = 30000 };

bool event_time_possible(int64_t time_ms)
{
    return time_ms > 0 && time_ms / 1000 <= UINT32_MAX;
}

int64_t event_time_watermark_ms(const struct event_time *t)
{
    return t->newest_ms > LATENESS_MS ? t->newest_ms - LATENESS_MS : 0;
}

/* Only the collector's own clock can tell a stamp from the future from one after a quiet night, and a shard's
 * watermark that one wrong clock could push would make everybody else's events late. */
int64_t event_time_believe(struct event_time *t, int64_t time_ms, int64_t received_ms, bool *from_future)
{
    *from_future = received_ms > 0 && time_ms > received_ms + CLOCK_ERROR_MS;
    if (*from_future) {
        int64_t ahead_ms = t->newest_ms > 0 ? event_time_watermark_ms(t) + AHEAD_MS : received_ms;
        return ahead_ms < time_ms ? ahead_ms : time_ms;
    }
    if (time_ms > t->newest_ms)
        t->newest_ms = time_ms;
    return time_ms;
}
