/* An arena: allocations that live until one reset. Capped, so that hostile input cannot grow it. One thread
 * at a time. */
#ifndef VEDETTE_ARENA_H
#define VEDETTE_ARENA_H

#include <vedette/bytes.h>

struct vd_arena_block;
struct vd_arena {
    struct vd_arena_block *first, *current;
    size_t used_bytes, limit_bytes, block_bytes;
};

/* block_bytes: what is taken from the heap at a time; limit_bytes: most bytes handed out between resets. */
void vd_arena_init(struct vd_arena *a, size_t block_bytes, size_t limit_bytes);
void vd_arena_deinit(struct vd_arena *a);
/* 16-byte aligned, not zeroed; NULL over the limit or without memory. */
void *vd_arena_alloc(struct vd_arena *a, size_t len);
/* A terminated copy. */
char *vd_arena_string(struct vd_arena *a, struct vd_bytes text);
/* Frees all but the first block; every pointer handed out is void. */
void vd_arena_reset(struct vd_arena *a);

#endif
