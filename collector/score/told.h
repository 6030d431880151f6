/* What the scorer tells by itself, of no single event. */
#ifndef SCORE_TOLD_H
#define SCORE_TOLD_H

#include <vedette/score.h>

#include "silence.h"
#include "totals.h"

struct score_told {
    enum { SCORE_TOLD_SILENCE, SCORE_TOLD_VOLUME } kind;
    union {
        struct silence silence;
        struct volume volume;
    };
    struct vd_score score;
};

#endif
