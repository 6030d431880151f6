/* An entity's past: its events are told from others' by the key that scoring counts them under, and put into
 * buckets as its windows have them. */
#include "why.h"

#include <stdlib.h>
#include <vedette/error.h>
#include <vedette/gap.h>
#include <vedette/memory.h>

#include "published.h"

enum { MS = 1000, VALUES_FIRST = 64, HOUR_SECONDS = 3600, DAY_SECONDS = 86400, DAY_WINDOWS = 2 };

int why_subject_init(struct why_subject *subject, struct vd_bytes value)
{
    vd_buffer_init(&subject->bytes, value.len + 1);
    int result = vd_buffer_append(&subject->bytes, value.data, value.len);
    if (result == 0)
        result = vd_event_view_read(&subject->view, vd_buffer_bytes(&subject->bytes));
    if (result == 0)
        subject->reason_count = vd_event_reasons_read(subject->reasons, vd_buffer_bytes(&subject->bytes));
    return result;
}

void why_subject_deinit(struct why_subject *subject)
{
    vd_buffer_deinit(&subject->bytes);
}

bool why_is_silence(const struct vd_event_view *view)
{
    return view->sequence == 0 && vd_bytes_equal(view->event_code, vd_bytes_str(VD_SILENCE_CODE));
}

/* ---- Whose past */

static bool is(struct vd_bytes text, const char *word)
{
    return vd_bytes_equal(text, vd_bytes_str(word));
}

/* Which of a detection's keys: its rule on its host, the host, or the rule. */
static int detection_key(const struct vd_told_reason *reason)
{
    if (reason->kind == VD_REASON_RARE || (reason->kind == VD_REASON_RATE && reason->value.len > 0))
        return 0;
    return is(reason->entity_kind, "rule") ? SCORE_DETECTION_HOST + 1 : SCORE_DETECTION_HOST;
}

static int key_of(const struct score_prepared *prepared, const struct vd_told_reason *reason)
{
    if (prepared->is_detection)
        return detection_key(reason);
    for (int i = 0; i < prepared->key_count; i++)
        if (is(reason->entity_kind, who_text(prepared->keys[i].who)))
            return i;
    return prepared->key_count;
}

static void find_whose(struct why_history *h, const struct score *s)
{
    struct score_origin origin;
    struct score_input in;
    struct score_prepared prepared;
    if (why_is_silence(&h->subject->view)) {
        h->match = WHY_MATCH_NAME;
    } else if (h->reason->kind == VD_REASON_BESIDE) {
        h->match = WHY_MATCH_DETECTIONS;
    } else if (score_input_of_published(s, &h->subject->view, &origin, &in)) {
        score_prepare(s, &in, &prepared);
        int key = key_of(&prepared, h->reason);
        h->match = key < prepared.key_count ? WHY_MATCH_KEY : WHY_MATCH_NOTHING;
        h->key = h->match == WHY_MATCH_KEY ? prepared.keys[key].hash : 0;
    }
}

/* What has no window of its own is shown over hours. */
static uint32_t window_of(const struct vd_told_reason *reason)
{
    bool long_one = reason->kind == VD_REASON_FIRST || reason->kind == VD_REASON_RARE;
    return long_one || reason->window_seconds < WHY_BUCKETS ? HOUR_SECONDS : reason->window_seconds;
}

void why_history_init(struct why_history *h, const struct score *s, const struct why_subject *subject,
                      const struct vd_told_reason *reason, size_t columns)
{
    uint32_t window = window_of(reason);
    *h = (struct why_history){.subject = subject, .reason = reason};
    h->bucket_seconds = window / WHY_BUCKETS;
    h->newest = (uint32_t)(subject->view.time_ms / MS / h->bucket_seconds);
    find_whose(h, s);
    /* Two days take long enough to read. */
    size_t most = window >= DAY_SECONDS ? (size_t)DAY_WINDOWS * WHY_BUCKETS : WHY_COLUMNS_MAX;
    h->count = h->match == WHY_MATCH_NOTHING ? 0 : columns < most ? columns : most;
}

void why_history_deinit(struct why_history *h)
{
    vd_free(h->values);
    h->values = NULL;
}

int64_t why_history_begin_ms(const struct why_history *h)
{
    /* Of the first columns too, the window up to them. */
    int64_t buckets = (int64_t)h->newest + 1 - (int64_t)h->count - WHY_BUCKETS;
    return h->count == 0 ? INT64_MAX : buckets * h->bucket_seconds * MS;
}

/* ---- Taking */

static bool has_name(const struct why_history *h, const struct vd_event_view *view)
{
    const struct vd_told_reason *reason = h->reason;
    if (!vd_bytes_equal(view->tenant_uid, h->subject->view.tenant_uid))
        return false;
    if (is(reason->entity_kind, "host"))
        return vd_bytes_equal(view->device_uid, reason->entity);
    return is(reason->entity_kind, "tenant") || vd_bytes_equal(view->src_ip, reason->entity);
}

/* The event's value that is counted if different; 0: it is not this entity's, or has none. */
static bool matches(const struct why_history *h, const struct vd_event_view *view,
                    const struct score_prepared *prepared, uint64_t *value)
{
    *value = 0;
    if (h->match == WHY_MATCH_NAME)
        return has_name(h, view);
    if (h->match == WHY_MATCH_DETECTIONS)
        return prepared->is_detection && vd_bytes_equal(view->tenant_uid, h->subject->view.tenant_uid);
    for (int i = 0; i < prepared->key_count; i++) {
        if (prepared->keys[i].hash != h->key)
            continue;
        *value = prepared->keys[i].values[0];
        return true;
    }
    return false;
}

static int add_value(struct why_history *h, uint64_t value, uint32_t column)
{
    if (h->value_count == WHY_VALUES_MAX) {
        h->too_many = true;
        return 0;
    }
    if (h->value_count == h->value_room) {
        struct why_value *values = vd_grow(h->values, &h->value_room, VALUES_FIRST, sizeof *values);
        if (values == NULL)
            return VD_ENOMEM;
        h->values = values;
    }
    h->values[h->value_count++] = (struct why_value){.value = value, .column = column};
    return 0;
}

static double believed_count(int32_t count)
{
    return count < 1 ? 1 : count < SCORE_COUNT_MAX ? count : SCORE_COUNT_MAX;
}

int why_history_take(struct why_history *h, const struct vd_event_view *view,
                     const struct score_prepared *prepared)
{
    uint64_t value;
    int64_t bucket = view->time_ms / MS / h->bucket_seconds;
    /* As far back as the window of the first column, whose values are columns below 0. */
    int64_t column = bucket + (int64_t)h->count - 1 - h->newest;
    if (column < -WHY_BUCKETS || column >= (int64_t)h->count || !matches(h, view, prepared, &value))
        return 0;
    if (h->reason->kind == VD_REASON_DISTINCT)
        return value != 0 ? add_value(h, value, (uint32_t)(column + WHY_BUCKETS)) : 0;
    if (column >= 0)
        h->columns[column] += believed_count(view->count);
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const struct why_value *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

/* A value is in the window of its own column and of the five behind it: once, however often it came. */
void why_history_close(struct why_history *h)
{
    if (h->value_count == 0)
        return;
    qsort(h->values, h->value_count, sizeof *h->values, by_value);
    for (size_t i = 0; i < h->value_count; i++) {
        bool last = i + 1 == h->value_count || h->values[i + 1].value != h->values[i].value;
        uint32_t from = h->values[i].column, to = from + WHY_BUCKETS;
        if (!last && h->values[i + 1].column < to)
            to = h->values[i + 1].column;
        for (uint32_t at = from; at < to; at++)
            if (at >= WHY_BUCKETS && at - WHY_BUCKETS < h->count)
                h->columns[at - WHY_BUCKETS]++;
    }
}

double why_history_line(const struct why_history *h)
{
    switch (h->reason->kind) {
    case VD_REASON_RATE:
        return h->reason->expected / WHY_BUCKETS;
    case VD_REASON_DISTINCT:
        return h->reason->expected;
    default:
        return -1;
    }
}

double why_history_observed(const struct why_history *h)
{
    if (h->count == 0)
        return 0;
    if (h->reason->kind == VD_REASON_DISTINCT)
        return h->columns[h->count - 1];
    double sum = 0;
    for (size_t i = h->count < WHY_BUCKETS ? 0 : h->count - WHY_BUCKETS; i < h->count; i++)
        sum += h->columns[i];
    return sum;
}
