/* What is under way between the sessions and Kafka, counted against one bound for the whole collector: over
 * it sessions stop reading, and go on once it has fallen to three quarters. One thread. */
#ifndef COLLECTOR_FLOW_H
#define COLLECTOR_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow {
    size_t bytes, events;
    size_t bytes_max, events_max;
    bool stopped;
    void (*stop)(void *arg);   /* the bound is reached */
    void (*resume)(void *arg); /* the flow fell below its low mark */
    void *arg;
};

static inline void flow_add(struct flow *f, size_t events, size_t bytes)
{
    f->events += events;
    f->bytes += bytes;
    if (f->stopped || (f->events < f->events_max && f->bytes < f->bytes_max))
        return;
    f->stopped = true;
    f->stop(f->arg);
}

static inline void flow_remove(struct flow *f, size_t events, size_t bytes)
{
    f->events -= events;
    f->bytes -= bytes;
    if (f->stopped && f->events <= f->events_max / 4 * 3 && f->bytes <= f->bytes_max / 4 * 3) {
        f->stopped = false;
        f->resume(f->arg);
    }
}

#endif
