/* The parts of `vedette replay`: what it counts, and how it tells of it. */
#ifndef VEDETTE_TOOLS_REPLAY_H
#define VEDETTE_TOOLS_REPLAY_H

#include <stdio.h>
#include <vedette/event_view.h>
#include <vedette/score.h>

enum { REPLAY_LEVELS = 5, REPLAY_CONFIGURATION_BYTES = 9 };

/* One side: as it was published, or as it is replayed. */
struct replay_side {
    uint64_t levels[REPLAY_LEVELS], alerts;
};

struct replay_sum {
    uint64_t warm_up, events; /* scored before --from, and since */
    uint64_t unscored;        /* what the collector made itself */
    uint64_t unreadable;
    uint64_t identical; /* to the byte */
    uint64_t by_level, by_risk;
    struct replay_side published, replayed;
    uint32_t configuration; /* that it is replayed with; that of publishing is the last that was told */
    char published_configuration[REPLAY_CONFIGURATION_BYTES];
};

struct replay_change {
    const struct vd_event_view *published;
    const struct vd_score *score;
    struct vd_bytes sentence; /* of score */
};

enum replay_verdict { REPLAY_SAME, REPLAY_ALIKE, REPLAY_OTHER_RISK, REPLAY_OTHER_LEVEL };
/* Counts an event on both sides. identical: to the byte; least_risk: what makes a change of risk one to tell.
 */
enum replay_verdict replay_count(struct replay_sum *sum, const struct vd_event_view *published,
                                 const struct vd_score *score, bool identical, int32_t least_risk);

void replay_print_change(const struct replay_change *change, bool color, FILE *out);
void replay_print_change_json(const struct replay_change *change, FILE *out);
void replay_print_sum(const struct replay_sum *sum, int32_t least_risk, FILE *out);
void replay_print_sum_json(const struct replay_sum *sum, FILE *out);

#endif
