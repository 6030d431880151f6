/* Reads the anomaly analyses that event_splice.c writes: a target, two anomalies (what was observed, and how
 * surprising that is) and two baselines (what was expected, and how well that is known). */
#include <vedette/event_reasons.h>

#include <math.h>
#include <vedette/wire.h>

#include "event_fields.h"

/* One anomaly or baseline. */
struct measure {
    struct vd_bytes parameter, type, pattern;
    double value;
};

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return isfinite(value) ? value : 0;
}

static bool observation_read(struct measure *m, struct vd_bytes bytes)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field))
        if (field.number == OBSERVATION_VALUE && field.type == VD_WIRE_FIXED64)
            m->value = double_of(field.value);
    return !w.bad;
}

static bool measure_read(struct measure *m, struct vd_bytes bytes)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field)) {
        if (field.type != VD_WIRE_BYTES)
            return false;
        if (field.number == ANOMALY_PARAMETER)
            m->parameter = field.bytes;
        else if (field.number == ANOMALY_TYPE)
            m->type = field.bytes;
        else if (field.number == ANOMALY_PATTERN)
            m->pattern = field.bytes;
        else if (field.number == ANOMALY_OBSERVATIONS && !observation_read(m, field.bytes))
            return false;
    }
    return !w.bad;
}

static bool target_read(struct vd_told_reason *reason, struct vd_bytes bytes)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    while (vd_wire_next(&w, &field)) {
        if (field.type != VD_WIRE_BYTES)
            return false;
        if (field.number == TARGET_NAME)
            reason->entity = field.bytes;
        else if (field.number == TARGET_TYPE)
            reason->entity_kind = field.bytes;
    }
    return !w.bad;
}

/* ---- The type of what was observed says what kind of reason it is: "count in 300 s" */

static bool takes(struct vd_bytes *text, const char *beginning)
{
    size_t len = strlen(beginning);
    if (text->len < len || memcmp(text->data, beginning, len) != 0)
        return false;
    *text = vd_bytes_of(text->data + len, text->len - len);
    return true;
}

/* "300 s", and nothing more. */
static bool seconds_read(struct vd_bytes text, uint32_t *seconds)
{
    uint64_t value = 0;
    size_t i = 0;
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9' && value <= UINT32_MAX; i++)
        value = 10 * value + (text.data[i] - (uint64_t)'0');
    *seconds = (uint32_t)value;
    return i > 0 && value <= UINT32_MAX && text.len - i == 2 && memcmp(text.data + i, " s", 2) == 0;
}

/* "source addresses in 300 s" */
static bool values_read(struct vd_told_reason *reason, struct vd_bytes type)
{
    static const char joint[] = " in ";
    enum { JOINT_BYTES = sizeof joint - 1 };
    reason->kind = VD_REASON_DISTINCT;
    for (size_t i = 0; i + JOINT_BYTES <= type.len; i++) {
        if (memcmp(type.data + i, joint, JOINT_BYTES) != 0)
            continue;
        size_t behind = i + JOINT_BYTES;
        reason->what = vd_bytes_of(type.data, i);
        if (seconds_read(vd_bytes_of(type.data + behind, type.len - behind), &reason->window_seconds))
            return true;
    }
    return false;
}

static bool type_read(struct vd_told_reason *reason, struct vd_bytes type)
{
    static const struct {
        const char *beginning;
        enum vd_reason_kind kind;
    } kinds[] = {{"count in ", VD_REASON_RATE},
                 {"of 1000 windows of ", VD_REASON_RARE},
                 {"evidence in ", VD_REASON_BESIDE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!takes(&type, kinds[i].beginning))
            continue;
        reason->kind = kinds[i].kind;
        return seconds_read(type, &reason->window_seconds);
    }
    if (!takes(&type, "first "))
        return values_read(reason, type);
    reason->kind = VD_REASON_FIRST;
    reason->what = type;
    return true;
}

/* ---- A reason */

enum { MEASURES = 2 };

struct measures {
    struct measure anomalies[MEASURES], baselines[MEASURES];
    uint32_t anomaly_count, baseline_count;
};

static bool add_measure(struct measure *all, uint32_t *count, struct vd_bytes bytes)
{
    return *count < MEASURES && measure_read(&all[(*count)++], bytes);
}

static bool measures_read(struct measures *m, struct vd_told_reason *reason, struct vd_bytes bytes)
{
    struct vd_wire w = vd_wire_of(bytes);
    struct vd_wire_field field = {0};
    bool good = true;
    while (good && vd_wire_next(&w, &field)) {
        if (field.type != VD_WIRE_BYTES)
            good = false;
        else if (field.number == ANALYSIS_TARGETS)
            good = target_read(reason, field.bytes);
        else if (field.number == ANALYSIS_ANOMALIES)
            good = add_measure(m->anomalies, &m->anomaly_count, field.bytes);
        else if (field.number == ANALYSIS_BASELINES)
            good = add_measure(m->baselines, &m->baseline_count, field.bytes);
    }
    return good && !w.bad && m->anomaly_count == MEASURES && m->baseline_count == MEASURES;
}

static bool reason_read(struct vd_told_reason *reason, struct vd_bytes bytes)
{
    struct measures m = {0};
    const struct measure *observed = &m.anomalies[0], *surprise = &m.anomalies[1];
    const struct measure *expected = &m.baselines[0], *maturity = &m.baselines[1];
    *reason = (struct vd_told_reason){0};
    if (!measures_read(&m, reason, bytes) || !type_read(reason, observed->type))
        return false;
    reason->feature = observed->parameter;
    reason->value = observed->pattern;
    reason->observed = observed->value;
    reason->surprise = surprise->value;
    reason->late = vd_bytes_equal(surprise->pattern, vd_bytes_str("late"));
    reason->expected = expected->value;
    reason->maturity = maturity->value;
    reason->configuration = maturity->pattern;
    return true;
}

size_t vd_event_reasons_read(struct vd_told_reason out[VD_SCORE_REASONS_MAX], struct vd_bytes event)
{
    struct vd_wire w = vd_wire_of(event);
    struct vd_wire_field field = {0};
    size_t count = 0;
    while (count < VD_SCORE_REASONS_MAX && vd_wire_next(&w, &field))
        if (field.number == EVENT_ANOMALY_ANALYSES && field.type == VD_WIRE_BYTES)
            count += reason_read(&out[count], field.bytes);
    return count;
}
