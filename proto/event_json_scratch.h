/* The caller's arena as the heap of writer and reader; remembers why it gave nothing. */
#ifndef VEDETTE_EVENT_JSON_SCRATCH_H
#define VEDETTE_EVENT_JSON_SCRATCH_H

#include <vedette/arena.h>
#include <vedette/error.h>

struct event_json_scratch {
    struct vd_arena *arena;
    int error; /* why the last allocation failed: VD_ELIMIT or VD_ENOMEM; 0 while none has */
};

static inline void *event_json_alloc(struct event_json_scratch *scratch, size_t len)
{
    struct vd_arena *arena = scratch->arena;
    void *memory = vd_arena_alloc(arena, len);
    if (memory == NULL) {
        size_t left = arena->limit_bytes - arena->used_bytes, alignment = 16;
        bool fits = len <= left && (len + alignment - 1) / alignment * alignment <= left;
        scratch->error = fits ? VD_ENOMEM : VD_ELIMIT;
    }
    return memory;
}

#endif
