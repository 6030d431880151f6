/* The parts of `vedette why`: what was found, its entity's past as columns, what else happened then. */
#ifndef VEDETTE_TOOLS_WHY_H
#define VEDETTE_TOOLS_WHY_H

#include <stdio.h>
#include <vedette/buffer.h>
#include <vedette/event_reasons.h>
#include <vedette/event_view.h>

#include "score.h"

enum { WHY_UID_BYTES = 257 };

/* The event that is asked about; its views are into bytes. */
struct why_subject {
    struct vd_buffer bytes;
    struct vd_event_view view;
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    size_t reason_count;
    int32_t partition;
    int64_t offset, published_ms;
};

/* VD_ENOMEM, VD_ELIMIT, VD_EMALFORMED. */
int why_subject_init(struct why_subject *subject, struct vd_bytes value);
void why_subject_deinit(struct why_subject *subject);
bool why_is_silence(const struct vd_event_view *view);

/* ---- The past of the entity that a reason is about, by buckets of its window */

enum { WHY_COLUMNS_MAX = 120, WHY_BUCKETS = 6, WHY_VALUES_MAX = 1 << 20 };

enum why_match { WHY_MATCH_NOTHING, WHY_MATCH_KEY, WHY_MATCH_DETECTIONS, WHY_MATCH_NAME };

struct why_history {
    const struct why_subject *subject;
    const struct vd_told_reason *reason;
    enum why_match match;
    uint64_t key; /* of the entity, as scoring has it */
    uint32_t bucket_seconds, newest;
    size_t count;                    /* of columns; the last WHY_BUCKETS are the window */
    double columns[WHY_COLUMNS_MAX]; /* since why_history_close, of different values: those in the window up
                                        to each */
    struct why_value {
        uint64_t value;
        uint32_t column;
    } * values;
    size_t value_count, value_room;
    bool too_many; /* different values */
};

/* Up to `columns` of them; none where the reason has no past to show. */
void why_history_init(struct why_history *h, const struct score *s, const struct why_subject *subject,
                      const struct vd_told_reason *reason, size_t columns);
void why_history_deinit(struct why_history *h);
/* Of event time: what has to be taken. */
int64_t why_history_begin_ms(const struct why_history *h);
/* An event that came no later than the subject; prepared: as scoring saw it. VD_ENOMEM. */
int why_history_take(struct why_history *h, const struct vd_event_view *view,
                     const struct score_prepared *prepared);
void why_history_close(struct why_history *h);
/* What was expected of a column; negative: nothing can be said. */
double why_history_line(const struct why_history *h);
/* What the columns hold in the window. */
double why_history_observed(const struct why_history *h);

/* ---- What else happened then */

enum { WHY_OWN_MAX = 6, WHY_OTHERS_MAX = 6, WHY_OTHERS_KEPT = 512, WHY_LEVELS = 5 };
enum { WHY_STANDS_OUT = 20 }; /* risk, from level Low on */

struct why_other {
    char kind[32], name[128], details[256];
    int32_t risk_score, risk_level_id;
    uint64_t events;
};

struct why_neighbours {
    const struct why_subject *subject;
    const char *kind;     /* of its entity: "user" */
    struct vd_bytes name; /* of its entity */
    int64_t from_ms, to_ms;
    uint64_t own_events, own_levels[WHY_LEVELS];
    struct why_own {
        uint8_t *bytes; /* of the event; NULL: none */
        size_t len;
        int32_t risk_score;
        int64_t distance_ms;
    } own[WHY_OWN_MAX]; /* the riskiest, then the nearest */
    struct why_other *others;
    size_t other_count;
    uint64_t others_untold; /* events of more entities than are kept */
};

/* VD_ENOMEM. */
int why_neighbours_init(struct why_neighbours *n, const struct why_subject *subject);
void why_neighbours_deinit(struct why_neighbours *n);
/* Any event of the partition, but the subject. VD_ENOMEM. */
int why_neighbours_take(struct why_neighbours *n, const struct vd_event_view *view, struct vd_bytes value);
/* Sorts. */
void why_neighbours_close(struct why_neighbours *n);

/* ---- The story */

struct why_story {
    const struct why_subject *subject;
    const struct why_history *histories; /* one a reason */
    const struct why_neighbours *neighbours;
};
struct why_style {
    unsigned columns; /* of the terminal */
    bool utf8, color;
};

/* VD_ENOMEM, VD_ELIMIT. */
int why_tell(const struct why_story *story, const struct why_style *style, struct vd_buffer *out);
void why_print_json(const struct why_story *story, FILE *out);

#endif
