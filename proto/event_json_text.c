/* Numbers and strings of JSON, formatted by hand because printf would be most of the writer's time. */
#include "event_json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <vedette/error.h>

void json_text_begin(struct json_text *text, struct vd_buffer *out)
{
    *text = (struct json_text){.out = out, .held = vd_buffer_len(out)};
}

static void commit(struct json_text *text)
{
    if (text->at != NULL)
        vd_buffer_commit(text->out, (size_t)(text->at - (text->out->base + text->out->end)));
}

bool json_text_grow(struct json_text *text, size_t len)
{
    if (text->error != 0)
        return false;
    commit(text);
    uint8_t *where;
    int rc = vd_buffer_reserve(text->out, len, &where);
    if (rc != 0) {
        json_text_fail(text, rc);
        return false;
    }
    /* All that the buffer has, not just len: it asks the heap for more than that at a time. */
    text->at = where;
    text->end = text->out->base + text->out->cap;
    return true;
}

void json_text_fail(struct json_text *text, int error)
{
    if (text->error == 0)
        text->error = error;
    text->at = text->end = NULL;
}

int json_text_finish(struct json_text *text)
{
    if (text->error == 0)
        commit(text);
    else
        text->out->end = text->out->begin + text->held;
    return text->error;
}

static const char digit_pairs[] = "0001020304050607080910111213141516171819"
                                  "2021222324252627282930313233343536373839"
                                  "4041424344454647484950515253545556575859"
                                  "6061626364656667686970717273747576777879"
                                  "8081828384858687888990919293949596979899";

void json_text_int(struct json_text *text, int64_t value)
{
    char digits[20], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    while (rest >= 100) {
        at -= 2;
        memcpy(at, digit_pairs + rest % 100 * 2, 2);
        rest /= 100;
    }
    if (rest >= 10) {
        at -= 2;
        memcpy(at, digit_pairs + rest * 2, 2);
    } else {
        *--at = (char)('0' + rest);
    }
    if (value < 0)
        *--at = '-';
    json_text_raw(text, at, (size_t)(digits + sizeof digits - at));
}

/* printf writes the locale's decimal point, which may even be several bytes. */
static size_t with_point(char *digits)
{
    char *to = digits;
    bool inside = false;
    for (const char *from = digits; *from != '\0'; from++) {
        bool number = (*from >= '0' && *from <= '9') || strchr("+-e", *from) != NULL;
        if (number)
            *to++ = *from;
        else if (!inside)
            *to++ = '.';
        inside = !number;
    }
    return (size_t)(to - digits);
}

void json_text_double(struct json_text *text, double value)
{
    enum { SHORTEST = 15, EXACT = 17 };
    char digits[40];
    if (isnan(value)) {
        json_text_raw(text, "NaN", 3);
    } else if (isinf(value)) {
        const char *name = value < 0 ? "-Infinity" : "Infinity";
        json_text_raw(text, name, strlen(name));
    } else if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
        json_text_int(text, (int64_t)value);
    } else {
        for (int precision = SHORTEST; precision <= EXACT; precision++) {
            snprintf(digits, sizeof digits, "%.*g", precision, value);
            if (strtod(digits, NULL) == value)
                break;
        }
        json_text_raw(text, digits, with_point(digits));
    }
}

/* 0: stands as it is; 'u': \u00xx; else the letter after the backslash. */
static const char escapes[256] = {
    [0] = 'u',  [1] = 'u',    [2] = 'u',    [3] = 'u',    [4] = 'u',   [5] = 'u',     [6] = 'u',
    [7] = 'u',  ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', [11] = 'u',  ['\f'] = 'f',  ['\r'] = 'r',
    [14] = 'u', [15] = 'u',   [16] = 'u',   [17] = 'u',   [18] = 'u',  [19] = 'u',    [20] = 'u',
    [21] = 'u', [22] = 'u',   [23] = 'u',   [24] = 'u',   [25] = 'u',  [26] = 'u',    [27] = 'u',
    [28] = 'u', [29] = 'u',   [30] = 'u',   [31] = 'u',   ['"'] = '"', ['\\'] = '\\',
};

/* Non-zero if one of the word's eight bytes is not plain. The subtractions borrow only from bytes that are
 * not plain themselves, so that the answer for the word is exact. */
static uint64_t not_plain(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (word | (word - ones * ' ') | (quote - ones) | (backslash - ones)) & highs;
}

static bool is_plain(struct vd_bytes string)
{
    uint64_t word, found = 0;
    size_t i = 0;
    for (; string.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, string.data + i, sizeof word);
        found |= not_plain(word);
    }
    for (; i < string.len; i++)
        found |= (string.data[i] & 0x80u) | (unsigned char)escapes[string.data[i]];
    return found == 0;
}

/* A control character above ASCII, U+0080 to U+009F: some terminals obey it like an ESC. */
static bool is_c1(struct vd_bytes string, size_t at)
{
    return string.data[at] == 0xc2 && at + 1 < string.len && string.data[at + 1] < 0xa0;
}

static void put_escape(struct json_text *text, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    char letter = byte < 0x80 ? escapes[byte] : 'u',
         unicode[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    if (letter == 'u')
        json_text_raw(text, unicode, sizeof unicode);
    else
        json_text_raw(text, (char[]){'\\', letter}, 2);
}

void json_text_string(struct json_text *text, struct vd_bytes string)
{
    size_t run = 0;
    json_text_byte(text, '"');
    for (size_t i = 0; i < string.len; i++) {
        bool c1 = is_c1(string, i);
        if (escapes[string.data[i]] == 0 && !c1)
            continue;
        json_text_raw(text, string.data + run, i - run);
        i += c1; /* its second byte is its number */
        put_escape(text, string.data[i]);
        run = i + 1;
    }
    json_text_raw(text, string.data + run, string.len - run);
    json_text_byte(text, '"');
}

bool json_text_plain_string(struct json_text *text, struct vd_bytes string)
{
    if (!is_plain(string))
        return false;
    if (json_text_room(text, string.len + 2)) {
        text->at[0] = '"';
        memcpy(text->at + 1, string.data, string.len);
        text->at[string.len + 1] = '"';
        text->at += string.len + 2;
    }
    return true;
}
