/* A finding that `vedette why` is asked about: what it says itself, and which events it was made of. */
#ifndef VEDETTE_TOOLS_WHY_FINDING_H
#define VEDETTE_TOOLS_WHY_FINDING_H

#include <stdio.h>
#include <vedette/finding.h>

#include "why.h"

struct why_finding {
    struct vd_buffer bytes; /* the newest of its records so far; empty: none */
    struct vd_event_view view;
    struct vd_bytes related[VD_FINDING_RELATED_MAX];
    size_t related_count;
    char other[WHY_UID_BYTES]; /* of another one that the short uid stands for, too; empty: there is none */
};

void why_finding_deinit(struct why_finding *finding);
/* Whether a uid, short or not, is a finding's, or that of one of its revisions. */
bool why_finding_is_uid(const char *uid);
enum { WHY_TOPIC_BYTES = 256 };
/* The findings' topic beside an events topic. */
void why_finding_topic(const char *events_topic, char out[WHY_TOPIC_BYTES]);
/* Keeps the record if it is of that uid. VD_ENOMEM. */
int why_finding_take(struct why_finding *finding, const char *uid, struct vd_bytes value);

/* VD_ENOMEM, VD_ELIMIT. */
int why_finding_tell(const struct why_finding *finding, const struct why_style *style, struct vd_buffer *out);
void why_finding_print_json(const struct why_finding *finding, FILE *out);

#endif
