/* A batch inside its shard: shard.c's, and lent to passage.c. */
#ifndef COLLECTOR_BATCH_H
#define COLLECTOR_BATCH_H

#include "shard.h"

/* A batch on its way: alive until every record of it has come back. */
struct batch {
    struct batch *next; /* the next younger of its stream */
    struct shard *shard;
    struct stream *stream;
    struct attachment *from; /* NULL once that session let go */
    struct block *blocks;    /* the bytes of its records */
    uint64_t last_seq, last_chain;
    uint32_t outstanding, event_count, published;
    size_t raw_bytes;
    int64_t received_ns;
    bool whole; /* all of it has been handed to the outlet */
    bool fork;  /* has the stream's FORK */
};

#endif
