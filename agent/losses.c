/* Losses, gathered and told; losses.h tells the happy path and how it fails. */
#include "losses.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>

enum { GAP_MAX_BYTES = 4096 };

void losses_init(struct losses *l)
{
    *l = (struct losses){0};
    vd_buffer_init(&l->event, GAP_MAX_BYTES);
}

void losses_deinit(struct losses *l)
{
    vd_buffer_deinit(&l->event);
}

static struct loss_kind *find_kind(struct losses *l, const struct loss *loss)
{
    for (uint32_t i = 0; i < l->kind_count; i++)
        if (l->kinds[i].origin == loss->origin && l->kinds[i].reason == loss->reason)
            return &l->kinds[i];
    assert(l->kind_count < LOSSES_KINDS_MAX);
    struct loss_kind *kind = &l->kinds[l->kind_count++];
    *kind = (struct loss_kind){.origin = loss->origin, .reason = loss->reason};
    return kind;
}

void losses_add(struct losses *l, const struct loss *loss, int64_t time_ms)
{
    struct loss_kind *kind = find_kind(l, loss);
    if (!kind->waits) {
        kind->waits = true;
        kind->start_ms = time_ms;
    }
    kind->end_ms = time_ms;
    kind->count += loss->count;
    kind->unknown = kind->unknown || loss->count == 0;
    kind->from = loss->from;
    kind->to = loss->to;
    l->total += loss->count;
    snprintf(kind->detail, sizeof kind->detail, "%.*s", (int)loss->detail.len,
             loss->detail.len > 0 ? (const char *)loss->detail.data : "");
}

static struct vd_gap describe(const struct loss_kind *kind, int64_t time_ms)
{
    /* The numbers of a stream that was forked belong to the spool, whichever source its events came from. */
    const char *source = kind->reason == VD_GAP_FORKED ? "spool" : kind->origin->name;
    return (struct vd_gap){.reason = kind->reason,
                           .source = vd_bytes_str(source),
                           .detail = vd_bytes_str(kind->detail),
                           .count = kind->unknown ? 0 : kind->count,
                           .from = kind->from,
                           .to = kind->to,
                           .time_ms = time_ms,
                           .start_ms = kind->start_ms,
                           .end_ms = kind->end_ms};
}

static bool tell(struct losses *l, struct loss_kind *kind, int64_t time_ms)
{
    const struct vd_gap gap = describe(kind, time_ms);
    vd_buffer_clear(&l->event);
    int rc = vd_gap_write(&l->event, &gap);
    if (rc == 0)
        rc = origin_append(kind->origin, VD_SPOOL_RESERVE, vd_buffer_bytes(&l->event), (struct vd_bytes){0},
                           time_ms);
    if (rc != 0)
        return false;
    vd_log_warn("events lost", VD_F_STR("source", kind->origin->name),
                VD_F_STR("reason", vd_gap_reason_code(kind->reason)), VD_F_UINT("count", gap.count),
                VD_F_STR("detail", kind->detail));
    *kind = (struct loss_kind){.origin = kind->origin, .reason = kind->reason};
    return true;
}

bool losses_tell(struct losses *l, int64_t time_ms, uint64_t loop_ms)
{
    bool any = false;
    for (uint32_t i = 0; i < l->kind_count; i++) {
        struct loss_kind *kind = &l->kinds[i];
        if (!kind->waits || loop_ms < kind->quiet_until_ms || !tell(l, kind, time_ms))
            continue;
        kind->quiet_until_ms = loop_ms + LOSSES_TELL_EVERY_MS;
        any = true;
    }
    return any;
}

bool losses_tell_all(struct losses *l, int64_t time_ms)
{
    bool any = false;
    for (uint32_t i = 0; i < l->kind_count; i++)
        if (l->kinds[i].waits && tell(l, &l->kinds[i], time_ms))
            any = true;
    return any;
}
