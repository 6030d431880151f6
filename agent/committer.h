/* Drives the spool's group commit: at most so often, beside the loop, one commit at a time.
 *
 * Happy path: committer_wake after something was appended → after age_ms, or at once when enough is pending
 * or has gathered elsewhere → the commit runs on a thread of libuv's → `durable` on the loop. How it fails: a
 * commit that fails is said once, and tried again every second until one succeeds, which is said too; what is
 * pending stays in memory meanwhile. One loop. */
#ifndef AGENT_COMMITTER_H
#define AGENT_COMMITTER_H

#include <uv.h>
#include <vedette/spool.h>

struct committer_options {
    uv_loop_t *loop;
    struct vd_spool *spool;
    uint64_t age_ms;
    bool always;             /* each wake commits at once */
    int64_t (*now_ms)(void); /* the real-time clock */
    void *owner;
    void (*durable)(void *owner); /* more is on disk */
};

struct committer;
int committer_start(struct committer **out, const struct committer_options *options);
/* The spool has something new. at_once: it has waited long enough elsewhere. */
void committer_wake(struct committer *c, bool at_once);
/* A commit is under way. */
bool committer_busy(const struct committer *c);
/* The last commit failed. */
bool committer_fails(const struct committer *c);
/* After the commit that is under way, if any. cb: nothing of it is left; what is pending, the spool's own
 * close commits. */
void committer_close(struct committer *c, void (*cb)(void *owner));

#endif
