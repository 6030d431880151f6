/* What could not be kept, by source and reason: counted, and told as GAP events.
 *
 * Happy path: losses_add … → losses_tell appends one GAP for what has gathered, and for a few seconds no
 * other one of that source and reason, so that a flood of losses is no flood of events. How it fails: a GAP
 * that the spool does not take now is kept, with all that joins it, and tried again. One thread. */
#ifndef AGENT_LOSSES_H
#define AGENT_LOSSES_H

#include "origin.h"

#include <vedette/gap.h>

enum {
    LOSSES_KINDS_MAX = VD_SPOOL_SOURCES_MAX * VD_GAP_REASON_COUNT,
    LOSSES_DETAIL_BYTES = 96,
    LOSSES_TELL_EVERY_MS = 5000,
};

struct loss {
    struct origin *origin; /* outlives the losses; at most VD_SPOOL_SOURCES_MAX of them */
    enum vd_gap_reason reason;
    uint64_t count;         /* events; 0: nobody knows */
    uint64_t from, to;      /* their numbers; 0: they never got any */
    struct vd_bytes detail; /* of several losses told as one, the last one's */
};

/* One source and reason. */
struct loss_kind {
    struct origin *origin;
    enum vd_gap_reason reason;
    bool waits;   /* something is to be told */
    bool unknown; /* a part of the sum is not known */
    uint64_t count, from, to;
    int64_t start_ms, end_ms;
    uint64_t quiet_until_ms; /* loop time */
    char detail[LOSSES_DETAIL_BYTES];
};

struct losses {
    struct vd_buffer event;
    struct loss_kind kinds[LOSSES_KINDS_MAX];
    uint32_t kind_count;
    uint64_t total; /* events known to be lost */
};

void losses_init(struct losses *l);
void losses_deinit(struct losses *l);
/* time_ms: the real time, when it was lost. */
void losses_add(struct losses *l, const struct loss *loss, int64_t time_ms);
/* Whether a GAP was appended: there is something to commit. loop_ms: a clock that never goes back. */
bool losses_tell(struct losses *l, int64_t time_ms, uint64_t loop_ms);
/* Tells everything, however lately its kind was told: before the end. */
bool losses_tell_all(struct losses *l, int64_t time_ms);

#endif
