/* The collector's own events, with the same fields spliced on as any other gets. */
#include "notice.h"

#include <stdio.h>
#include <vedette/event_splice.h>

static int splice(struct vd_buffer *out, const struct vd_splice *fields)
{
    uint8_t *where;
    int rc = vd_buffer_reserve(out, VD_SPLICE_MAX_BYTES, &where);
    if (rc == 0)
        vd_buffer_commit(out, vd_event_splice_write(fields, where));
    return rc;
}

static int splice_in_stream(struct vd_buffer *out, const struct stream *stream, uint64_t seq, int64_t now_ms)
{
    return splice(out, &(struct vd_splice){.tenant = stream_tenant(stream),
                                           .agent = stream_agent(stream),
                                           .stream = stream->id,
                                           .seq = seq,
                                           .processed_time_ms = now_ms});
}

int notice_refusal(struct vd_buffer *out, const struct stream *stream, const struct notice_refusal *refusal,
                   int64_t now_ms)
{
    const struct vd_refusal *why = refusal->why;
    char detail[sizeof why->path + 128];
    snprintf(detail, sizeof detail, "%s%s%s%s", why->reason, why->path[0] != '\0' ? " in " : "", why->path,
             refusal->letter ? "" : "; not in the dead letter topic, which has enough of this agent");
    const struct vd_gap gap = {.reason = VD_GAP_REFUSED,
                               .detail = vd_bytes_str(detail),
                               .count = refusal->seq - refusal->from + 1,
                               .from = refusal->from,
                               .to = refusal->seq,
                               .time_ms = now_ms};
    int rc = vd_gap_write(out, &gap);
    return rc == 0 ? splice_in_stream(out, stream, refusal->seq, now_ms) : rc;
}

int notice_fork(struct vd_buffer *out, const struct stream *stream, const struct notice_fork *fork,
                int64_t now_ms)
{
    char id[VD_EVENT_UID_BYTES];
    vd_event_uid(stream->id, 0, id);
    id[2 * VD_STREAM_BYTES] = '\0';
    const struct vd_fork event = {.stream = id,
                                  .mark = stream->taken,
                                  .first = fork->first,
                                  .next = fork->next,
                                  .detail = fork->detail,
                                  .time_ms = now_ms};
    int rc = vd_fork_write(out, &event);
    return rc == 0 ? splice_in_stream(out, stream, 0, now_ms) : rc;
}

int notice_takeover(struct vd_buffer *out, const struct vd_takeover *takeover)
{
    int rc = vd_takeover_write(out, takeover);
    return rc == 0 ? splice(out, &(struct vd_splice){.processed_time_ms = takeover->time_ms}) : rc;
}
