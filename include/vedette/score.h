/* What scoring says of one event: a risk, and the reasons for it. Values only; the bytes that reasons point
 * to belong to the event that was scored, or to the scorer until its next event. */
#ifndef VEDETTE_SCORE_H
#define VEDETTE_SCORE_H

#include <vedette/bytes.h>

enum { VD_SCORE_REASONS_MAX = 3 };

/* What is unusual. */
enum vd_reason_kind {
    VD_REASON_RATE,     /* how many */
    VD_REASON_DISTINCT, /* how many different values; over 24 h as a rank among peers */
    VD_REASON_FIRST,    /* a value that was not seen before: `value` */
    VD_REASON_RARE,     /* a rule that seldom fires there: `value`; observed, expected: windows a thousand */
    VD_REASON_BESIDE,   /* other detections of the tenant; `value`: the host with most of them */
};

struct vd_reason {
    enum vd_reason_kind kind;
    const char *feature;     /* static: what the events are, "failed logins" */
    const char *what;        /* static: what the values are, "users"; "": none */
    const char *entity_kind; /* static: "source address", "user", "host", "tenant", "rule" */
    struct vd_bytes entity;  /* "203.0.113.9" */
    struct vd_bytes value;   /* may be empty */
    uint32_t window_seconds; /* nominal; the span covered is 5/6 to all of it; 0: since ever */
    double observed;         /* in the window, this event included */
    double expected;         /* mean of such a window */
    double surprise;         /* -log10 of the probability, calibrated */
    double maturity;         /* 0 (only peers known) to 1 (only its own history) */
    bool late;               /* its time was behind the window's */
};

struct vd_score {
    int32_t risk_score;    /* 0 to 100 */
    int32_t risk_level_id; /* OCSF: 0 Info, 1 Low, 2 Medium, 3 High, 4 Critical */
    bool is_alert;
    uint32_t configuration;  /* hash of what it depends on beside the events */
    double surprise;         /* of the event: -log10 p */
    const char *criticality; /* static: the asset's, which the risk was weighed by; NULL: none */
    uint32_t shared;         /* events of its 5 minutes that share one alarm with it; 0: it has its own */
    uint32_t reason_count;
    struct vd_reason reasons[VD_SCORE_REASONS_MAX]; /* strongest first */
};

#endif
