/* Hashes whose values leave the process or decide placement, so they never change. Pure; any thread. */
#ifndef VEDETTE_HASH_H
#define VEDETTE_HASH_H

#include <vedette/bytes.h>

/* Kafka's own murmur2 (org.apache.kafka.common.utils.Utils), signed bit kept. */
uint32_t vd_hash_murmur2(struct vd_bytes key);
/* The partition Java's default partitioner picks for a key: (murmur2 & 0x7fffffff) mod partitions. */
int32_t vd_hash_partition(struct vd_bytes key, int32_t partitions);
/* XXH3, 64 bits: tables in memory. */
uint64_t vd_hash64(struct vd_bytes key, uint64_t seed);

#endif
