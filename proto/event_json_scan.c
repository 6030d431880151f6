/* A scanner of RFC 8259 that trusts no byte: every look is checked against the end, every string against
 * UTF-8. */
#include "event_json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <vedette/utf8.h>

char json_scan_peek(struct json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
        scan->at++;
    return scan->at < scan->end ? (char)*scan->at : '\0';
}

bool json_scan_take(struct json_scan *scan, const char *token)
{
    size_t len = strlen(token);
    json_scan_peek(scan);
    if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, token, len) != 0)
        return false;
    scan->at += len;
    return true;
}

static int wrong(struct json_scan *scan, const char *what)
{
    scan->wrong = what;
    return VD_EMALFORMED;
}

/* --- strings --- */

/* Finds the closing quote: *raw is what stands before it. */
static int find_end(struct json_scan *scan, struct vd_bytes *raw, bool *escaped)
{
    const uint8_t *begin = scan->at, *at = begin;
    *escaped = false;
    while (at < scan->end && *at != '"') {
        if (*at < ' ')
            return wrong(scan, "control character in a string");
        if (*at == '\\') {
            *escaped = true;
            if (++at == scan->end)
                break;
        }
        at++;
    }
    if (at == scan->end) {
        scan->at = scan->end;
        return wrong(scan, "string without an end");
    }
    *raw = vd_bytes_of(begin, (size_t)(at - begin));
    scan->at = at + 1;
    return vd_utf8_valid(*raw) ? 0 : wrong(scan, "invalid UTF-8");
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The four digits after \u; -1 if they are none. */
static int32_t code_unit(const uint8_t *at, const uint8_t *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t character)
{
    if (character < 0x80) {
        *to++ = (uint8_t)character;
        return to;
    }
    if (character < 0x800) {
        *to++ = (uint8_t)(0xc0 | character >> 6);
    } else {
        if (character < 0x10000) {
            *to++ = (uint8_t)(0xe0 | character >> 12);
        } else {
            *to++ = (uint8_t)(0xf0 | character >> 18);
            *to++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
        }
        *to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
    }
    *to++ = (uint8_t)(0x80 | (character & 0x3f));
    return to;
}

/* What follows \u, a surrogate with its other half; NULL unless it is a character. NUL is none: protobuf-c's
 * strings end at it. */
static const uint8_t *unescape_unicode(const uint8_t *at, const uint8_t *end, uint8_t **to)
{
    int32_t unit = code_unit(at, end);
    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return NULL;
    at += 4;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int32_t low = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? code_unit(at + 2, end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return NULL;
        at += 6;
        unit = 0x10000 + (unit - 0xd800) * 0x400 + (low - 0xdc00);
    }
    *to = put_utf8(*to, (uint32_t)unit);
    return at;
}

static int unescape(struct json_scan *scan, struct vd_bytes raw, struct vd_bytes *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    uint8_t *text = event_json_alloc(scan->scratch, raw.len),
            *to = text; /* no escape is shorter than its meaning */
    if (text == NULL)
        return scan->scratch->error;
    const uint8_t *at = raw.data, *end = raw.data + raw.len;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        char letter = (char)at[1]; /* find_end() saw that a byte follows each backslash */
        const char *known = letter == '\0' ? NULL : strchr(letters, letter);
        at += 2;
        if (known != NULL)
            *to++ = (uint8_t)meanings[known - letters];
        else if (letter != 'u')
            return wrong(scan, "unknown escape in a string");
        else if ((at = unescape_unicode(at, end, &to)) == NULL)
            return wrong(scan, "escape in a string that is no character");
    }
    *out = vd_bytes_of(text, (size_t)(to - text));
    return 0;
}

int json_scan_string(struct json_scan *scan, struct vd_bytes *out)
{
    bool escaped;
    if (!json_scan_take(scan, "\""))
        return wrong(scan, "expected a string");
    int rc = find_end(scan, out, &escaped);
    return rc != 0 || !escaped ? rc : unescape(scan, *out, out);
}

/* --- numbers --- */

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

int json_scan_integer(struct json_scan *scan, int64_t *out)
{
    json_scan_peek(scan);
    const uint8_t *at = scan->at, *end = scan->end;
    bool negative = at < end && *at == '-';
    at += negative;
    const uint8_t *first = at;
    int64_t value = 0; /* counted downwards: there is one negative number more */
    bool overflow = false;
    for (; is_digit(at, end); at++)
        overflow |= __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_sub_overflow(value, (int64_t)(*at - '0'), &value);
    bool fraction = at < end && (*at == '.' || *at == 'e' || *at == 'E');
    if (at == first || fraction || (*first == '0' && at - first > 1))
        return wrong(scan, "expected an integer");
    scan->at = at;
    overflow |= !negative && __builtin_sub_overflow((int64_t)0, value, &value);
    *out = value;
    return overflow ? wrong(scan, "out of range") : 0;
}

/* JSON's grammar is narrower than strtod()'s: no hexadecimal, no ".5", no "+1", no white space. */
static bool is_number(const uint8_t *at, const uint8_t *end)
{
    if (at < end && *at == '-')
        at++;
    if (!is_digit(at, end))
        return false;
    at = *at == '0' ? at + 1 : skip_digits(at, end);
    if (at < end && *at == '.') {
        if (!is_digit(++at, end))
            return false;
        at = skip_digits(at, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!is_digit(at, end))
            return false;
        at = skip_digits(at, end);
    }
    return at == end;
}

bool json_scan_double(const char *text, double *out)
{
    const uint8_t *begin = (const uint8_t *)text, *end = begin + strlen(text);
    if (strcmp(text, "NaN") == 0) {
        *out = NAN;
        return true;
    }
    if (strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0) {
        *out = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (!is_number(begin, end))
        return false;
    /* Our programs stay in the C locale; in another one, a fraction would be refused here, not misread. */
    char *stop;
    *out = strtod(text, &stop);
    return *stop == '\0' && isfinite(*out);
}
