/* JSON's tokens, read straight from the text: no tree is built, so that what a text can cost is what its
 * strings take of the caller's arena. One thread at a time. */
#ifndef VEDETTE_EVENT_JSON_SCAN_H
#define VEDETTE_EVENT_JSON_SCAN_H

#include "event_json_scratch.h"

struct json_scan {
    const uint8_t *at, *end;
    struct event_json_scratch *scratch;
    const char *wrong; /* of the last VD_EMALFORMED: a static text for people */
};

/* The next byte that is not white space, left in place; 0 at the end (and for a NUL, which no token begins
 * with). */
char json_scan_peek(struct json_scan *scan);
/* Steps over `token`, a mark or a literal, if it is next. */
bool json_scan_take(struct json_scan *scan, const char *token);

/* The tokens: 0, or VD_EMALFORMED with `wrong` set; the string also VD_ELIMIT, VD_ENOMEM. */

/* Unescaped, valid UTF-8 without a NUL: a view of the text where that has no escapes, else of the arena. */
int json_scan_string(struct json_scan *scan, struct vd_bytes *out);
int json_scan_integer(struct json_scan *scan, int64_t *out);

/* A whole text as a JSON number, or as one of the names of numbers that JSON lacks: NaN, Infinity, -Infinity.
 */
bool json_scan_double(const char *text, double *out);

#endif
