/* Reasons as a sentence for people. No allocation; an entity's text may be hostile. */
#include "score.h"

#include <math.h>

#include <vedette/utf8.h>

enum { SENTENCE_REASONS = 2, ENTITY_MAX_BYTES = 64 };

static const char QUIET[] = "nothing unusual in its rates";

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
    size_t len = vd_utf8_repair(entity, shown, sizeof shown);
    for (size_t i = 0; i < len; i++) {
        bool c1 = shown[i] == 0xc2 && shown[i + 1] < 0xa0; /* U+0080 to U+009F */
        if (shown[i] >= 0x20 && shown[i] != 0x7f && !c1)
            continue;
        shown[i] = '?';
        if (c1)
            shown[i + 1] = '?';
    }
    put(t, vd_bytes_of(shown, len));
    if (entity.len > ENTITY_MAX_BYTES)
        put_text(t, "…");
}

static const char *preposition(const char *entity_kind)
{
    if (strcmp(entity_kind, "source address") == 0)
        return " from ";
    return strcmp(entity_kind, "user") == 0 ? " for " : " on ";
}

static void put_reason(struct text *t, const struct vd_reason *reason)
{
    bool hours = reason->window_seconds >= 3600;
    put_number(t, (uint64_t)llround(reason->observed));
    put_text(t, " ");
    put_text(t, reason->feature);
    put_text(t, preposition(reason->entity_kind));
    put_entity(t, reason->entity);
    put_text(t, " in ");
    put_number(t, reason->window_seconds / (hours ? 3600 : 60));
    put_text(t, hours ? " h, expected " : " min, expected ");
    put_expected(t, reason->expected);
    if (reason->late)
        put_text(t, " (late)");
}

size_t score_sentence(const struct vd_score *score, char *out, size_t cap)
{
    if (cap == 0)
        return 0;
    struct text t = {.at = out, .cap = cap - 1};
    if (score->reason_count == 0)
        put_text(&t, QUIET);
    for (uint32_t i = 0; i < score->reason_count && i < SENTENCE_REASONS; i++) {
        if (i > 0)
            put_text(&t, "; ");
        put_reason(&t, &score->reasons[i]);
    }
    out[t.len] = '\0';
    return t.len;
}
