/* The matcher of patterns: a recursion as deep as a pattern has captures, which only greedy captures make
 * step back. */
#include "pattern.h"

#include <assert.h>

enum kind { WORD, DIGITS, TEXT, GREEDY };

struct capture {
    char letter;
    enum kind kind;
};

static const struct capture CAPTURE[CAPTURES] = {
#define PARSE_CAPTURE_ROW(letter, name, kind) [CAPTURE_##name] = {letter, kind},
    PARSE_CAPTURES(PARSE_CAPTURE_ROW)
#undef PARSE_CAPTURE_ROW
};

static struct vd_bytes from(struct vd_bytes text, size_t at)
{
    return vd_bytes_of(text.data + at, text.len - at);
}

static enum parse_capture by_letter(char letter)
{
    int i = 0;
    while (i < CAPTURES - 1 && CAPTURE[i].letter != letter)
        i++;
    assert(CAPTURE[i].letter == letter);
    return (enum parse_capture)i;
}

/* Where the literal first begins in text, at most at `limit`; or false. */
static bool find(struct vd_bytes text, const char *literal, size_t len, size_t limit, size_t *at)
{
    size_t most = limit < SIZE_MAX - len && limit + len < text.len ? limit + len : text.len;
    const uint8_t *where = memmem(text.data, most, literal, len);
    if (where == NULL)
        return false;
    *at = (size_t)(where - text.data);
    return true;
}

static size_t run_length(struct vd_bytes text, enum kind kind)
{
    size_t len = 0;
    while (len < text.len) {
        uint8_t c = text.data[len];
        if (kind == DIGITS ? c < '0' || c > '9' : c == ' ' || c == '\t')
            break;
        len++;
    }
    return len;
}

static bool match_from(const char *pattern, struct vd_bytes text, struct parse_match *out);

/* From the text's end backwards: a peer's " from 192.0.2.1" inside its name is not the last one. */
static bool match_greedy(const char *next, size_t literal_len, struct vd_bytes text, struct parse_match *out,
                         struct vd_bytes *value)
{
    if (text.len < literal_len)
        return false;
    for (size_t at = text.len - literal_len + 1; at-- > 0;) {
        if (text.data[at] != (uint8_t)*next || !match_from(next, from(text, at), out))
            continue;
        *value = vd_bytes_of(text.data, at);
        return true;
    }
    return false;
}

static bool match_capture(const char *pattern, struct vd_bytes text, struct parse_match *out)
{
    enum parse_capture which = by_letter(pattern[1]);
    enum kind kind = CAPTURE[which].kind;
    const char *next = pattern + 2;
    size_t literal_len = strcspn(next, "%"), len = text.len;
    if (kind == GREEDY && literal_len > 0)
        return match_greedy(next, literal_len, text, out, &out->captures[which]);
    if (kind == WORD || kind == DIGITS) {
        size_t run = run_length(text, kind);
        if (run == 0)
            return false;
        len = run;
        if (kind == WORD && literal_len > 0 && (!find(text, next, literal_len, run, &len) || len == 0))
            return false;
    } else if (literal_len > 0 && !find(text, next, literal_len, text.len, &len)) {
        return false;
    }
    out->captures[which] = vd_bytes_of(text.data, len);
    return match_from(next, from(text, len), out);
}

static bool match_from(const char *pattern, struct vd_bytes text, struct parse_match *out)
{
    size_t at = 0;
    for (; *pattern != '\0' && *pattern != '%'; pattern++, at++)
        if (at == text.len || text.data[at] != (uint8_t)*pattern)
            return false;
    if (*pattern == '\0')
        return at == text.len;
    return pattern[1] == '*' || match_capture(pattern, from(text, at), out);
}

bool parse_match(const char *pattern, struct vd_bytes text, struct parse_match *out)
{
    /* Most patterns of a table fail at once: no clearing for those. */
    if (*pattern != '%' && (text.len == 0 || text.data[0] != (uint8_t)*pattern))
        return false;
    *out = (struct parse_match){0};
    return match_from(pattern, text, out);
}

bool parse_starts(struct vd_bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

bool parse_is(struct vd_bytes text, const char *word)
{
    return text.len == strlen(word) && parse_starts(text, word);
}

bool parse_skip(struct vd_bytes *text, const char *prefix)
{
    if (!parse_starts(*text, prefix))
        return false;
    *text = from(*text, strlen(prefix));
    return true;
}

bool parse_split(struct vd_bytes *text, const char *separator, struct vd_bytes *before)
{
    size_t at, len = strlen(separator);
    if (!find(*text, separator, len, text->len, &at))
        return false;
    *before = vd_bytes_of(text->data, at);
    *text = from(*text, at + len);
    return true;
}

static bool blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct vd_bytes parse_trim(struct vd_bytes text)
{
    while (text.len > 0 && blank(text.data[0]))
        text = from(text, 1);
    while (text.len > 0 && blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

bool parse_number(struct vd_bytes text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 10)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *out = (uint32_t)value;
    return value <= max;
}
