/* Reasons as a sentence for people. No allocation; an entity's text may be hostile. */
#include "sentence.h"

#include <math.h>
#include <string.h>

#include "shown.h"

enum { SENTENCE_REASONS = 2, ENTITY_MAX_BYTES = 48 };

static const char QUIET[] = "nothing unusual", TOLD[] = "nothing more than its 5 minutes have shown";

/* A text that grows up to its cap and ends there. */
struct text {
    char *at;
    size_t len, cap;
};

/* All of it, or what fits, up to a character's edge; then nothing more. */
static void put(struct text *t, struct vd_bytes bytes)
{
    size_t room = t->cap - t->len, len = bytes.len;
    if (len > room) {
        len = room;
        while (len > 0 && (bytes.data[len] & 0xc0) == 0x80)
            len--;
        t->cap = t->len + len;
    }
    if (len > 0)
        memcpy(t->at + t->len, bytes.data, len);
    t->len += len;
}

static void put_text(struct text *t, const char *text)
{
    put(t, vd_bytes_str(text));
}

static void put_number(struct text *t, uint64_t number)
{
    char digits[20];
    size_t begin = sizeof digits;
    do
        digits[--begin] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(t, vd_bytes_of(digits + begin, sizeof digits - begin));
}

/* With one decimal while it matters. */
static void put_expected(struct text *t, double expected)
{
    uint64_t tenths = (uint64_t)llround(expected * 10);
    if (tenths == 0) {
        put_text(t, "less than 0.1");
    } else if (tenths < 100) {
        put_number(t, tenths / 10);
        put_text(t, ".");
        put_number(t, tenths % 10);
    } else {
        put_number(t, (uint64_t)llround(expected));
    }
}

static void put_entity(struct text *t, struct vd_bytes entity)
{
    uint8_t shown[ENTITY_MAX_BYTES];
    size_t len = shown_text(entity, shown, sizeof shown);
    put(t, vd_bytes_of(shown, len));
    if (entity.len > ENTITY_MAX_BYTES)
        put_text(t, "…");
}

static const char *preposition(const char *entity_kind)
{
    if (strcmp(entity_kind, "source address") == 0)
        return " from ";
    if (strcmp(entity_kind, "user") == 0)
        return " for ";
    return strcmp(entity_kind, "host") == 0 ? " on " : " of ";
}

static void put_whose(struct text *t, const struct vd_reason *reason)
{
    put_text(t, preposition(reason->entity_kind));
    if (reason->entity.len > 0)
        put_entity(t, reason->entity);
    else
        put_text(t, "(none)");
}

static void put_window(struct text *t, uint32_t seconds)
{
    bool hours = seconds >= 3600;
    put_text(t, " in ");
    put_number(t, seconds / (hours ? 3600 : 60));
    put_text(t, hours ? " h" : " min");
}

/* "47 failed logins from 203.0.113.9 in 5 min, expected 0.6" */
static void put_rate(struct text *t, const struct vd_reason *reason)
{
    put_number(t, (uint64_t)llround(reason->observed));
    put_text(t, " ");
    put_text(t, reason->feature);
    if (reason->value.len > 0) {
        put_text(t, " by ");
        put_entity(t, reason->value);
    }
    put_whose(t, reason);
    put_window(t, reason->window_seconds);
    put_text(t, ", expected ");
    put_expected(t, reason->expected);
}

/* "23 users in failed logins from 203.0.113.9 in 5 min, expected 1.2" */
static void put_distinct(struct text *t, const struct vd_reason *reason)
{
    put_number(t, (uint64_t)llround(reason->observed));
    put_text(t, " ");
    put_text(t, reason->what);
    put_text(t, " in ");
    put_text(t, reason->feature);
    put_whose(t, reason);
    put_window(t, reason->window_seconds);
    put_text(t, ", expected ");
    put_expected(t, reason->expected);
}

/* "first user alice in logins from 203.0.113.9, 2% were new" */
static void put_first(struct text *t, const struct vd_reason *reason)
{
    put_text(t, "first ");
    put_text(t, reason->what);
    if (reason->value.len > 0) {
        put_text(t, " ");
        put_entity(t, reason->value);
    }
    put_text(t, " in ");
    put_text(t, reason->feature);
    put_whose(t, reason);
    put_text(t, ", ");
    put_expected(t, reason->expected * 100);
    put_text(t, "% were new");
}

/* "rule r is rare on web1: in 0 of 1000 windows of 5 min, elsewhere in 3" */
static void put_rare(struct text *t, const struct vd_reason *reason)
{
    put_text(t, "rule ");
    put_entity(t, reason->value);
    put_text(t, " is rare");
    put_whose(t, reason);
    put_text(t, ": in ");
    put_expected(t, reason->observed);
    put_text(t, " of 1000 windows, elsewhere in ");
    put_expected(t, reason->expected);
}

/* "beside other detections of acme in 1 h, most on db1" */
static void put_beside(struct text *t, const struct vd_reason *reason)
{
    put_text(t, "beside other ");
    put_text(t, reason->feature);
    put_whose(t, reason);
    put_window(t, reason->window_seconds);
    if (reason->value.len == 0)
        return;
    put_text(t, ", most on ");
    put_entity(t, reason->value);
}

/* One digit and a power of ten: "2e-7". */
static void put_probability(struct text *t, double surprise)
{
    double exponent = ceil(surprise - 1e-9), digit = round(pow(10, exponent - surprise));
    if (digit >= 10) {
        digit = 1;
        exponent--;
    }
    put_number(t, (uint64_t)digit);
    if (exponent > 0) {
        put_text(t, "e-");
        put_number(t, (uint64_t)exponent);
    }
}

static void put_reason(struct text *t, const struct vd_reason *reason)
{
    static void (*const PUT[])(struct text *, const struct vd_reason *) = {
        [VD_REASON_RATE] = put_rate, [VD_REASON_DISTINCT] = put_distinct, [VD_REASON_FIRST] = put_first,
        [VD_REASON_RARE] = put_rare, [VD_REASON_BESIDE] = put_beside,
    };
    PUT[reason->kind](t, reason);
    put_text(t, " (p ");
    put_probability(t, reason->surprise);
    if (reason->kind != VD_REASON_BESIDE) {
        put_text(t, ", own habits ");
        put_number(t, (uint64_t)llround(reason->maturity * 100));
        put_text(t, "%");
    }
    put_text(t, reason->late ? ", late)" : ")");
}

static void put_criticality(struct text *t, const char *criticality)
{
    put_text(t, "; criticality ");
    put_text(t, criticality);
}

static void put_configuration(struct text *t, uint32_t configuration)
{
    static const char HEX[] = "0123456789abcdef";
    char digits[8];
    for (int i = 0; i < 8; i++)
        digits[i] = HEX[configuration >> (28 - 4 * i) & 15];
    put_text(t, "; configuration ");
    put(t, vd_bytes_of(digits, sizeof digits));
}

/* A burst is told once; the rest of it is no news, nor is it nothing. */
static void put_shared(struct text *t, uint32_t shared)
{
    put_text(t, "; goes on, one alarm for its ");
    put_number(t, shared);
    put_text(t, " in 5 min");
}

size_t score_sentence(const struct vd_score *score, char *out, size_t cap)
{
    if (cap == 0)
        return 0;
    struct text t = {.at = out, .cap = cap - 1};
    if (score->reason_count == 0)
        put_text(&t, score->shared > 0 ? TOLD : QUIET);
    for (uint32_t i = 0; i < score->reason_count && i < SENTENCE_REASONS; i++) {
        if (i > 0)
            put_text(&t, "; ");
        put_reason(&t, &score->reasons[i]);
    }
    if (score->reason_count > 0) {
        if (score->shared > 1)
            put_shared(&t, score->shared);
        if (score->criticality != NULL)
            put_criticality(&t, score->criticality);
        put_configuration(&t, score->configuration);
    }
    out[t.len] = '\0';
    return t.len;
}
