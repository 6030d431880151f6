/* A finding as an event of its own: OCSF Detection Finding (class 2004), what the collector drew together
 * from events it had scored. Pure; any thread. */
#ifndef VEDETTE_FINDING_H
#define VEDETTE_FINDING_H

#include <vedette/buffer.h>
#include <vedette/event_view.h>

/* How the uid of each begins; an agent's event must not have such a one. */
#define VD_FINDING_UID_BEGIN "vedette-finding-"
enum {
    VD_FINDING_CLASS = 2004,
    VD_FINDING_TYPES_MAX = 4,
    VD_FINDING_RELATED_MAX = 16,
    VD_FINDING_ATTACKS_MAX = 32
};

struct vd_finding_attack {
    const char *tactic, *technique, *sub; /* "": none */
};

/* Texts are valid UTF-8, terminated, and never NULL; "": absent. */
struct vd_finding {
    const char *uid, *title, *desc, *status_detail;
    const char *analytic, *analytic_uid;
    uint32_t revision;   /* with uid makes metadata.uid */
    int32_t activity_id; /* 1 Create, 2 Update, 3 Close */
    int32_t severity_id, confidence_id;
    uint64_t count;
    int64_t created_ms, modified_ms, first_ms, last_ms;
    const char *user, *source; /* whom it is about */
    struct {
        const char *user, *source, *process, *file;
    } evidence;
    const char *types[VD_FINDING_TYPES_MAX], *related[VD_FINDING_RELATED_MAX];
    struct vd_finding_attack attacks[VD_FINDING_ATTACKS_MAX];
    size_t type_count, related_count, attack_count;
};

/* Appends its bytes, all but what a splice says: whose it is, class and activity together, the risk and its
 * reasons. VD_ENOMEM, VD_ELIMIT. */
int vd_finding_write(struct vd_buffer *out, const struct vd_finding *finding);

/* Whether it is one of the collector's, and not another product's detection. */
bool vd_finding_is(const struct vd_event_view *event);
/* When its events were first and last seen, 0 if that is not told. event: its bytes, in however many pieces.
 */
void vd_finding_span(struct vd_bytes event, int64_t *first_ms, int64_t *last_ms);
/* The uids of its events that are named: how many; views into event, its bytes likewise. */
size_t vd_finding_related(struct vd_bytes event, struct vd_bytes out[VD_FINDING_RELATED_MAX]);

#endif
