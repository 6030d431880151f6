/* Event time: which stamps are believed, and how far the shard has come. Pure; one thread at a time. */
#ifndef SCORE_EVENT_TIME_H
#define SCORE_EVENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct event_time {
    int64_t newest_ms; /* believed */
};

bool event_time_possible(int64_t time_ms);
/* The newest time believed, less what may still come late. */
int64_t event_time_watermark_ms(const struct event_time *t);
/* The time an event is counted at; *from_future says whether that is not its own. */
int64_t event_time_believe(struct event_time *t, int64_t time_ms, int64_t received_ms, bool *from_future);

#endif
