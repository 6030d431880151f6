/* The reasons of a score, read back from a published event as the collector wrote them there (PROTOCOL.md
 * section 6). Pure; any thread. */
#ifndef VEDETTE_EVENT_REASONS_H
#define VEDETTE_EVENT_REASONS_H

#include <vedette/score.h>

/* As struct vd_reason; its texts are views into the event, and cut as its splice has them. */
struct vd_told_reason {
    enum vd_reason_kind kind;
    struct vd_bytes feature, what, entity_kind, entity, value;
    struct vd_bytes configuration; /* eight hex digits */
    uint32_t window_seconds;       /* 0: since ever */
    double observed, expected, surprise, maturity;
    bool late;
};

/* How many were read, strongest first. What is no reason of ours is left out. */
size_t vd_event_reasons_read(struct vd_told_reason out[VD_SCORE_REASONS_MAX], struct vd_bytes event);

#endif
