/* Reasons as a sentence for people. No allocation; an entity's text may be hostile. */
#include "score.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include <vedette/utf8.h>

enum { SENTENCE_REASONS = 2, ENTITY_MAX_BYTES = 64 };

static const char QUIET[] = "nothing unusual in its rates";

/* A terminated text that grows up to its cap and is cut there. */
struct text {
    char *at;
    size_t len, cap;
};

/* Full: nothing more is to follow, and the last character stays only if it is whole. */
static void close_text(struct text *t)
{
    size_t lead = t->len;
    while (lead > 0 && ((uint8_t)t->at[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead > 0 && (uint8_t)t->at[lead - 1] >= 0xc0) {
        uint8_t c = (uint8_t)t->at[lead - 1];
        size_t want = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (t->len - (lead - 1) < want)
            t->len = lead - 1;
    }
    t->at[t->len] = '\0';
    t->cap = t->len + 1;
}

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    size_t room = t->cap - t->len - 1;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(t->at + t->len, room + 1, format, args);
    va_end(args);
    if (len < 0)
        return;
    bool whole = (size_t)len <= room;
    t->len += whole ? (size_t)len : room;
    if (!whole)
        close_text(t);
}

static void put_entity(struct text *t, struct vd_bytes entity)
{
    char shown[ENTITY_MAX_BYTES + 1];
    size_t len = vd_utf8_repair(entity, (uint8_t *)shown, ENTITY_MAX_BYTES);
    for (size_t i = 0; i < len; i++) {
        bool c1 = (uint8_t)shown[i] == 0xc2 && (uint8_t)shown[i + 1] < 0xa0; /* U+0080 to U+009F */
        if ((uint8_t)shown[i] >= 0x20 && shown[i] != 0x7f && !c1)
            continue;
        shown[i] = '?';
        if (c1)
            shown[i + 1] = '?';
    }
    shown[len] = '\0';
    put(t, "%s%s", shown, entity.len > ENTITY_MAX_BYTES ? "…" : "");
}

/* With one decimal while it matters. */
static void put_expected(struct text *t, double expected)
{
    uint64_t tenths = (uint64_t)llround(expected * 10);
    if (tenths == 0)
        put(t, "less than 0.1");
    else if (tenths < 100)
        put(t, "%llu.%llu", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
    else
        put(t, "%llu", (unsigned long long)llround(expected));
}

static const char *preposition(const char *entity_kind)
{
    if (strcmp(entity_kind, "source address") == 0)
        return "from";
    return strcmp(entity_kind, "user") == 0 ? "for" : "on";
}

static void put_reason(struct text *t, const struct vd_reason *reason)
{
    put(t, "%llu %s %s ", (unsigned long long)llround(reason->observed), reason->feature,
        preposition(reason->entity_kind));
    put_entity(t, reason->entity);
    if (reason->window_seconds < 3600)
        put(t, " in %u min, expected ", (unsigned)reason->window_seconds / 60);
    else
        put(t, " in %u h, expected ", (unsigned)reason->window_seconds / 3600);
    put_expected(t, reason->expected);
    if (reason->late)
        put(t, " (late)");
}

size_t score_sentence(const struct vd_score *score, char *out, size_t cap)
{
    if (cap == 0)
        return 0;
    struct text t = {.at = out, .cap = cap};
    if (score->reason_count == 0) {
        t.len = cap > sizeof QUIET ? sizeof QUIET - 1 : cap - 1;
        memcpy(out, QUIET, t.len);
        out[t.len] = '\0';
        return t.len;
    }
    for (uint32_t i = 0; i < score->reason_count && i < SENTENCE_REASONS; i++) {
        if (i > 0)
            put(&t, "; ");
        put_reason(&t, &score->reasons[i]);
    }
    return t.len;
}
