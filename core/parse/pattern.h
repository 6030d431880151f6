/* Patterns of log messages: literal text with captures, matched whole, without a heap. Private to core/parse.
 *
 *   "Failed %M for %U from %I port %P ssh2%*"
 *
 * A capture is % and a letter. A word has no blank; text runs to the next literal that follows it in the
 * pattern; greedy text to the last place from where the rest matches, for what a peer may choose. %* at the
 * end takes anything. */
#ifndef PARSE_PATTERN_H
#define PARSE_PATTERN_H

#include <vedette/bytes.h>

/* clang-format off */
#define PARSE_CAPTURES(X)                                                     \
    X('U', USER,     GREEDY) /* a user that a peer may have named */          \
    X('Q', QUOTE,    GREEDY) /* what a peer said: read over */                \
    X('u', NAME,     WORD)   /* a user of this host */                        \
    X('i', UID,      DIGITS)                                                  \
    X('B', BY,       WORD)   /* the user who did it */                        \
    X('G', GROUP,    WORD)                                                    \
    X('g', GID,      DIGITS)                                                  \
    X('I', ADDRESS,  WORD)   /* of the peer: an address, or its name */       \
    X('H', HOSTNAME, WORD)                                                    \
    X('P', PORT,     DIGITS)                                                  \
    X('M', METHOD,   WORD)                                                    \
    X('N', COUNT,    DIGITS)                                                  \
    X('C', CODE,     DIGITS) /* a protocol's reason, a program's status */    \
    X('#', ORDINAL,  DIGITS) /* which try it was: read over */                \
    X('T', TERMINAL, WORD)                                                    \
    X('S', SESSION,  WORD)                                                    \
    X('D', DETAIL,   TEXT)
/* clang-format on */

enum parse_capture {
#define PARSE_CAPTURE_ENUM(letter, name, kind) CAPTURE_##name,
    PARSE_CAPTURES(PARSE_CAPTURE_ENUM)
#undef PARSE_CAPTURE_ENUM
        CAPTURES
};

/* Views into the text matched; data is NULL where nothing was captured. */
struct parse_match {
    struct vd_bytes captures[CAPTURES];
};

/* Whether the whole text matches. out is only defined when it does. */
bool parse_match(const char *pattern, struct vd_bytes text, struct parse_match *out);

/* Small steps on views, for what is no pattern. */
bool parse_starts(struct vd_bytes text, const char *prefix);
bool parse_is(struct vd_bytes text, const char *word);
/* Takes prefix off the front of *text, if it is there. */
bool parse_skip(struct vd_bytes *text, const char *prefix);
/* Splits *text at the first separator: returns what stands before it and leaves what follows; false: there is
 * none. */
bool parse_split(struct vd_bytes *text, const char *separator, struct vd_bytes *before);
struct vd_bytes parse_trim(struct vd_bytes text);
/* Decimal digits only, at most max; false otherwise. */
bool parse_number(struct vd_bytes text, uint32_t max, uint32_t *out);

#endif
