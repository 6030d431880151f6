/* What scoring says of one event: a risk, and the reasons for it. Values only; the bytes that reasons point
 * to belong to the event that was scored and live as long as it does. */
#ifndef VEDETTE_SCORE_H
#define VEDETTE_SCORE_H

#include <vedette/bytes.h>

enum { VD_SCORE_REASONS_MAX = 3 };

struct vd_reason {
    const char *feature;     /* static: "failed logins" */
    const char *entity_kind; /* static: "source address", "user", "host" */
    struct vd_bytes entity;  /* borrowed from the event: "203.0.113.9" */
    uint32_t window_seconds; /* nominal; the span covered is 5/6 to all of it */
    double observed;         /* in the window, this event included */
    double expected;         /* mean of such a window */
    double surprise;         /* -log10 of the probability of as many or more */
    double maturity;         /* 0 (only peers known) to 1 (only its own history) */
    bool late;               /* its time was behind the window's */
};

struct vd_score {
    int32_t risk_score;    /* 0 to 100 */
    int32_t risk_level_id; /* OCSF: 0 Info, 1 Low, 2 Medium, 3 High, 4 Critical */
    bool is_alert;
    double surprise;
    uint32_t reason_count;
    struct vd_reason reasons[VD_SCORE_REASONS_MAX]; /* strongest first */
};

#endif
