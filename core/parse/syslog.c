/* The envelopes of RFC 3164 as hosts write it, of the ISO 8601 stamped variant, and of RFC 5424. */
#include "syslog.h"

#include "pattern.h"
#include "stamp.h"

enum { PRIORITY_MAX = 191, PROGRAM_MAX_BYTES = 64 };

static void take_priority(struct vd_bytes *line, struct syslog *out)
{
    struct vd_bytes rest = *line, digits;
    uint32_t priority;
    if (!parse_skip(&rest, "<") || !parse_split(&rest, ">", &digits) ||
        !parse_number(digits, PRIORITY_MAX, &priority))
        return;
    out->priority = (int32_t)priority;
    *line = rest;
}

static bool take_word(struct vd_bytes *text, struct vd_bytes *word)
{
    if (parse_split(text, " ", word))
        return word->len > 0;
    *word = *text;
    *text = vd_bytes_of(text->data + text->len, 0);
    return word->len > 0;
}

/* "sshd[7]: text", "sshd: text"; where there is no such tag nothing is taken. */
static bool take_tag(struct vd_bytes *text, struct syslog *out)
{
    struct vd_bytes rest = *text, tag, pid;
    if (!parse_split(&rest, ":", &tag) || tag.len == 0 || tag.len > PROGRAM_MAX_BYTES)
        return false;
    if (memchr(tag.data, ' ', tag.len) != NULL)
        return false;
    struct vd_bytes program = tag;
    if (tag.data[tag.len - 1] == ']' && parse_split(&tag, "[", &program)) {
        pid = vd_bytes_of(tag.data, tag.len - 1);
        parse_number(pid, INT32_MAX, &out->pid);
    }
    out->program = program;
    parse_skip(&rest, " ");
    *text = rest;
    return true;
}

/* "host tag: text" or, as a program sends it on its own host, "tag: text". */
static void take_host_and_tag(struct vd_bytes *text, struct syslog *out)
{
    struct vd_bytes rest = *text, host;
    if (take_tag(text, out))
        return;
    if (!take_word(&rest, &host))
        return;
    out->hostname = host;
    *text = rest;
    take_tag(text, out);
}

/* Past "[id name="value" …][…]" or "-". In a value, a backslash keeps the next character from meaning
 * anything. */
static void skip_structured_data(struct vd_bytes *text)
{
    size_t at = 0;
    bool quoted = false;
    if (text->len == 0 || text->data[0] != '[') {
        parse_skip(text, "-");
        return;
    }
    for (; at < text->len; at++) {
        uint8_t c = text->data[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == ']' && (at + 1 == text->len || text->data[at + 1] != '['))
            break;
    }
    size_t skip = at < text->len ? at + 1 : text->len;
    *text = vd_bytes_of(text->data + skip, text->len - skip);
}

static struct vd_bytes unless_nil(struct vd_bytes word)
{
    return parse_is(word, "-") ? (struct vd_bytes){0} : word;
}

/* After "1 ": STAMP HOST PROGRAM PID MSGID DATA TEXT. */
static bool read_rfc5424(struct vd_parse *p, struct vd_bytes text, struct syslog *out)
{
    struct vd_bytes host, program, pid, id;
    bool stamped = stamp_take_iso8601(p, &text, &out->stamp, &out->time_ms);
    if ((!stamped && !parse_skip(&text, "-")) || !parse_skip(&text, " ") || !take_word(&text, &host) ||
        !take_word(&text, &program) || !take_word(&text, &pid) || !take_word(&text, &id))
        return false;
    out->stamped = stamped;
    out->hostname = unless_nil(host);
    out->program = unless_nil(program);
    parse_number(pid, INT32_MAX, &out->pid);
    skip_structured_data(&text);
    parse_skip(&text, " ");
    parse_skip(&text, "\xef\xbb\xbf");
    out->text = text;
    return true;
}

void syslog_read(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, struct syslog *out)
{
    *out = (struct syslog){.priority = -1};
    take_priority(&line, out);
    struct vd_bytes versioned = line;
    if (out->priority >= 0 && parse_skip(&versioned, "1 ") && read_rfc5424(p, versioned, out))
        return;
    out->stamped = stamp_take_rfc3164(p, &line, now_ms, &out->stamp, &out->time_ms) ||
                   stamp_take_iso8601(p, &line, &out->stamp, &out->time_ms);
    if (out->stamped) {
        parse_skip(&line, " ");
        take_host_and_tag(&line, out);
    } else if (out->priority >= 0) {
        take_tag(&line, out);
    }
    out->text = line;
}
