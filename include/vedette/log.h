/* Logs in logfmt, one line an entry, on stderr unless a sink is set; what peers sent is escaped.
 *
 *   vd_log_warn("session refused", VD_F_STR("peer", name), VD_F_INT("code", code));
 *   → ts=2026-11-22T20:00:00.123Z level=warn msg="session refused" peer=… code=7
 *
 * Any thread; a line is written with one write(2). A line that cannot be written (a full disk) is counted,
 * not retried. */
#ifndef VEDETTE_LOG_H
#define VEDETTE_LOG_H

#include <vedette/bytes.h>

enum vd_log_level { VD_LOG_DEBUG, VD_LOG_INFO, VD_LOG_WARN, VD_LOG_ERROR };

struct vd_log_field {
    const char *key;
    enum { VD_FIELD_END, VD_FIELD_BYTES, VD_FIELD_INT, VD_FIELD_UINT, VD_FIELD_FLOAT } kind;
    union {
        struct vd_bytes bytes;
        int64_t i;
        uint64_t u;
        double f;
    } value;
};

#define VD_F_STR(k, text)                                                                                    \
    {                                                                                                        \
        .key = (k), .kind = VD_FIELD_BYTES, .value.bytes = vd_bytes_str(text)                                \
    }
#define VD_F_BYTES(k, view)                                                                                  \
    {                                                                                                        \
        .key = (k), .kind = VD_FIELD_BYTES, .value.bytes = (view)                                            \
    }
#define VD_F_INT(k, n)                                                                                       \
    {                                                                                                        \
        .key = (k), .kind = VD_FIELD_INT, .value.i = (int64_t)(n)                                            \
    }
#define VD_F_UINT(k, n)                                                                                      \
    {                                                                                                        \
        .key = (k), .kind = VD_FIELD_UINT, .value.u = (uint64_t)(n)                                          \
    }
#define VD_F_FLOAT(k, n)                                                                                     \
    {                                                                                                        \
        .key = (k), .kind = VD_FIELD_FLOAT, .value.f = (n)                                                   \
    }
#define VD_F_ERROR(code)                                                                                     \
    {                                                                                                        \
        .key = "error", .kind = VD_FIELD_BYTES, .value.bytes = vd_bytes_str(vd_error_text(code))             \
    }

#define vd_log(level, message, ...)                                                                          \
    vd_log_fields(                                                                                           \
        level, message,                                                                                      \
        (const struct vd_log_field[]){{.kind = VD_FIELD_END}, ##__VA_ARGS__, {.kind = VD_FIELD_END}} + 1)
#define vd_log_debug(message, ...) vd_log(VD_LOG_DEBUG, message, ##__VA_ARGS__)
#define vd_log_info(message, ...)  vd_log(VD_LOG_INFO, message, ##__VA_ARGS__)
#define vd_log_warn(message, ...)  vd_log(VD_LOG_WARN, message, ##__VA_ARGS__)
#define vd_log_error(message, ...) vd_log(VD_LOG_ERROR, message, ##__VA_ARGS__)

/* fields end with VD_FIELD_END. Use the macros. */
void vd_log_fields(enum vd_log_level level, const char *message, const struct vd_log_field *fields);

void vd_log_set_level(enum vd_log_level least);
enum vd_log_level vd_log_level_now(void);
/* Lines begin with their syslog priority, "<4>", as the journal reads it. Set it before threads start. */
void vd_log_set_journal(bool to_journal);
/* line ends with a newline. NULL sets stderr again. Set it before threads start. */
typedef void vd_log_sink(void *arg, enum vd_log_level level, const char *line, size_t len);
void vd_log_set_sink(vd_log_sink *sink, void *arg);
/* Lines that could not be written since the start. */
uint64_t vd_log_lost(void);

#endif
