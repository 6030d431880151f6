/* A capped bump allocator over a list of heap blocks. */
#include <vedette/arena.h>

#include <stdalign.h>
#include <vedette/memory.h>

struct vd_arena_block {
    struct vd_arena_block *next;
    size_t cap, used;
    alignas(16) uint8_t bytes[];
};

enum { ALIGNMENT = 16 };

void vd_arena_init(struct vd_arena *a, size_t block_bytes, size_t limit_bytes)
{
    *a = (struct vd_arena){.block_bytes = block_bytes, .limit_bytes = limit_bytes};
}

static void free_from(struct vd_arena_block *block)
{
    while (block != NULL) {
        struct vd_arena_block *next = block->next;
        vd_free(block);
        block = next;
    }
}

void vd_arena_deinit(struct vd_arena *a)
{
    free_from(a->first);
    a->first = a->current = NULL;
    a->used_bytes = 0;
}

static struct vd_arena_block *add_block(struct vd_arena *a, size_t least)
{
    size_t cap = least > a->block_bytes ? least : a->block_bytes;
    struct vd_arena_block *block = vd_malloc(sizeof *block + cap);
    if (block == NULL)
        return NULL;
    *block = (struct vd_arena_block){.cap = cap};
    if (a->current == NULL)
        a->first = block;
    else
        a->current->next = block;
    a->current = block;
    return block;
}

void *vd_arena_alloc(struct vd_arena *a, size_t len)
{
    if (len > a->limit_bytes)
        return NULL;
    size_t rounded = (len + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded > a->limit_bytes - a->used_bytes)
        return NULL;
    struct vd_arena_block *block = a->current;
    if (block == NULL || block->cap - block->used < rounded)
        block = add_block(a, rounded);
    if (block == NULL)
        return NULL;
    void *where = block->bytes + block->used;
    block->used += rounded;
    a->used_bytes += rounded;
    return where;
}

char *vd_arena_string(struct vd_arena *a, struct vd_bytes text)
{
    char *copy = vd_arena_alloc(a, text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

void vd_arena_reset(struct vd_arena *a)
{
    if (a->first != NULL) {
        free_from(a->first->next);
        a->first->next = NULL;
        a->first->used = 0;
        a->current = a->first;
    }
    a->used_bytes = 0;
}
