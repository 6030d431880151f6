/* Which processes live, bounded in number: so that an end, and a child, have the name that /proc no longer
 * tells. Private to process. */
#ifndef AGENT_PROCESS_CACHE_H
#define AGENT_PROCESS_CACHE_H

#include <vedette/bytes.h>

enum { CACHED_NAME_BYTES = 32, CACHED_PATH_BYTES = 96 };

struct cached_process {
    int32_t pid, parent_pid; /* pid 0: a free slot */
    int64_t uid, created_ms;
    uint64_t used;                /* the cache's count of uses when it was used last */
    char name[CACHED_NAME_BYTES]; /* cut to fit */
    char path[CACHED_PATH_BYTES]; /* left out when it does not fit */
};

/* Sets of four by process number: the one unused for longest makes room. */
struct process_cache {
    struct cached_process *slots;
    uint32_t set_count;
    uint64_t uses;
};

/* max is rounded up to whole sets. 0 or VD_ENOMEM. */
int process_cache_init(struct process_cache *cache, uint32_t max);
void process_cache_deinit(struct process_cache *cache);
/* NULL: not known. Valid until the next put. */
struct cached_process *process_cache_find(struct process_cache *cache, int32_t pid);
/* The process's slot, cleared but for its pid if it is new; what stood there longest unused is forgotten. */
struct cached_process *process_cache_put(struct process_cache *cache, int32_t pid);
void process_cache_remove(struct process_cache *cache, int32_t pid);

#endif
