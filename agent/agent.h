/* The agent as a whole: intake → spool → uplink, in one loop, and the committer beside it.
 *
 * Happy path: agent_start → sources are pulled into the spool → a group commit makes it durable → the uplink
 * brings it to a collector → agent_stop → what is in the spool is brought away, within a limit → closed. How
 * it fails: a source that cannot be opened is named with what it lacks, and the others go on; without a
 * collector the spool fills, and full it makes sources wait; what is in it when the agent ends, however that
 * comes, is there at the next start. What could not be kept is told as a GAP. One loop. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "config.h"

#include <uv.h>

struct agent;

enum { AGENT_ERROR_BYTES = 512 };

/* config is borrowed until the agent is freed. once: stop by itself when the files are read to their end and
 * all of it is acknowledged. On error *out, if not NULL, is closing already: run the loop to its end, then
 * free it. */
int agent_start(struct agent **out, uv_loop_t *loop, const struct agent_config *config, bool once,
                char *error);
/* For connections to come; on error the old certificates stay, as they do when the new one names another
 * agent, whose spool this is not. fresh is only read during the call. */
int agent_reload(struct agent *a, const struct agent_config *fresh, char *error);
void agent_stop(struct agent *a);
void agent_force(struct agent *a);
/* With `once`: 0 if everything was read and acknowledged. Otherwise 0. */
int agent_outcome(const struct agent *a);
void agent_free(struct agent *a);

#endif
