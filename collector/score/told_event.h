/* A silence or a volume as an event of its own, as it is published. Pure; any thread. */
#ifndef SCORE_TOLD_EVENT_H
#define SCORE_TOLD_EVENT_H

#include <vedette/buffer.h>

#include "score.h"

/* Of whom it is. */
struct told_whose {
    struct vd_bytes tenant, host; /* host empty: of the tenant as a whole, or of a source in it */
};
struct told_whose told_whose(const struct score_told *told);

/* Appends it. processed_ms: 0 where there is no collector. VD_ENOMEM, VD_ELIMIT. */
int told_event_write(struct vd_buffer *out, const struct score_told *told, int64_t processed_ms);

#endif
