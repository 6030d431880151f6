/* What simulated agents send: a small mix of logins, processes, connections and files, made once and stamped
 * when sent. */
#ifndef TOOLS_LOAD_EVENTS_H
#define TOOLS_LOAD_EVENTS_H

#include <vedette/bytes.h>

enum { LOAD_TEMPLATES = 512, LOAD_EVENT_MAX_BYTES = 1024 };

struct load_events {
    uint8_t bytes[LOAD_TEMPLATES][LOAD_EVENT_MAX_BYTES];
    uint16_t len[LOAD_TEMPLATES];
};

/* The same seed makes the same events. */
int load_events_make(struct load_events *events, uint64_t seed);
/* The number-th event, with its time, into out (LOAD_EVENT_MAX_BYTES + 16); returns its length. */
size_t load_event(const struct load_events *events, uint64_t number, int64_t time_ms, uint8_t *out);

#endif
