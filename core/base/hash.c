/* Kafka's murmur2 (Austin Appleby's MurmurHash2 with Kafka's seed), and XXH3. */
#include <vedette/hash.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint32_t vd_hash_murmur2(struct vd_bytes key)
{
    const uint32_t m = 0x5bd1e995;
    const uint8_t *p = key.data;
    size_t left = key.len;
    uint32_t h = 0x9747b28cu ^ (uint32_t)key.len;
    for (; left >= 4; p += 4, left -= 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    if (left >= 3)
        h ^= (uint32_t)p[2] << 16;
    if (left >= 2)
        h ^= (uint32_t)p[1] << 8;
    if (left >= 1) {
        h ^= (uint32_t)p[0];
        h *= m;
    }
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

int32_t vd_hash_partition(struct vd_bytes key, int32_t partitions)
{
    return (int32_t)(vd_hash_murmur2(key) & 0x7fffffffu) % partitions;
}

uint64_t vd_hash64(struct vd_bytes key, uint64_t seed)
{
    return XXH3_64bits_withSeed(key.data, key.len, seed);
}
