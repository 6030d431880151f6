/* What else happened then: other events of the entity, and other entities that stood out. */
#include "why.h"

#include <stdlib.h>
#include <string.h>
#include <vedette/error.h>
#include <vedette/memory.h>
#include <vedette/utf8.h>

enum { MS = 1000, WINDOW_SECONDS = 300, WINDOW_MAX_SECONDS = 3600 };

static bool is(struct vd_bytes text, const char *word)
{
    return vd_bytes_equal(text, vd_bytes_str(word));
}

/* ---- Whose neighbours */

/* By the event, since a reason's texts are cut. */
static struct vd_bytes name_of(const char *kind, const struct vd_event_view *view)
{
    if (strcmp(kind, "user") == 0)
        return view->user_name;
    if (strcmp(kind, "source address") == 0)
        return view->src_ip;
    if (strcmp(kind, "tenant") == 0)
        return view->tenant_uid;
    if (strcmp(kind, "rule") == 0)
        return view->rule_uid.len > 0 ? view->rule_uid : view->finding_uid;
    return view->device_uid;
}

static const char *kind_of_entity(const struct why_subject *subject)
{
    static const char *const kinds[] = {"source address", "user", "tenant", "rule"};
    if (subject->reason_count > 0)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (is(subject->reasons[0].entity_kind, kinds[i]))
                return kinds[i];
    return "host";
}

int why_neighbours_init(struct why_neighbours *n, const struct why_subject *subject)
{
    uint32_t window = subject->reason_count > 0 ? subject->reasons[0].window_seconds : 0;
    if (window == 0)
        window = WINDOW_SECONDS;
    else if (window > WINDOW_MAX_SECONDS)
        window = WINDOW_MAX_SECONDS;
    *n = (struct why_neighbours){.subject = subject, .kind = kind_of_entity(subject)};
    n->name = name_of(n->kind, &subject->view);
    if (n->name.len == 0 && subject->reason_count > 0)
        n->name = subject->reasons[0].entity; /* a source's silence */
    n->from_ms = subject->view.time_ms - (int64_t)window * MS;
    n->to_ms = subject->view.time_ms + (int64_t)window * MS;
    n->others = vd_calloc(WHY_OTHERS_KEPT, sizeof *n->others);
    return n->others == NULL ? VD_ENOMEM : 0;
}

void why_neighbours_deinit(struct why_neighbours *n)
{
    for (int i = 0; i < WHY_OWN_MAX; i++)
        vd_free(n->own[i].bytes);
    vd_free(n->others);
    *n = (struct why_neighbours){0};
}

/* ---- Its own events */

static bool goes_before(int32_t risk_score, int64_t distance_ms, const struct why_own *own)
{
    if (own->bytes == NULL || risk_score != own->risk_score)
        return own->bytes == NULL || risk_score > own->risk_score;
    return distance_ms < own->distance_ms;
}

static int keep_own(struct why_neighbours *n, const struct vd_event_view *view, struct vd_bytes value)
{
    int64_t distance_ms = llabs(view->time_ms - n->subject->view.time_ms);
    int at = WHY_OWN_MAX;
    while (at > 0 && goes_before(view->risk_score, distance_ms, &n->own[at - 1]))
        at--;
    if (at == WHY_OWN_MAX)
        return 0;
    uint8_t *bytes = vd_malloc(value.len);
    if (bytes == NULL)
        return VD_ENOMEM;
    memcpy(bytes, value.data, value.len);
    vd_free(n->own[WHY_OWN_MAX - 1].bytes);
    memmove(&n->own[at + 1], &n->own[at], (size_t)(WHY_OWN_MAX - 1 - at) * sizeof *n->own);
    n->own[at] = (struct why_own){
        .bytes = bytes, .len = value.len, .risk_score = view->risk_score, .distance_ms = distance_ms};
    return 0;
}

/* ---- Others */

static void copy(char *out, size_t room, struct vd_bytes text)
{
    size_t len = vd_utf8_repair(text, (uint8_t *)out, room - 1);
    out[len] = '\0';
}

static struct why_other *other_at(struct why_neighbours *n, const char *kind, const char *name)
{
    for (size_t i = 0; i < n->other_count; i++)
        if (strcmp(n->others[i].name, name) == 0 && strcmp(n->others[i].kind, kind) == 0)
            return &n->others[i];
    if (n->other_count == WHY_OTHERS_KEPT)
        return NULL;
    struct why_other *other = &n->others[n->other_count++];
    memcpy(other->kind, kind, sizeof other->kind);
    memcpy(other->name, name, sizeof other->name);
    return other;
}

static void note_other(struct why_neighbours *n, const struct vd_event_view *view, struct vd_bytes value)
{
    struct vd_told_reason reasons[VD_SCORE_REASONS_MAX];
    char kind[sizeof n->others->kind] = "", name[sizeof n->others->name] = "";
    if (vd_event_reasons_read(reasons, value) == 0 ||
        (is(reasons[0].entity_kind, n->kind) && vd_bytes_equal(reasons[0].entity, n->name)))
        return;
    copy(kind, sizeof kind, reasons[0].entity_kind);
    copy(name, sizeof name, reasons[0].entity);
    struct why_other *other = other_at(n, kind, name);
    if (other == NULL) {
        n->others_untold++;
        return;
    }
    if (other->events++ > 0 && view->risk_score <= other->risk_score)
        return;
    other->risk_score = view->risk_score;
    other->risk_level_id = view->risk_level_id;
    copy(other->details, sizeof other->details, view->risk_details);
}

int why_neighbours_take(struct why_neighbours *n, const struct vd_event_view *view, struct vd_bytes value)
{
    if (view->time_ms < n->from_ms || view->time_ms > n->to_ms ||
        !vd_bytes_equal(view->tenant_uid, n->subject->view.tenant_uid))
        return 0;
    if (!vd_bytes_equal(name_of(n->kind, view), n->name)) {
        if (view->risk_score >= WHY_STANDS_OUT)
            note_other(n, view, value);
        return 0;
    }
    n->own_events++;
    if (view->risk_level_id >= 0 && view->risk_level_id < WHY_LEVELS)
        n->own_levels[view->risk_level_id]++;
    return keep_own(n, view, value);
}

static int by_risk(const void *a, const void *b)
{
    const struct why_other *x = a, *y = b;
    if (x->risk_score != y->risk_score)
        return x->risk_score > y->risk_score ? -1 : 1;
    if (x->events != y->events)
        return x->events > y->events ? -1 : 1;
    return strcmp(x->name, y->name);
}

void why_neighbours_close(struct why_neighbours *n)
{
    qsort(n->others, n->other_count, sizeof *n->others, by_risk);
}
