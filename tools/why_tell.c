/* The story of a score for people: the event, each reason with its chart, the neighbours. Whatever a peer
 * named is escaped. */
#include "why.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <vedette/error.h>

#include "chart.h"
#include "notice.h"
#include "tail_line.h"

enum { INDENT = 3, LINE_BYTES = 8192, LABEL_BYTES = 32, ODDS_BYTES = 48, WIDE = 2 };
static const char TIME[] = "%Y-%m-%d %H:%M:%S", RESET[] = "\033[0m", BOLD[] = "\033[1m";

struct teller {
    const struct why_story *story;
    const struct why_style *style;
    struct vd_buffer *out;
    struct vd_buffer scratch; /* a sentence before it is wrapped */
    struct tail_text line;    /* into scratch */
    int result;
};

/* ---- Sentences */

static void put(struct teller *t, const void *text, size_t len)
{
    if (t->result == 0)
        t->result = vd_buffer_append(t->out, text, len);
}

static void put_spaces(struct teller *t, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        put(t, " ", 1);
}

static struct tail_text *begin(struct teller *t)
{
    vd_buffer_clear(&t->scratch);
    t->line = (struct tail_text){.out = &t->scratch, .limit = LINE_BYTES};
    return &t->line;
}

/* Characters, of which each is taken for one column. */
static unsigned width_of(const uint8_t *text, size_t len)
{
    unsigned width = 0;
    for (size_t i = 0; i < len; i++)
        width += (text[i] & 0xc0) != 0x80;
    return width;
}

/* What was put since begin(), in lines as wide as the terminal; the first is indented by the caller. */
static void end(struct teller *t, unsigned indent)
{
    struct vd_bytes text = vd_buffer_bytes(&t->scratch);
    unsigned column = indent;
    if (t->line.result < 0 && t->result == 0)
        t->result = t->line.result;
    for (size_t from = 0, to; text.data != NULL && from < text.len; from = to) {
        for (to = from; to < text.len && text.data[to] == ' '; to++)
            ;
        size_t word = to;
        for (; to < text.len && text.data[to] != ' '; to++)
            ;
        unsigned width = width_of(text.data + from, to - from);
        if (column > indent && column + width > t->style->columns) {
            put(t, "\n", 1);
            put_spaces(t, indent);
            from = word;
            column = indent;
            width = width_of(text.data + from, to - from);
        }
        put(t, text.data + from, to - from);
        column += width;
    }
    put(t, "\n", 1);
}

static void heading(struct teller *t, const char *text)
{
    put(t, "\n", 1);
    if (t->style->color)
        put(t, BOLD, strlen(BOLD));
    put(t, text, strlen(text));
    if (t->style->color)
        put(t, RESET, strlen(RESET));
    put(t, "\n", 1);
}

/* "1 of 160,000"; p is 10^-surprise. */
static void odds_text(double surprise, char out[ODDS_BYTES])
{
    static const struct {
        double least;
        const char *unit;
    } units[] = {{12, " trillion"}, {9, " billion"}, {6, " million"}, {0, ""}};
    size_t i = 0;
    double exponent = fmin(fmax(surprise, 0), 300);
    while (exponent < units[i].least)
        i++;
    double digits = pow(10, exponent - units[i].least), unit = pow(10, fmax(floor(log10(digits)) - 1, 0));
    double rounded = round(digits / unit) * unit;
    if (exponent >= 15)
        snprintf(out, ODDS_BYTES, "1 of 10^%.0f", floor(exponent));
    else if (rounded >= 1000)
        snprintf(out, ODDS_BYTES, "1 of %.0f,%03.0f%s", floor(rounded / 1000), fmod(rounded, 1000),
                 units[i].unit);
    else
        snprintf(out, ODDS_BYTES, "1 of %.*f%s", digits < 9.95 ? 1 : 0, rounded < 10 ? digits : rounded,
                 units[i].unit);
}

static void put_span(struct tail_text *line, double seconds)
{
    if (seconds >= 7200 && fmod(seconds, 3600) == 0)
        tail_text_print(line, "%.0f h", seconds / 3600);
    else if (seconds >= 60)
        tail_text_print(line, "%.0f min", seconds / 60);
    else
        tail_text_print(line, "%.0f s", seconds);
}

static void put_number(struct tail_text *line, double value)
{
    char number[CHART_NUMBER_BYTES];
    chart_number(value, number);
    tail_text_plain(line, number);
}

/* ---- The event */

static void tell_event(struct teller *t)
{
    const struct why_subject *subject = t->story->subject;
    const struct vd_event_view *view = &subject->view;
    struct tail_text *line = begin(t);
    const char *notice = notice_name(notice_of(view));
    tail_text_print(line, "%s ", notice != NULL ? notice : "Event");
    tail_text_foreign(line, view->uid);
    end(t, INDENT);
    put_spaces(t, INDENT);
    line = begin(t);
    tail_text_foreign(line, view->tenant_uid);
    if (view->device_uid.len > 0)
        tail_text_plain(line, "/");
    tail_text_foreign(line, view->device_uid);
    tail_text_plain(line, ", ");
    tail_text_time(line, TIME, view->time_ms);
    tail_text_plain(line, ", ");
    tail_line_class(line, view);
    tail_text_plain(line, ": ");
    tail_line_what(line, view);
    end(t, INDENT);
    put_spaces(t, INDENT);
    line = begin(t);
    double later = (double)(subject->published_ms - view->time_ms) / 1000;
    tail_text_plain(line, later < 0 ? "stamped " : "published ");
    put_span(line, fabs(later));
    tail_text_plain(line, later < 0 ? " ahead of the time it was published" : " later");
    tail_text_print(line, ", partition %d, offset %lld", subject->partition, (long long)subject->offset);
    end(t, INDENT);
}

static void tell_risk(struct teller *t)
{
    const struct why_subject *subject = t->story->subject;
    const struct vd_event_view *view = &subject->view;
    const struct tail_level *level = tail_level_of(view->risk_level_id);
    put(t, "\n", 1);
    struct tail_text *line = begin(t);
    tail_text_print(line, "Risk %d of 100, %s", view->risk_score, level->word);
    if (view->risk_details.len == 0)
        tail_text_plain(line, ": it was not scored, since the collector made it itself.");
    else if (subject->reason_count == 0)
        tail_text_plain(line, ": nothing unusual. What happens in every tenth window has no reasons told.");
    else
        tail_text_print(line, ", surprise of the strongest reason %.1f%s.", subject->reasons[0].surprise,
                        view->risk_score >= 70 ? ": an alert" : "");
    static const char weighed[] = "; criticality ";
    const uint8_t *found = NULL;
    if (view->risk_details.len > 0)
        found = memmem(view->risk_details.data, view->risk_details.len, weighed, strlen(weighed));
    if (found != NULL) {
        const uint8_t *word = found + strlen(weighed),
                      *stop = view->risk_details.data + view->risk_details.len;
        const uint8_t *semicolon = memchr(word, ';', (size_t)(stop - word));
        tail_text_plain(line, " Weighed, for the host's criticality is ");
        tail_text_foreign(line, vd_bytes_of(word, (size_t)((semicolon != NULL ? semicolon : stop) - word)));
        tail_text_plain(line, ".");
    }
    if (t->style->color)
        put(t, level->color, strlen(level->color));
    end(t, INDENT);
    if (t->style->color)
        put(t, RESET, strlen(RESET));
}

/* ---- Reasons */

static void put_whose(struct tail_text *line, const struct vd_told_reason *reason)
{
    tail_text_foreign(line, reason->entity_kind);
    tail_text_plain(line, " ");
    tail_text_foreign(line, reason->entity.len > 0 ? reason->entity : vd_bytes_str("(none)"));
}

static void put_counted(struct tail_text *line, const struct vd_told_reason *reason)
{
    if (reason->kind == VD_REASON_DISTINCT) {
        tail_text_plain(line, "different ");
        tail_text_foreign(line, reason->what);
        tail_text_plain(line, " in ");
    }
    tail_text_foreign(line, reason->feature);
    if (reason->kind == VD_REASON_RATE && reason->value.len > 0) {
        tail_text_plain(line, " by ");
        tail_text_foreign(line, reason->value);
    }
}

static void put_many(struct tail_text *line, const struct vd_told_reason *reason)
{
    bool few = reason->observed < reason->expected;
    tail_text_plain(line, few                              ? "Too few: "
                          : reason->kind == VD_REASON_RATE ? "Too many: "
                                                           : "Too various: ");
    put_number(line, reason->observed);
    tail_text_plain(line, " ");
    put_counted(line, reason);
    tail_text_plain(line, " of ");
    put_whose(line, reason);
    tail_text_plain(line, " in ");
    put_span(line, reason->window_seconds);
    tail_text_plain(line, ", where ");
    put_number(line, reason->expected);
    tail_text_plain(line, fabs(reason->expected - 1) < 0.05 ? " was expected." : " were expected.");
}

static void put_first(struct tail_text *line, const struct vd_told_reason *reason)
{
    tail_text_plain(line, "New: the first ");
    tail_text_foreign(line, reason->what);
    tail_text_plain(line, " ");
    tail_text_foreign(line, reason->value);
    tail_text_plain(line, " in ");
    tail_text_foreign(line, reason->feature);
    tail_text_plain(line, " of ");
    put_whose(line, reason);
    tail_text_print(line, ", of which %.2g%% so far were first ones.", 100 * reason->expected);
}

static void put_rare(struct tail_text *line, const struct vd_told_reason *reason)
{
    tail_text_plain(line, "Rare: rule ");
    tail_text_foreign(line, reason->value);
    tail_text_plain(line, " fires on ");
    put_whose(line, reason);
    tail_text_plain(line, " in ");
    put_number(line, reason->observed);
    tail_text_plain(line, " of 1000 windows of ");
    put_span(line, reason->window_seconds);
    tail_text_plain(line, ", elsewhere in ");
    put_number(line, reason->expected);
    tail_text_plain(line, ".");
}

static void put_beside(struct tail_text *line, const struct vd_told_reason *reason)
{
    tail_text_plain(line, "Not alone: other ");
    tail_text_foreign(line, reason->feature);
    tail_text_plain(line, " of ");
    put_whose(line, reason);
    tail_text_plain(line, " in ");
    put_span(line, reason->window_seconds);
    tail_text_print(line, " weigh %.1f, where %.1f is usual", reason->observed, reason->expected);
    if (reason->value.len > 0) {
        tail_text_plain(line, "; most of it is of ");
        tail_text_foreign(line, reason->value);
    }
    tail_text_plain(line, ".");
}

static void tell_odds(struct teller *t, const struct vd_told_reason *reason)
{
    char odds[ODDS_BYTES];
    struct tail_text *line = begin(t);
    odds_text(reason->surprise, odds);
    put_spaces(t, INDENT);
    tail_text_print(line, "That happens in %s windows of its kind (p %.2g, surprise %.1f).", odds,
                    pow(10, -reason->surprise), reason->surprise);
    if (reason->kind != VD_REASON_BESIDE)
        tail_text_print(line, " %.0f%% of what was expected is its own habit, the rest its peers'.",
                        100 * reason->maturity);
    if (reason->late)
        tail_text_plain(line, " It came late, when its window was already over.");
    end(t, INDENT);
}

/* ---- Charts */

/* Where the topic disagrees: it has forgotten, or the collector has. Different values it only estimates. */
static void tell_recount(struct tail_text *line, const struct why_history *h)
{
    const struct vd_told_reason *reason = h->reason;
    bool counts = reason->kind == VD_REASON_RATE || reason->kind == VD_REASON_DISTINCT;
    double seen = why_history_observed(h);
    if (!counts || round(seen) == round(reason->observed))
        return;
    tail_text_plain(line, " Counted again in the topic: ");
    put_number(line, seen);
    tail_text_plain(line, h->too_many ? " and more." : ".");
}

static void tell_legend(struct teller *t, const struct why_history *h)
{
    const struct vd_told_reason *reason = h->reason;
    struct tail_text *line = begin(t);
    put_spaces(t, INDENT);
    put_counted(line, reason);
    tail_text_plain(line,
                    reason->kind == VD_REASON_DISTINCT ? " in the window up to each " : " a column of ");
    put_span(line, h->bucket_seconds);
    if (reason->kind == VD_REASON_DISTINCT)
        tail_text_plain(line, " column");
    if (why_history_line(h) >= 0)
        tail_text_plain(line, "; the line is what was expected");
    tail_text_plain(line, "; the last six are the window.");
    tell_recount(line, h);
    end(t, INDENT);
}

static void tell_chart(struct teller *t, const struct why_history *h)
{
    char begin_label[LABEL_BYTES] = "", end_label[LABEL_BYTES] = "";
    int64_t first = ((int64_t)h->newest + 1 - (int64_t)h->count) * h->bucket_seconds;
    time_t from = (time_t)first, to = (time_t)(t->story->subject->view.time_ms / 1000);
    struct tm local;
    if (h->count == 0)
        return;
    const char *format = to - from > 86400 ? "%m-%d %H:%M" : "%H:%M:%S";
    if (localtime_r(&from, &local) != NULL)
        strftime(begin_label, sizeof begin_label, format, &local);
    if (localtime_r(&to, &local) != NULL)
        strftime(end_label, sizeof end_label, format, &local);
    bool wide = chart_columns(t->style->columns, INDENT, WIDE) >= h->count;
    struct chart chart = {.values = h->columns,
                          .count = h->count,
                          .marked = WHY_BUCKETS,
                          .line = why_history_line(h),
                          .begin = begin_label,
                          .end = end_label,
                          .column_width = wide ? WIDE : 1,
                          .indent = INDENT,
                          .utf8 = t->style->utf8,
                          .color = t->style->color};
    put(t, "\n", 1);
    if (t->result == 0)
        t->result = chart_write(&chart, t->out);
    tell_legend(t, h);
}

static void tell_reasons(struct teller *t)
{
    static void (*const PUT[])(struct tail_text *, const struct vd_told_reason *) = {
        [VD_REASON_RATE] = put_many, [VD_REASON_DISTINCT] = put_many, [VD_REASON_FIRST] = put_first,
        [VD_REASON_RARE] = put_rare, [VD_REASON_BESIDE] = put_beside,
    };
    const struct why_subject *subject = t->story->subject;
    for (size_t i = 0; i < subject->reason_count; i++) {
        const struct vd_told_reason *reason = &subject->reasons[i];
        put(t, "\n", 1);
        struct tail_text *line = begin(t);
        tail_text_print(line, "%zu. ", i + 1);
        PUT[reason->kind](line, reason);
        end(t, INDENT);
        tell_odds(t, reason);
        tell_chart(t, &t->story->histories[i]);
    }
}

/* ---- Neighbours */

static void tell_own(struct teller *t)
{
    const struct why_neighbours *n = t->story->neighbours;
    /* A line of `vedette tail` without its reason, which would be the same again. */
    unsigned columns = t->style->columns > INDENT ? t->style->columns - INDENT : 1;
    struct tail_style style = {.color = t->style->color, .columns = columns};
    struct tail_text *line = begin(t);
    put_spaces(t, INDENT);
    tail_text_print(line, "%s ", n->kind);
    tail_text_foreign(line, n->name.len > 0 ? n->name : vd_bytes_str("(none)"));
    tail_text_print(line, ": %llu other event%s", (unsigned long long)n->own_events,
                    n->own_events == 1 ? "" : "s");
    for (int level = WHY_LEVELS - 1; level > 0; level--)
        if (n->own_levels[level] > 0)
            tail_text_print(line, ", %llu %s", (unsigned long long)n->own_levels[level],
                            tail_level_of(level)->word);
    end(t, INDENT);
    for (int i = 0; i < WHY_OWN_MAX && n->own[i].bytes != NULL && t->result == 0; i++) {
        struct vd_event_view view;
        if (vd_event_view_read(&view, vd_bytes_of(n->own[i].bytes, n->own[i].len)) != 0)
            continue;
        view.risk_details = (struct vd_bytes){0};
        put_spaces(t, INDENT);
        if (t->result == 0)
            t->result = tail_line_write(&view, &style, t->out);
    }
}

static void tell_others(struct teller *t)
{
    const struct why_neighbours *n = t->story->neighbours;
    for (size_t i = 0; i < n->other_count && i < WHY_OTHERS_MAX; i++) {
        const struct why_other *other = &n->others[i];
        struct tail_text *line = begin(t);
        put_spaces(t, INDENT);
        tail_text_foreign(line, vd_bytes_str(other->kind));
        tail_text_plain(line, " ");
        tail_text_foreign(line, vd_bytes_str(other->name));
        tail_text_print(line, " stood out too, up to %d %s, in %llu event%s: ", other->risk_score,
                        tail_level_of(other->risk_level_id)->word, (unsigned long long)other->events,
                        other->events == 1 ? "" : "s");
        tail_text_foreign(line, vd_bytes_str(other->details));
        end(t, 2 * INDENT);
    }
    if (n->other_count == 0) {
        put_spaces(t, INDENT);
        begin(t);
        tail_text_plain(&t->line, "Nobody else of the tenant stood out in the shard then.");
        end(t, INDENT);
    } else if (n->other_count > WHY_OTHERS_MAX) {
        put_spaces(t, INDENT);
        begin(t);
        tail_text_print(&t->line, "and %zu more", n->other_count - WHY_OTHERS_MAX);
        end(t, INDENT);
    }
}

static void tell_neighbours(struct teller *t)
{
    const struct why_neighbours *n = t->story->neighbours;
    char text[LINE_BYTES / 64];
    snprintf(text, sizeof text, "Then, %lld min before to %lld min after",
             (long long)(n->subject->view.time_ms - n->from_ms) / 60000,
             (long long)(n->to_ms - n->subject->view.time_ms) / 60000);
    heading(t, text);
    tell_own(t);
    tell_others(t);
}

int why_tell(const struct why_story *story, const struct why_style *style, struct vd_buffer *out)
{
    struct teller t = {.story = story, .style = style, .out = out};
    vd_buffer_init(&t.scratch, LINE_BYTES);
    tell_event(&t);
    tell_risk(&t);
    tell_reasons(&t);
    tell_neighbours(&t);
    if (story->subject->reason_count > 0) {
        put(&t, "\n", 1);
        begin(&t);
        tail_text_plain(&t.line, "Configuration ");
        tail_text_foreign(&t.line, story->subject->reasons[0].configuration);
        tail_text_plain(&t.line, "; docs/detection.md tells how the numbers come about.");
        end(&t, INDENT);
    }
    vd_buffer_deinit(&t.scratch);
    return t.result;
}
