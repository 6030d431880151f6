/* At-least-once: one idempotent producer for all shards; whether Kafka takes records now, and the replacement
 * of a producer that has failed for good.
 *
 * Happy path: new → `readiness` (true) → records through its outlet ⇄ `delivered` … → close. How it fails: a
 * broker that is away makes records wait (readiness false, nothing lost); a fatal error gives every record
 * back by `delivered` with an error, and a new producer is made a second later. All calls and callbacks on
 * the loop's thread. */
#ifndef COLLECTOR_PUBLISHER_H
#define COLLECTOR_PUBLISHER_H

#include "publish/outlet.h"

struct publisher;

struct publisher_callbacks {
    outlet_delivered *delivered;
    void (*readiness)(void *arg, bool ready, const char *why);
};

struct publisher_options {
    uv_loop_t *loop;
    struct vd_kafka_options kafka; /* borrowed until the publisher is closed */
    const char *prefix;
    struct publisher_callbacks callbacks;
    void *arg;
};

int publisher_new(struct publisher **out, const struct publisher_options *options, char *error);
/* Partitions of the events topic: the number of shards; 0 while it is not known. */
int32_t publisher_partitions(const struct publisher *p);
bool publisher_ready(const struct publisher *p, const char **why);
struct outlet *publisher_outlet(struct publisher *p);
/* A record of the collector's own; its opaque is NULL, and its value outlives its delivery. */
int publisher_send(struct publisher *p, const struct vd_record *record);
void publisher_close(struct publisher *p, void (*cb)(void *arg));

#endif
