/* A set-associative table of processes. */
#include "process_cache.h"

#include <vedette/error.h>
#include <vedette/memory.h>

enum { WAYS = 4 };

int process_cache_init(struct process_cache *cache, uint32_t max)
{
    uint32_t sets = max / WAYS + (max % WAYS != 0);
    *cache = (struct process_cache){.set_count = sets > 0 ? sets : 1};
    cache->slots = vd_calloc((size_t)cache->set_count * WAYS, sizeof *cache->slots);
    return cache->slots == NULL ? VD_ENOMEM : 0;
}

void process_cache_deinit(struct process_cache *cache)
{
    vd_free(cache->slots);
    cache->slots = NULL;
}

/* Numbers are handed out in a row, so that they spread over the sets by themselves. */
static struct cached_process *set_of(struct process_cache *cache, int32_t pid)
{
    return cache->slots + (size_t)((uint32_t)pid % cache->set_count) * WAYS;
}

struct cached_process *process_cache_find(struct process_cache *cache, int32_t pid)
{
    struct cached_process *set = set_of(cache, pid);
    for (int i = 0; i < WAYS && pid > 0; i++) {
        if (set[i].pid != pid)
            continue;
        set[i].used = ++cache->uses;
        return &set[i];
    }
    return NULL;
}

struct cached_process *process_cache_put(struct process_cache *cache, int32_t pid)
{
    struct cached_process *found = process_cache_find(cache, pid), *set = set_of(cache, pid);
    if (found != NULL)
        return found;
    found = set;
    for (int i = 1; i < WAYS; i++)
        if (set[i].used < found->used)
            found = &set[i];
    *found = (struct cached_process){.pid = pid, .uid = -1, .used = ++cache->uses};
    return found;
}

void process_cache_remove(struct process_cache *cache, int32_t pid)
{
    struct cached_process *found = process_cache_find(cache, pid);
    if (found != NULL)
        *found = (struct cached_process){0};
}
