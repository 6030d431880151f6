/* Memory of records on their way to Kafka: blocks of one size, handed out again instead of going back to the
 * heap, since the first touch of a fresh page costs more than scoring an event. The first ones of a list are
 * smaller, and come from the heap: thousands of batches may hold one event each. One thread at a time. */
#ifndef COLLECTOR_BLOCKS_H
#define COLLECTOR_BLOCKS_H

#include <vedette/bytes.h>

enum { BLOCK_FIRST_BYTES = 1024, BLOCK_BYTES = 16 * 1024 };

struct block {
    struct block *next;
    size_t cap, used;
    uint8_t bytes[];
};

struct blocks {
    struct block *free;
    size_t free_count, keep_max; /* more free ones than this go back to the heap */
    size_t held_bytes;           /* all blocks, free or not */
};

void blocks_init(struct blocks *pool, size_t keep_max);
void blocks_deinit(struct blocks *pool);
/* Room for len bytes in the newest block of *list, or in a new one put before it; NULL without memory. The
 * caller adds to the block's `used` what it wrote. */
uint8_t *blocks_reserve(struct blocks *pool, struct block **list, size_t len);
void blocks_release(struct blocks *pool, struct block *list);

#endif
