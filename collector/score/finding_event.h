/* A finding as an event of its own, as it is published. Pure; any thread. */
#ifndef SCORE_FINDING_EVENT_H
#define SCORE_FINDING_EVENT_H

#include <vedette/buffer.h>

#include "finding.h"

/* Appends it. processed_ms: 0 where there is no collector. VD_ENOMEM, VD_ELIMIT. */
int finding_event_write(struct vd_buffer *out, const struct score_finding *finding, int64_t processed_ms);

#endif
