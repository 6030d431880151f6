/* The intake: opens the sources of a configuration where the spool says they stand, and pulls them into it.
 *
 * Happy path: intake_open → a source is ready → at the next turn of the loop it is pulled, a few hundred
 * events at most, then the others have their turn → `appended`. How it fails: a source that cannot be opened
 * is named with what it lacks, and the others go on; while the spool is full, cannot be written, or has more
 * pending than a commit should have, tail and journal wait (intake_resume), and what process cannot hand over
 * is counted as lost. One loop. */
#ifndef AGENT_INTAKE_H
#define AGENT_INTAKE_H

#include "config.h"
#include "losses.h"

#include <uv.h>

enum { INTAKE_ERROR_BYTES = 512 };

struct intake_options {
    uv_loop_t *loop;
    const struct agent_config *config; /* borrowed */
    struct vd_spool *spool;
    struct losses *losses;
    const char *hostname;    /* borrowed */
    int64_t (*now_ms)(void); /* the real-time clock */
    bool once;
    void *owner;
    /* A pull is over: there may be something to commit. gathered: it has gathered for a while already. */
    void (*appended)(void *owner, bool gathered);
};

struct intake;
/* On an error, which has a sentence, *out, if not NULL, is still to be closed. */
int intake_open(struct intake **out, const struct intake_options *options, char *error);
/* The spool may have room again. */
void intake_resume(struct intake *in);
/* No more pulls. */
void intake_stop(struct intake *in);
/* With `once`: every source has been read to its end, or has failed. */
bool intake_at_end(const struct intake *in);
/* Some source could not be opened, or failed. */
bool intake_failed(const struct intake *in);
/* The first source's place in the spool, for what the agent has to tell of itself. */
struct origin *intake_origin(struct intake *in);
/* cb, once all sources are closed. */
void intake_close(struct intake *in, void (*cb)(void *owner));

#endif
