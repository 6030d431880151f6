/* The story of a score for machines: one object. */
#include <math.h>
#include <string.h>

#include "json_string.h"
#include "why.h"

static void put_text(FILE *out, const char *name, struct vd_bytes value)
{
    fprintf(out, "\"%s\":", name);
    json_string(out, value);
    fputc(',', out);
}

static void put_history(FILE *out, const struct why_history *h)
{
    double line = why_history_line(h);
    fprintf(out, "{\"bucket_seconds\":%u,\"start_time\":%lld,\"columns\":[", h->bucket_seconds,
            ((long long)h->newest + 1 - (long long)h->count) * h->bucket_seconds * 1000);
    for (size_t i = 0; i < h->count; i++)
        fprintf(out, "%s%.17g", i > 0 ? "," : "", h->columns[i]);
    fprintf(out, "],\"window_columns\":%d", WHY_BUCKETS);
    if (line >= 0)
        fprintf(out, ",\"expected_column\":%.17g", line);
    fprintf(out, ",\"in_topic\":%.17g}", why_history_observed(h));
}

static void put_reason(FILE *out, const struct vd_told_reason *r, const struct why_history *h)
{
    static const char *const kinds[] = {[VD_REASON_RATE] = "rate",
                                        [VD_REASON_DISTINCT] = "distinct",
                                        [VD_REASON_FIRST] = "first",
                                        [VD_REASON_RARE] = "rare",
                                        [VD_REASON_BESIDE] = "beside"};
    fprintf(out, "{\"kind\":\"%s\",", kinds[r->kind]);
    put_text(out, "feature", r->feature);
    put_text(out, "what", r->what);
    put_text(out, "entity_kind", r->entity_kind);
    put_text(out, "entity", r->entity);
    put_text(out, "value", r->value);
    put_text(out, "configuration", r->configuration);
    fprintf(out, "\"window_seconds\":%u,\"observed\":%.17g,\"expected\":%.17g,\"surprise\":%.17g,\"p\":%.17g",
            r->window_seconds, r->observed, r->expected, r->surprise, pow(10, -r->surprise));
    fprintf(out, ",\"maturity\":%.17g,\"late\":%s,\"history\":", r->maturity, r->late ? "true" : "false");
    if (h->count > 0)
        put_history(out, h);
    else
        fputs("null", out);
    fputc('}', out);
}

static void put_neighbours(FILE *out, const struct why_neighbours *n)
{
    fprintf(out, "{\"start_time\":%lld,\"end_time\":%lld,\"entity_kind\":\"%s\",", (long long)n->from_ms,
            (long long)n->to_ms, n->kind);
    put_text(out, "entity", n->name);
    fprintf(out, "\"events\":%llu,\"own\":[", (unsigned long long)n->own_events);
    for (int i = 0; i < WHY_OWN_MAX && n->own[i].bytes != NULL; i++) {
        struct vd_event_view view;
        if (vd_event_view_read(&view, vd_bytes_of(n->own[i].bytes, n->own[i].len)) != 0)
            continue;
        fprintf(out, "%s{\"risk_score\":%d,\"time\":%lld,\"uid\":", i > 0 ? "," : "", view.risk_score,
                (long long)view.time_ms);
        json_string(out, view.uid);
        fputc('}', out);
    }
    fputs("],\"others\":[", out);
    for (size_t i = 0; i < n->other_count; i++) {
        const struct why_other *other = &n->others[i];
        fprintf(out, "%s{", i > 0 ? "," : "");
        put_text(out, "entity_kind", vd_bytes_str(other->kind));
        put_text(out, "entity", vd_bytes_str(other->name));
        put_text(out, "risk_details", vd_bytes_str(other->details));
        fprintf(out, "\"risk_score\":%d,\"events\":%llu}", other->risk_score,
                (unsigned long long)other->events);
    }
    fprintf(out, "],\"others_untold\":%llu}", (unsigned long long)n->others_untold);
}

void why_print_json(const struct why_story *story, FILE *out)
{
    const struct why_subject *subject = story->subject;
    const struct vd_event_view *view = &subject->view;
    fputc('{', out);
    put_text(out, "uid", view->uid);
    put_text(out, "tenant", view->tenant_uid);
    put_text(out, "host", view->device_uid);
    put_text(out, "risk_details", view->risk_details);
    fprintf(out, "\"class_uid\":%d,\"time\":%lld,\"published\":%lld,\"partition\":%d,\"offset\":%lld",
            view->class_uid, (long long)view->time_ms, (long long)subject->published_ms, subject->partition,
            (long long)subject->offset);
    fprintf(out, ",\"risk_score\":%d,\"risk_level_id\":%d,\"reasons\":[", view->risk_score,
            view->risk_level_id);
    for (size_t i = 0; i < subject->reason_count; i++) {
        if (i > 0)
            fputc(',', out);
        put_reason(out, &subject->reasons[i], &story->histories[i]);
    }
    fputs("],\"neighbours\":", out);
    put_neighbours(out, story->neighbours);
    fputc('}', out);
}
