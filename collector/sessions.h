/* The collector's sessions: in the order in which they are to be read, and those that have ACKs to write.
 *
 * Who was read goes to the end, so that after a stop of the flow the ones that waited come first: the kernel
 * reports sockets in the order in which reading was started. One loop. */
#ifndef COLLECTOR_SESSIONS_H
#define COLLECTOR_SESSIONS_H

#include "session.h"

/* All zero is empty. */
struct sessions {
    struct session *first, *last;
    struct session *dirty;
};

void sessions_add(struct sessions *list, struct session *s);
/* Whether more than `most` sessions that have not shown who they are come from the host that s comes from. */
bool sessions_crowded(const struct sessions *list, const struct session *s, size_t most);
void sessions_remove(struct sessions *list, struct session *s);
/* A batch of s was taken. */
void sessions_served(struct sessions *list, struct session *s);
/* s has ACKs to write. */
void sessions_dirty(struct sessions *list, struct session *s);
/* Writes the ACKs of all that have some. */
void sessions_flush(struct sessions *list);
void sessions_pause(const struct sessions *list);
/* A step of going on, one a turn of the loop, until the flow stops again: who has batches that are read
 * already goes on when those before it have had a turn to be read. false: that was all. */
bool sessions_resume(const struct sessions *list, const struct flow *flow);

struct sessions_sum {
    size_t unknown;          /* sessions that have not shown who they are */
    size_t unfinished_bytes; /* held of frames that have begun */
};
/* Looks at the deadlines of all. */
struct sessions_sum sessions_tick(const struct sessions *list, uint64_t now_ms);
/* Counts how far all agents are behind. */
void sessions_measure(const struct sessions *list, struct metrics *metrics);
/* Sends on, with GO_TO, those whose shard is elsewhere. */
void sessions_move(const struct sessions *list);
void sessions_end(const struct sessions *list, enum vd_goodbye_code code, const char *reason);

#endif
