/* The line of `vedette tail`. */
#include "tail_line.h"

#include <stdio.h>
#include <vedette/error.h>

#include "class_names.h"
#include "notice.h"
#include "short_uid.h"
#include "tail_text.h"

enum { LEVELS = 5, NUMBER_BYTES = 32, CONFIGURATION_DIGITS = 8 };
enum {
    SCORE_COLUMN = 15,
    SCORE_COLUMNS = 4,
    LEVEL_COLUMN = SCORE_COLUMN + SCORE_COLUMNS,
    HOST_COLUMN = 28,
    CLASS_COLUMN = 46,
    TEXT_COLUMN = 63
};
enum { ELLIPSIS_COLUMNS = 3, COLUMNS_MIN = 40, SEPARATOR_COLUMNS = 3 };

#define RESET "\033[0m"
#define DIM   "\033[2m"
static const struct tail_level LEVEL[LEVELS] = {
    {"Info", "\033[2m"},    {"Low", "\033[36m"},           {"Medium", "\033[33m"},
    {"High", "\033[1;31m"}, {"Critical", "\033[1;37;41m"},
};

const struct tail_level *tail_level_of(int32_t risk_level_id)
{
    static const struct tail_level other = {"Other", ""};
    return risk_level_id >= 0 && risk_level_id < LEVELS ? &LEVEL[risk_level_id] : &other;
}

static const struct tail_level *level_of(const struct vd_event_view *event)
{
    return tail_level_of(event->risk_level_id);
}

static void put_level(struct tail_text *line, unsigned column, const struct vd_event_view *event,
                      const struct tail_style *style)
{
    const struct tail_level *level = level_of(event);
    char score[NUMBER_BYTES];
    snprintf(score, sizeof score, "%3d", event->risk_score);
    tail_text_pad(line, column);
    if (style->color)
        tail_text_sequence(line, level->color);
    tail_text_plain(line, score);
    tail_text_pad(line, column + SCORE_COLUMNS);
    tail_text_plain(line, level->word);
    if (style->color)
        tail_text_sequence(line, RESET);
}

void tail_line_class(struct tail_text *line, const struct vd_event_view *event)
{
    char number[NUMBER_BYTES];
    const char *notice = notice_name(notice_of(event)), *name = class_name(event->class_uid);
    snprintf(number, sizeof number, "class %d", event->class_uid);
    tail_text_plain(line, notice != NULL ? notice : name != NULL ? name : number);
}

static void put_pair(struct tail_text *line, const char *joint, struct vd_bytes value)
{
    if (value.len == 0)
        return;
    tail_text_plain(line, joint);
    tail_text_foreign(line, value);
}

/* The classes and values of OCSF that are told in words of their own. */
enum {
    CLASS_PROCESS = 1007,
    ACTIVITY_LAUNCH = 1,
    ACTIVITY_TERMINATE = 2,
    STATUS_SUCCESS = 1,
    STATUS_FAILURE = 2
};

static void put_process(struct tail_text *line, const struct vd_event_view *event)
{
    if (event->activity_id == ACTIVITY_LAUNCH)
        tail_text_plain(line, "started ");
    else if (event->activity_id == ACTIVITY_TERMINATE)
        tail_text_plain(line, "ended ");
    if (event->process_path.len + event->process_name.len == 0)
        tail_text_plain(line, "a process without a name");
    tail_text_foreign(line, event->process_path.len > 0 ? event->process_path : event->process_name);
    put_pair(line, " by ", event->user_name);
}

static void put_people(struct tail_text *line, const struct vd_event_view *event)
{
    if (event->status_id == STATUS_FAILURE)
        tail_text_plain(line, "failed: ");
    else if (event->status_id == STATUS_SUCCESS)
        tail_text_plain(line, "succeeded: ");
    tail_text_foreign(line, event->user_name);
    put_pair(line, event->user_name.len > 0 ? " from " : "from ", event->src_ip);
    put_pair(line, event->user_name.len + event->src_ip.len > 0 ? " by " : "", event->process_name);
    if (event->count > 1) {
        char times[NUMBER_BYTES];
        snprintf(times, sizeof times, " (%d times)", event->count);
        tail_text_plain(line, times);
    }
}

/* What succeeded or failed is told by who and from where; anything else by its message, if it has one. */
void tail_line_what(struct tail_text *line, const struct vd_event_view *event)
{
    bool judged = event->status_id == STATUS_SUCCESS || event->status_id == STATUS_FAILURE;
    bool people = event->user_name.len + event->src_ip.len > 0;
    if (event->class_uid == CLASS_PROCESS)
        put_process(line, event);
    else if (event->message.len > 0 && !(judged && people))
        tail_text_foreign(line, event->message);
    else
        put_people(line, event);
}

/* The configuration, "; configuration 5556a0aa", is for who compares scores: `vedette why` and replay. */
struct vd_bytes tail_line_reason(struct vd_bytes risk_details)
{
    static const char mark[] = "; configuration ";
    const size_t mark_len = sizeof mark - 1, len = mark_len + CONFIGURATION_DIGITS;
    if (risk_details.len < len)
        return risk_details;
    size_t begin = risk_details.len - len;
    if (memcmp(risk_details.data + begin, mark, mark_len) != 0)
        return risk_details;
    for (size_t i = begin + mark_len; i < risk_details.len; i++) {
        uint8_t c = risk_details.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return risk_details;
    }
    return vd_bytes_of(risk_details.data, begin);
}

/* What somebody who wants to know more gives to `vedette why`. */
struct handle {
    char text[SHORT_UID_BYTES];
    size_t len;
};

static struct handle handle_of(const struct vd_event_view *event, struct vd_bytes uid)
{
    struct handle handle = {.len = 0};
    if (event->risk_score > 0)
        handle.len = short_uid_write(uid, handle.text);
    return handle;
}

static void put_handle(struct tail_text *line, const struct handle *handle, const struct tail_style *style)
{
    if (style->color)
        tail_text_sequence(line, DIM);
    tail_text_foreign(line, vd_bytes_of(handle->text, handle->len));
    if (style->color)
        tail_text_sequence(line, RESET);
}

/* The reason matters most: where it does not fit it gets a line of its own, which begins with the handle. */
static void put_reason_below(struct tail_text *line, const struct handle *handle,
                             const struct tail_style *style)
{
    tail_text_sequence(line, line->full ? "...\n" : "\n");
    line->columns = 0;
    line->full = false;
    put_handle(line, handle, style);
    tail_text_plain(line, " ");
    tail_text_pad(line, LEVEL_COLUMN);
}

static void put_reason(struct tail_text *line, const struct vd_event_view *event, struct vd_bytes uid,
                       const struct tail_style *style)
{
    const struct handle handle = handle_of(event, uid);
    struct vd_bytes reason = style->whole ? event->risk_details : tail_line_reason(event->risk_details);
    if (event->risk_score <= 0 || reason.len == 0)
        return;
    size_t wanted = reason.len + handle.len + 2 * (size_t)SEPARATOR_COLUMNS;
    bool below = line->columns + wanted > line->limit;
    if (below)
        put_reason_below(line, &handle, style);
    else
        tail_text_plain(line, " | ");
    if (style->color)
        tail_text_sequence(line, level_of(event)->color);
    tail_text_foreign(line, reason);
    if (style->color)
        tail_text_sequence(line, RESET);
    if (below || handle.len == 0)
        return;
    tail_text_plain(line, " | ");
    put_handle(line, &handle, style);
}

/* Some notices are about no host, and some about no tenant. */
static void put_whose(struct tail_text *line, const struct vd_event_view *event)
{
    struct vd_bytes host = event->device_hostname.len > 0 ? event->device_hostname : event->device_uid;
    if (event->tenant_uid.len == 0 && host.len == 0) {
        tail_text_plain(line, "-");
        return;
    }
    tail_text_foreign(line, event->tenant_uid);
    if (host.len == 0)
        return;
    tail_text_plain(line, "/");
    tail_text_foreign(line, host);
}

static void put_event(struct tail_text *line, const struct vd_event_view *event,
                      const struct tail_style *style)
{
    tail_text_time(line, "%m-%d %H:%M:%S", event->time_ms);
    put_level(line, SCORE_COLUMN, event, style);
    tail_text_pad(line, HOST_COLUMN);
    put_whose(line, event);
    tail_text_plain(line, " ");
    tail_text_pad(line, CLASS_COLUMN);
    tail_line_class(line, event);
    tail_text_plain(line, " ");
    tail_text_pad(line, TEXT_COLUMN);
    tail_line_what(line, event);
    put_reason(line, event, event->uid, style);
}

/* The columns of findings that the others do not have. */
enum {
    FINDING_SCORE_COLUMN = 8,
    FINDING_TENANT_COLUMN = 21,
    FINDING_TIME_COLUMN = 34,
    FINDING_COUNT_COLUMN = 61
};
enum { CREATE = 1, UPDATE = 2, CLOSE = 3 };

static const char *state_of(const struct vd_event_view *event)
{
    static const char *const words[] = {[CREATE] = "opened", [UPDATE] = "goes on", [CLOSE] = "closed"};
    return event->activity_id >= CREATE && event->activity_id <= CLOSE ? words[event->activity_id] : "other";
}

static void put_finding(struct tail_text *line, const struct tail_finding *finding,
                        const struct tail_style *style)
{
    const struct vd_event_view *event = finding->event;
    tail_text_plain(line, state_of(event));
    put_level(line, FINDING_SCORE_COLUMN, event, style);
    tail_text_pad(line, FINDING_TENANT_COLUMN);
    tail_text_foreign(line, event->tenant_uid);
    tail_text_plain(line, " ");
    tail_text_pad(line, FINDING_TIME_COLUMN);
    tail_text_time(line, "%m-%d %H:%M:%S", finding->first_ms);
    tail_text_time(line, " to %H:%M:%S ", finding->last_ms);
    tail_text_pad(line, FINDING_COUNT_COLUMN);
    tail_text_print(line, "%4d event%s  ", event->count, event->count == 1 ? " " : "s");
    tail_text_foreign(line, event->message);
    put_reason(line, event, event->finding_uid, style);
}

/* ---- The line as a whole: built apart, so that a failure leaves out as it was */

static void begin(struct tail_text *line, struct vd_buffer *built, const struct tail_style *style)
{
    unsigned columns =
        style->columns == 0 || style->columns > TAIL_COLUMNS_MAX ? TAIL_COLUMNS_MAX : style->columns;
    if (columns < COLUMNS_MIN)
        columns = COLUMNS_MIN;
    vd_buffer_init(built, TAIL_LINE_BYTES_MAX);
    *line = (struct tail_text){.out = built, .limit = columns - ELLIPSIS_COLUMNS};
}

static int end(struct tail_text *line, struct vd_buffer *out)
{
    if (line->full)
        tail_text_sequence(line, "...");
    tail_text_sequence(line, "\n");
    struct vd_bytes text = vd_buffer_bytes(line->out);
    int result = line->result < 0 ? line->result : vd_buffer_append(out, text.data, text.len);
    vd_buffer_deinit(line->out);
    return result;
}

int tail_line_write(const struct vd_event_view *event, const struct tail_style *style, struct vd_buffer *out)
{
    struct vd_buffer built;
    struct tail_text line;
    begin(&line, &built, style);
    put_event(&line, event, style);
    return end(&line, out);
}

int tail_line_write_finding(const struct tail_finding *finding, const struct tail_style *style,
                            struct vd_buffer *out)
{
    struct vd_buffer built;
    struct tail_text line;
    begin(&line, &built, style);
    put_finding(&line, finding, style);
    return end(&line, out);
}
