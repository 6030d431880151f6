/* Logfmt lines, built on the stack, written with one write(2). */
#include <vedette/log.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>

enum { LINE_BYTES = 2048, VALUE_BYTES = 512 };

struct line {
    char text[LINE_BYTES];
    size_t len;
};

static const char *const NAMES[] = {"debug", "info", "warn", "error"};
/* What sd-daemon(3) has services put before a line, so that `journalctl -p warning` finds it. */
static const char *const PRIORITIES[] = {"<7>", "<6>", "<4>", "<3>"};
static bool journal;
static _Atomic int least_level = VD_LOG_INFO;
static atomic_uint_least64_t lost;
static vd_log_sink *sink;
static void *sink_arg;

/* The last byte is kept for the newline. */
static void put(struct line *l, const char *text, size_t len)
{
    size_t room = sizeof l->text - 1 - l->len;
    if (len > room)
        len = room;
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

static bool plain(struct vd_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return true;
}

static void put_escaped(struct line *l, uint8_t c)
{
    char text[8];
    if (c == '"' || c == '\\')
        put(l, (char[]){'\\', (char)c}, 2);
    else if (c == '\n')
        put(l, "\\n", 2);
    else if (c == '\t')
        put(l, "\\t", 2);
    else if (c < ' ' || c >= 0x7f)
        put(l, text, (size_t)snprintf(text, sizeof text, "\\x%02x", c));
    else
        put(l, (const char *)&c, 1);
}

static void put_value(struct line *l, struct vd_bytes value)
{
    bool cut = value.len > VALUE_BYTES;
    if (cut)
        value.len = VALUE_BYTES;
    if (value.len > 0 && !cut && plain(value)) {
        put(l, (const char *)value.data, value.len);
        return;
    }
    put(l, "\"", 1);
    for (size_t i = 0; i < value.len; i++)
        put_escaped(l, value.data[i]);
    put(l, cut ? "...\"" : "\"", cut ? 4 : 1);
}

static void put_field(struct line *l, const struct vd_log_field *field)
{
    char number[48];
    put(l, " ", 1);
    put(l, field->key, strlen(field->key));
    put(l, "=", 1);
    switch (field->kind) {
    case VD_FIELD_BYTES:
        put_value(l, field->value.bytes);
        break;
    case VD_FIELD_INT:
        put(l, number, (size_t)snprintf(number, sizeof number, "%" PRId64, field->value.i));
        break;
    case VD_FIELD_UINT:
        put(l, number, (size_t)snprintf(number, sizeof number, "%" PRIu64, field->value.u));
        break;
    case VD_FIELD_FLOAT:
        put(l, number, (size_t)snprintf(number, sizeof number, "%.6g", field->value.f));
        break;
    case VD_FIELD_END:
        break;
    }
}

void vd_log_fields(enum vd_log_level level, const char *message, const struct vd_log_field *fields)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    struct line l;
    l.len = 0;
    if (journal)
        put(&l, PRIORITIES[level], 3);
    char stamp[VD_TIME_TEXT_BYTES];
    size_t stamp_len = vd_time_text(vd_clock_real_ms(), stamp);
    put(&l, "ts=", 3);
    put(&l, stamp, stamp_len);
    put(&l, " level=", 7);
    put(&l, NAMES[level], strlen(NAMES[level]));
    put(&l, " msg=", 5);
    put_value(&l, vd_bytes_str(message));
    for (; fields->kind != VD_FIELD_END; fields++)
        put_field(&l, fields);
    l.text[l.len++] = '\n';
    if (sink != NULL)
        sink(sink_arg, level, l.text, l.len);
    else if (write(STDERR_FILENO, l.text, l.len) != (ssize_t)l.len)
        atomic_fetch_add(&lost, 1);
}

void vd_log_set_level(enum vd_log_level least)
{
    atomic_store(&least_level, (int)least);
}

enum vd_log_level vd_log_level_now(void)
{
    return (enum vd_log_level)atomic_load(&least_level);
}

void vd_log_set_journal(bool to_journal)
{
    journal = to_journal;
}

void vd_log_set_sink(vd_log_sink *to, void *arg)
{
    sink = to;
    sink_arg = arg;
}

uint64_t vd_log_lost(void)
{
    return atomic_load(&lost);
}
