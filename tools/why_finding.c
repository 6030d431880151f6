/* Finds and tells a finding. What a peer named is escaped. */
#include "why_finding.h"

#include <string.h>
#include <vedette/error.h>

#include "json_string.h"
#include "short_uid.h"
#include "tail_line.h"

enum { INDENT = 3 };

void why_finding_deinit(struct why_finding *finding)
{
    vd_buffer_deinit(&finding->bytes);
}

bool why_finding_is_uid(const char *uid)
{
    static const char small[] = "finding-";
    return strncmp(uid, VD_FINDING_UID_BEGIN, sizeof VD_FINDING_UID_BEGIN - 1) == 0 ||
           strncmp(uid, small, sizeof small - 1) == 0;
}

void why_finding_topic(const char *events_topic, char out[WHY_TOPIC_BYTES])
{
    static const char events[] = ".events.";
    const char *found = NULL;
    for (const char *at = strstr(events_topic, events); at != NULL; at = strstr(at + 1, events))
        found = at;
    if (found == NULL)
        snprintf(out, WHY_TOPIC_BYTES, "vedette.findings.v1");
    else
        snprintf(out, WHY_TOPIC_BYTES, "%.*s.findings.%s", (int)(found - events_topic), events_topic,
                 found + sizeof events - 1);
}

/* ---- Finding it */

static int keep(struct why_finding *finding, struct vd_bytes value)
{
    why_finding_deinit(finding);
    vd_buffer_init(&finding->bytes, value.len + 1);
    int result = vd_buffer_append(&finding->bytes, value.data, value.len);
    struct vd_bytes bytes = vd_buffer_bytes(&finding->bytes);
    if (result == 0)
        result = vd_event_view_read(&finding->view, bytes);
    if (result == 0)
        finding->related_count = vd_finding_related(bytes, finding->related);
    return result;
}

static int keep_other(struct why_finding *finding, struct vd_bytes uid)
{
    snprintf(finding->other, sizeof finding->other, "%.*s", (int)uid.len, (const char *)uid.data);
    return 0;
}

int why_finding_take(struct why_finding *finding, const char *uid, struct vd_bytes value)
{
    struct vd_event_view view;
    struct vd_bytes wanted = vd_bytes_str(uid);
    if (vd_event_view_read(&view, value) != 0 || !vd_finding_is(&view))
        return 0;
    if (!short_uid_matches(wanted, view.finding_uid) && !short_uid_matches(wanted, view.uid))
        return 0;
    if (finding->view.uid.len > 0 && !vd_bytes_equal(finding->view.finding_uid, view.finding_uid))
        return keep_other(finding, view.finding_uid);
    return keep(finding, value);
}

/* ---- Telling it */

static int tell_head(const struct why_finding *finding, struct vd_buffer *out)
{
    struct tail_text line = {.out = out, .limit = TAIL_COLUMNS_MAX};
    tail_text_plain(&line, "Finding ");
    tail_text_foreign(&line, finding->view.uid);
    tail_text_sequence(&line, "\n");
    return line.result;
}

static int tell_related(const struct why_finding *finding, struct vd_buffer *out)
{
    struct tail_text line = {.out = out, .limit = TAIL_COLUMNS_MAX};
    tail_text_sequence(&line, "\nIts first events, of which the story of the first follows\n");
    for (size_t i = 0; i < finding->related_count; i++) {
        line.columns = 0;
        tail_text_pad(&line, INDENT);
        tail_text_foreign(&line, finding->related[i]);
        tail_text_sequence(&line, "\n");
    }
    tail_text_sequence(&line, "\n");
    return line.result;
}

int why_finding_tell(const struct why_finding *finding, const struct why_style *style, struct vd_buffer *out)
{
    /* Whole, however narrow the terminal: its title and reason are what was asked for. */
    const struct tail_style line = {.color = style->color, .whole = true};
    struct tail_finding told = {.event = &finding->view};
    vd_finding_span(vd_buffer_bytes(&finding->bytes), &told.first_ms, &told.last_ms);
    int result = tell_head(finding, out);
    if (result == 0)
        result = tail_line_write_finding(&told, &line, out);
    return result == 0 ? tell_related(finding, out) : result;
}

void why_finding_print_json(const struct why_finding *finding, FILE *out)
{
    const struct vd_event_view *view = &finding->view;
    fputs("{\"uid\":", out);
    json_string(out, view->uid);
    fputs(",\"tenant\":", out);
    json_string(out, view->tenant_uid);
    fputs(",\"title\":", out);
    json_string(out, view->message);
    fputs(",\"risk_details\":", out);
    json_string(out, view->risk_details);
    fprintf(out, ",\"risk_score\":%d,\"risk_level_id\":%d,\"events\":%d,\"related\":[", view->risk_score,
            view->risk_level_id, view->count);
    for (size_t i = 0; i < finding->related_count; i++) {
        fputs(i > 0 ? "," : "", out);
        json_string(out, finding->related[i]);
    }
    fputs("]}", out);
}
