/* All shards of this collector, and which of them an agent belongs to. One thread. */
#ifndef COLLECTOR_SHARDS_H
#define COLLECTOR_SHARDS_H

#include "shard.h"

struct shards {
    struct shard **all;
    int32_t count; /* the partitions of the events topic; 0 until Kafka has told */
};

/* each: options of one shard; entities_max is of all together. On error some may exist: deinit. */
int shards_init(struct shards *s, int32_t count, const struct shard_options *each,
                struct outlet *(*outlet_of)(void *arg, int32_t shard), void *arg);
void shards_deinit(struct shards *s);
/* The number of the shard of an agent's tenant, or, for a tenant too large for one, of the unit in its
 * certificates. */
int32_t shards_number(const struct shards *s, const struct vd_identity *agent);
/* What is counted in the shards themselves, summed up. */
void shards_measure(const struct shards *s, struct metrics *metrics);

#endif
