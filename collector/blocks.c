/* Small blocks, then blocks of one size, used again; a record larger than those gets one of its own. */
#include "blocks.h"

#include <vedette/memory.h>

enum {
    GROWTH = 4,
    FIRST_CAP = BLOCK_FIRST_BYTES - sizeof(struct block),
    CAP = BLOCK_BYTES - sizeof(struct block)
};

void blocks_init(struct blocks *pool, size_t keep_max)
{
    *pool = (struct blocks){.keep_max = keep_max};
}

static void give_back(struct blocks *pool, struct block *block)
{
    pool->held_bytes -= sizeof *block + block->cap;
    vd_free(block);
}

void blocks_deinit(struct blocks *pool)
{
    while (pool->free != NULL) {
        struct block *block = pool->free;
        pool->free = block->next;
        give_back(pool, block);
    }
    pool->free_count = 0;
}

/* Of the block that comes after the newest of a list. */
static size_t cap_after(const struct block *newest, size_t len)
{
    size_t cap = newest == NULL ? FIRST_CAP : (newest->cap + sizeof *newest) * GROWTH - sizeof *newest;
    if (len <= cap && cap < CAP)
        return cap;
    return len > CAP ? len : CAP;
}

static struct block *take(struct blocks *pool, size_t cap)
{
    struct block *block = pool->free;
    if (block != NULL && cap == CAP) {
        pool->free = block->next;
        pool->free_count--;
        return block;
    }
    block = vd_malloc(sizeof *block + cap);
    if (block == NULL)
        return NULL;
    block->cap = cap;
    pool->held_bytes += sizeof *block + cap;
    return block;
}

uint8_t *blocks_reserve(struct blocks *pool, struct block **list, size_t len)
{
    struct block *block = *list;
    if (block == NULL || block->cap - block->used < len) {
        block = take(pool, cap_after(*list, len));
        if (block == NULL)
            return NULL;
        block->used = 0;
        block->next = *list;
        *list = block;
    }
    return block->bytes + block->used;
}

void blocks_release(struct blocks *pool, struct block *list)
{
    while (list != NULL) {
        struct block *next = list->next;
        if (pool->free_count >= pool->keep_max || list->cap != CAP) {
            give_back(pool, list);
        } else {
            list->next = pool->free;
            pool->free = list;
            pool->free_count++;
        }
        list = next;
    }
}
