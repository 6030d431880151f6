/* The collector as a whole: what belongs to it, in which order it starts, and in which it stops.
 *
 * Happy path: collector_start → the loop runs → collector_stop → drained → everything closed → the loop ends.
 * How it fails: a start that cannot succeed (a port taken, a bad certificate) returns an error, and what was
 * opened closes in the loop; a drain that takes too long is cut off, and agents send again what was not
 * acknowledged. One loop. */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "config.h"

#include <uv.h>

struct collector;

enum { COLLECTOR_ERROR_BYTES = 512 };

/* config is borrowed until the collector is freed. error: a sentence (COLLECTOR_ERROR_BYTES). On error *out,
 * if not NULL, is closing already: run the loop to its end, then free it. */
int collector_start(struct collector **out, uv_loop_t *loop, const struct collector_config *config,
                    char *error);
/* New certificates, for sessions to come; on error the old ones stay. fresh is only read during the call. */
int collector_reload(struct collector *c, const struct collector_config *fresh, char *error);
/* In good order: no new sessions, no more reading, what is under way is committed and acknowledged, then
 * goodbye. */
void collector_stop(struct collector *c);
/* At once. */
void collector_force(struct collector *c);
/* After the loop has ended: 0, or VD_EEXISTS where another process has this collector's name. */
int collector_outcome(const struct collector *c);
void collector_free(struct collector *c);

#endif
