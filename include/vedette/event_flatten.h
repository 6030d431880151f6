/* An event with each singular sub-message in one piece, for readers that cannot merge pieces.
 *
 * protobuf-c is one: when a sub-message comes twice it keeps the strings of the first but drops its numbers
 * (1.4.1). A spliced event has metadata and device twice, so unpacking it unflattened would lose
 * metadata.logged_time. Pure; any thread. */
#ifndef VEDETTE_EVENT_FLATTEN_H
#define VEDETTE_EVENT_FLATTEN_H

#include <vedette/arena.h>

/* *out is event itself where nothing was in pieces, else bytes of the arena (which needs up to 12 times the
 * event's length and is not reset). VD_EMALFORMED; VD_ELIMIT where the arena gives no more. */
int vd_event_flatten(struct vd_bytes event, struct vd_arena *scratch, struct vd_bytes *out);

#endif
