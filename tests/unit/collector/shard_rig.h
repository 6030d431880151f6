/* A shard with an outlet made of an array, and one agent's session on it. */
#ifndef SHARD_RIG_H
#define SHARD_RIG_H

#include "shard.h"

enum { RECORDS_MAX = 256, EVENT_BYTES = 64 };
#define NOW_REAL_MS INT64_C(1700000000000)
static const struct shard_time NOW = {.real_ms = NOW_REAL_MS, .monotonic_ns = 1};

/* What went out. */
struct record {
    struct vd_bytes key, value;
    void *opaque;
    bool refused, finding;
    char reason[64];
};
extern struct record records[RECORDS_MAX];
extern size_t record_count;
extern size_t batches_sent;
extern int send_answer;         /* what the outlet answers… */
extern size_t send_answer_from; /* …once so many records are taken */
extern size_t fail_at;          /* the allocation inside shard_take that fails; 0: none */

struct world {
    struct shard *shard;
    struct flow flow;
    struct blocks blocks;
    struct metrics metrics;
    struct attachment attachment;
    uint64_t mark;       /* as told by `kept` */
    uint64_t told_chain; /* by the last shard_attach */
    size_t raw_bytes_freed;
    int lost;
    uint64_t forked_mark;
    unsigned stopped, resumed;
};

void setup(struct world *w);
void teardown(struct world *w);
void attachment_init(struct attachment *a, struct world *w);
/* The agent's one stream, at shard_attach's hands. */
int offer(struct world *w, struct attachment *a, uint64_t first, uint64_t next, uint64_t *mark);
/* The same, which must succeed; the mark. */
uint64_t attach(struct world *w, struct attachment *a, uint64_t first);
size_t make_event(uint8_t out[EVENT_BYTES], bool good);
/* A batch of count events, the bad-th of them one that is to be refused (0: none). */
int take(struct attachment *a, uint64_t first_seq, uint32_t count, uint32_t bad);
/* One event many times. */
int take_batch(struct attachment *a, const struct vd_batch_head *head, struct vd_bytes event, uint32_t count,
               struct shard_time now);
void deliver(size_t from, size_t to, int error);

#endif
