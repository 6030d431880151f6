/* A silence as an event of its own, as it is published. Pure; any thread. */
#ifndef SCORE_SILENCE_EVENT_H
#define SCORE_SILENCE_EVENT_H

#include <vedette/buffer.h>

#include "score.h"

/* Appends it. processed_ms: 0 where there is no collector. VD_ENOMEM, VD_ELIMIT. */
int silence_event_write(struct vd_buffer *out, const struct score_silence *silence, int64_t processed_ms);

#endif
