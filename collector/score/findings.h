/* Findings: scored events of level High and above, drawn together by tenant and entity while they keep
 * coming.
 *
 * An event joins the finding that is open for the entity of its strongest reason, else of its other reasons,
 * else of its source address; where none is open, one is opened for the first of these. A finding is told at
 * once, then at most once a minute, and closed when the watermark has gone 15 minutes on without an event of
 * it. A tenant opens so many in an hour of event time; what is beyond goes into one finding, "and more", that
 * stays until the hour is over. Where all slots are taken, the tenant that has the most of them loses the one
 * that was quiet for longest.
 *
 * A login that succeeds from where an open finding's guesses come from joins it, whatever its own risk: the
 * finding is Critical then, and told at once. It keeps nothing open.
 *
 * Decided by the events alone, so the same events in the same order make the same findings. Flat: every byte
 * is plain, so the bytes are the state. Pure; one thread at a time. */
#ifndef SCORE_FINDINGS_H
#define SCORE_FINDINGS_H

#include "finding.h"

enum { FINDINGS_MAX = 256, FINDING_TENANTS_MAX = 256, FINDING_MERGED_MAX = 64, FINDINGS_AN_HOUR = 20 };
enum { FINDING_UPDATE_MS = 60 * 1000, FINDING_QUIET_MS = 15 * 60 * 1000 };

/* What a tenant has opened in an hour, and whose entities were merged since. */
struct finding_tenant {
    uint64_t key; /* 0: free */
    int64_t hour;
    uint64_t merged[FINDING_MERGED_MAX];
    uint32_t opened, merged_count;
};

struct findings {
    int64_t due_ms; /* nothing is to be told before the watermark is here */
    int64_t dues_ms[FINDINGS_MAX];
    uint64_t keys[FINDINGS_MAX]; /* by slot; 0: free */
    struct score_finding open[FINDINGS_MAX];
    struct finding_tenant tenants[FINDING_TENANTS_MAX];
};

void findings_init(struct findings *f);
/* an_hour: of a tenant, 1 at least. Whether it was merged into "and more". What is due is to be asked for
 * before the next event. */
bool findings_take(struct findings *f, const struct finding_event *event, int64_t watermark_ms,
                   uint32_t an_hour);
/* Of a login that succeeded, alert or not, after that. */
void findings_take_login(struct findings *f, const struct finding_event *login, int64_t watermark_ms);
/* What was told last could not be handed on: it is told again. */
void findings_again(struct findings *f, const struct score_finding *told);
/* Out of line; ask findings_next. */
bool findings_tell(struct findings *f, int64_t watermark_ms, struct score_finding *out);

/* The next one to be told by that watermark, as it is now; false: none. */
static inline bool findings_next(struct findings *f, int64_t watermark_ms, struct score_finding *out)
{
    return watermark_ms >= f->due_ms && findings_tell(f, watermark_ms, out);
}

#endif
