/* The way into Kafka: which topic, key and headers a record gets, whether Kafka takes records now,
 * and the replacement of a producer that has failed for good.
 *
 * Happy path: new → `readiness` (true) → publisher_event … ⇄ `delivered` … → close. How it fails: a broker
 * that is away makes records wait (readiness false, nothing lost); a fatal error gives every record back by
 * `delivered` with an error, and a new producer is made a second later. All calls and callbacks on the loop's
 * thread. */
#ifndef COLLECTOR_PUBLISHER_H
#define COLLECTOR_PUBLISHER_H

#include <vedette/event_validate.h>
#include <vedette/kafka.h>

struct publisher;

struct publisher_callbacks {
    /* Once for each record taken; never from inside publisher_event. */
    void (*delivered)(void *arg, void *opaque, int error, const char *why);
    void (*readiness)(void *arg, bool ready, const char *why);
};

struct publisher_options {
    uv_loop_t *loop;
    struct vd_kafka_options kafka; /* borrowed until the publisher is closed */
    const char *prefix;
    struct publisher_callbacks callbacks;
    void *arg;
};

/* Whose record it is. */
struct publisher_origin {
    int32_t partition;
    struct vd_bytes key, tenant; /* "tenant/agent", "tenant" */
};

int publisher_new(struct publisher **out, const struct publisher_options *options, char *error);
/* Partitions of the events topic: the number of shards; 0 while it is not known. */
int32_t publisher_partitions(const struct publisher *p);
bool publisher_ready(const struct publisher *p, const char **why);
/* value is borrowed until `delivered`. 0, VD_EUNAVAILABLE, VD_EFULL, VD_EKAFKA. */
int publisher_event(struct publisher *p, const struct publisher_origin *origin, int32_t class_uid,
                    struct vd_bytes value, void *opaque);
/* To the dead letter topic, with the reason in its headers. */
int publisher_refused(struct publisher *p, const struct publisher_origin *origin,
                      const struct vd_refusal *why, struct vd_bytes value, void *opaque);
void publisher_close(struct publisher *p, void (*cb)(void *arg));

#endif
