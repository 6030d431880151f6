/* A finding in plain words. Pure; any thread. */
#ifndef SCORE_FINDING_WORDS_H
#define SCORE_FINDING_WORDS_H

#include "finding.h"

enum { FINDING_TITLE_BYTES = 384, FINDING_DESC_BYTES = 384 };

/* "Many failed logins from 203.0.113.9 to web1 and 2 other hosts" */
void finding_title(const struct score_finding *f, char out[FINDING_TITLE_BYTES]);
/* How many events, the highest risk, and what is not listed. */
void finding_desc(const struct score_finding *f, char out[FINDING_DESC_BYTES]);
/* Static: why it is told now. */
const char *finding_state(const struct score_finding *f);

#endif
