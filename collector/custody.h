/* The shards of this collector and their way into Kafka, in either mode of delivery.
 *
 * Happy path: new → Kafka answers: the shards are made → custody_find for each HELLO … → custody_release →
 * custody_released → close. At least once, all shards are this collector's, through one producer, from the
 * beginning. Exactly once, ownership.h tells which are, and the producer only finds out whether Kafka is
 * there, and announces the collector. How it fails: `readiness` tells that it is not ready and why; it goes
 * on by itself. One loop. */
#ifndef COLLECTOR_CUSTODY_H
#define COLLECTOR_CUSTODY_H

#include "blocks.h"
#include "config.h"
#include "flow.h"
#include "metrics.h"
#include "publish/outlet.h"
#include "whereabouts.h"

#include <vedette/identity.h>

struct custody;

struct custody_options {
    uv_loop_t *loop;
    const struct collector_config *config; /* borrowed */
    const char *name, *address;            /* this collector's, as others are told; borrowed */
    struct flow *flow;
    struct blocks *blocks;
    struct metrics *metrics;
    uint32_t event_max_bytes;
    outlet_delivered *delivered;
    void (*readiness)(void *arg, bool ready, const char *why);
    void (*expelled)(void *arg, const char *why); /* another process has this name: end at once */
    void *arg;
};

/* error: VD_KAFKA_ERROR_BYTES. */
int custody_new(struct custody **out, const struct custody_options *options, char *error);
void custody_find(const struct custody *c, const struct vd_identity *agent, struct whereabouts *out);
/* One line each: why it is not ready, and the shards by their state. */
bool custody_ready(const struct custody *c, struct vd_buffer *out);
/* Too much is under way: what can be committed is. */
void custody_hurry(struct custody *c);
void custody_measure(const struct custody *c);
/* Nothing more is taken; what was taken is committed, and the shards are handed over. */
void custody_release(struct custody *c);
bool custody_released(const struct custody *c);
/* Whether another collector may have the shards in a moment. */
bool custody_has_heirs(const struct custody *c);
/* Without a commit; the shards stay until custody_free. cb once, never inside. */
void custody_close(struct custody *c, void (*cb)(void *arg));
/* After cb. */
void custody_free(struct custody *c);

#endif
