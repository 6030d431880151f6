/* A log line or a log entry → an event: envelope, then the program's reader, then what every event has. */
#include <vedette/parse.h>

#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/utf8.h>

#include "draft.h"
#include "program.h"
#include "stamp.h"
#include "syslog.h"

enum { SCRATCH_BLOCK_BYTES = 32 * 1024, SCRATCH_MAX_BYTES = 256 * 1024 };
#define CUT_MARK " […]"

void vd_parse_init(struct vd_parse *p, const struct vd_parse_options *options)
{
    *p = (struct vd_parse){.options = *options, .zone_slot = INT64_MIN};
    vd_arena_init(&p->scratch, SCRATCH_BLOCK_BYTES, SCRATCH_MAX_BYTES);
}

void vd_parse_deinit(struct vd_parse *p)
{
    vd_arena_deinit(&p->scratch);
}

/* The longest prefix of at most cap bytes that does not end within a character. */
static size_t edge_before(const uint8_t *text, size_t len, size_t cap)
{
    if (len <= cap)
        return len;
    size_t at = cap;
    while (at > 0 && cap - at < 3 && (text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

/* Into scratch: valid UTF-8 without NUL, terminated, at most cap bytes; what was longer ends in the mark. */
static struct vd_bytes clean(struct draft *d, struct vd_bytes text, size_t cap, bool *cut)
{
    size_t taken = edge_before(text.data, text.len, cap), mark = sizeof CUT_MARK - 1;
    bool whole = taken == text.len, plain = vd_utf8_valid(vd_bytes_of(text.data, taken)) &&
                                            (taken == 0 || memchr(text.data, 0, taken) == NULL);
    /* A byte that is no UTF-8 becomes three. */
    uint8_t *out = vd_arena_alloc(&d->parse->scratch, (plain ? taken : 3 * taken) + mark + 1);
    if (out == NULL) {
        d->out_of_memory = true;
        return vd_bytes_str("");
    }
    size_t len = plain ? taken : vd_utf8_repair(vd_bytes_of(text.data, taken), out, 3 * taken);
    if (plain && taken > 0)
        memcpy(out, text.data, taken);
    if (!whole || len > cap) {
        len = edge_before(out, len, cap - mark);
        memcpy(out + len, CUT_MARK, mark);
        len += mark;
        *cut = true;
    }
    out[len] = '\0';
    return vd_bytes_of(out, len);
}

/* syslog's severities 0 (emergency) to 7 as OCSF's: what a program calls grave is so, even if we do not
 * understand it. */
static int32_t severity_of(int32_t priority)
{
    static const int32_t SEVERITY[8] = {5, 4, 4, 3, 2, 1, 1, 1};
    return priority < 0 ? 1 : SEVERITY[priority & 7];
}

static void set_process(struct draft *d, const struct message *m)
{
    if (m->program.len == 0)
        return;
    char *name = draft_string(d, m->program);
    d->metadata.log_provider = name;
    vedette__v1__process__init(&d->actor_process);
    d->actor_process.name = name;
    d->actor_process.pid = (int32_t)m->pid;
    if (d->event.actor == NULL) {
        vedette__v1__actor__init(&d->actor);
        d->event.actor = &d->actor;
    }
    d->actor.process = &d->actor_process;
}

/* "message repeated 5 times: [ Failed password …]" → the message, five times. */
static void unfold(struct message *m)
{
    struct vd_bytes text = m->text, digits;
    uint32_t count;
    if (!parse_skip(&text, "message repeated ") || !parse_split(&text, " times: [", &digits) ||
        !parse_number(digits, INT32_MAX, &count) || text.len == 0 || text.data[text.len - 1] != ']')
        return;
    text.len--;
    m->text = parse_trim(text);
    m->count = count;
}

static void understand(struct draft *d, struct message m, int32_t priority)
{
    m.text = parse_trim(m.text);
    unfold(&m);
    if (!program_read(d, &m))
        d->event.severity_id = severity_of(priority);
    if (m.count > 0)
        d->event.count = (int32_t)m.count;
    set_process(d, &m);
}

/* An impossible time would have the event refused; original_time keeps what was said. */
static bool is_usable(const struct syslog *envelope, int64_t now_ms)
{
    return envelope->stamped && envelope->time_ms >= VD_VALIDATE_EARLIEST_MS &&
           envelope->time_ms <= now_ms + VD_VALIDATE_FUTURE_MAX_MS;
}

static void set_metadata(struct draft *d, const struct syslog *envelope, int64_t now_ms)
{
    const struct vd_parse_options *options = &d->parse->options;
    bool cut = false;
    if (options->product_name != NULL)
        d->product.name = (char *)options->product_name;
    if (options->product_version != NULL)
        d->product.version = (char *)options->product_version;
    if (d->parse->log_name != NULL)
        d->metadata.log_name = (char *)d->parse->log_name;
    if (options->hostname != NULL)
        d->device.hostname = (char *)options->hostname;
    d->metadata.logged_time = now_ms;
    if (envelope->stamp.len > 0)
        d->metadata.original_time = draft_string(d, envelope->stamp);
    bool foreign = options->hostname == NULL || !parse_is(envelope->hostname, options->hostname);
    if (envelope->hostname.len > 0 && foreign)
        draft_unmapped(d, "syslog.hostname", clean(d, envelope->hostname, 255, &cut));
    bool usable = is_usable(envelope, now_ms);
    struct vd_parse *p = d->parse;
    p->stamped_ms = usable ? envelope->time_ms : 0;
    d->event.time = usable ? envelope->time_ms : p->unstamped_ms != 0 ? p->unstamped_ms : now_ms;
}

/* raw: the whole line, or empty where there was none but the entry. */
static int build(struct vd_parse *p, struct syslog *envelope, struct vd_bytes raw, int64_t now_ms,
                 struct vd_buffer *out)
{
    struct draft d;
    bool cut = false;
    vd_arena_reset(&p->scratch);
    draft_init(&d, p);
    struct message m = {.pid = envelope->pid};
    m.program = clean(&d, envelope->program, 64, &cut);
    m.text = clean(&d, envelope->text, VD_PARSE_MESSAGE_MAX_BYTES, &cut);
    if (m.text.len > 0)
        d.event.message = (char *)m.text.data;
    struct vd_bytes raw_data = clean(&d, raw, VD_PARSE_RAW_MAX_BYTES, &cut);
    if (raw_data.len > 0)
        d.event.raw_data = (char *)raw_data.data;
    understand(&d, m, envelope->priority);
    set_metadata(&d, envelope, now_ms);
    if (cut)
        draft_unmapped(&d, "line.cut", vd_bytes_str("true"));
    return draft_pack(&d, out);
}

int vd_parse_line(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, struct vd_buffer *out)
{
    struct syslog envelope;
    while (line.len > 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == '\n'))
        line.len--;
    if (parse_trim(line).len == 0)
        return VD_PARSE_EMPTY;
    syslog_read(p, line, now_ms, &envelope);
    return build(p, &envelope, line, now_ms, out);
}

int vd_parse_entry(struct vd_parse *p, const struct vd_parse_entry *entry, int64_t now_ms,
                   struct vd_buffer *out)
{
    if (parse_trim(entry->message).len == 0)
        return VD_PARSE_EMPTY;
    struct syslog envelope = {
        .priority = entry->priority,
        .stamped = true,
        .time_ms = entry->time_ms,
        .hostname = entry->hostname,
        .program = entry->program,
        .text = entry->message,
        .pid = entry->pid,
    };
    return build(p, &envelope, entry->message, now_ms, out);
}

bool vd_parse_stamp(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, int64_t *time_ms)
{
    struct syslog envelope;
    syslog_read(p, line, now_ms, &envelope);
    *time_ms = envelope.time_ms;
    return is_usable(&envelope, now_ms);
}

int vd_parse_time(struct vd_parse *p, const char *text, int64_t *time_ms)
{
    struct vd_bytes rest = vd_bytes_str(text), stamp;
    return stamp_take_iso8601(p, &rest, &stamp, time_ms) && rest.len == 0 ? 0 : VD_EMALFORMED;
}
