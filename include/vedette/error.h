/* Errors of all modules: one table, negative codes, so that 0 is success and positive values stay free for
 * expected states that each header names itself. Any thread. */
#ifndef VEDETTE_ERROR_H
#define VEDETTE_ERROR_H

/* clang-format off */
#define VD_ERRORS(X)                                                                                    \
    X(NOMEM,       -1, "out of memory")                                                                 \
    X(INVAL,       -2, "invalid argument")                                                              \
    X(LIMIT,       -3, "over a limit")                                                                  \
    X(MALFORMED,   -4, "malformed")                                                                     \
    X(UNSUPPORTED, -5, "not supported")                                                                 \
    X(IO,          -6, "input/output error")                                                            \
    X(TLS,         -7, "TLS failure")                                                                   \
    X(IDENTITY,    -8, "no acceptable identity")                                                        \
    X(TIMEOUT,     -9, "timed out")                                                                     \
    X(CLOSED,     -10, "closed")                                                                        \
    X(FULL,       -11, "full")                                                                          \
    X(NOTFOUND,   -12, "not found")                                                                     \
    X(EXISTS,     -13, "exists already")                                                                \
    X(PERM,       -14, "not permitted")                                                                 \
    X(CONFIG,     -15, "configuration error")                                                           \
    X(KAFKA,      -16, "Kafka error")                                                                   \
    X(PROTOCOL,   -17, "protocol violation")                                                            \
    X(REFUSED,    -18, "refused")                                                                       \
    X(UNAVAILABLE,-19, "unavailable")
/* clang-format on */

enum vd_error {
#define VD_ERROR_ENUM(name, code, text) VD_E##name = code,
    VD_ERRORS(VD_ERROR_ENUM)
#undef VD_ERROR_ENUM
};

/* A static text for people; never NULL. */
const char *vd_error_text(int error);

/* The negative code that fits errno (or libuv's negated errno) best. */
int vd_error_from_errno(int number);

#endif
