/* vedette why: the story of one event's score, or of a finding and its first event.
 *
 * Happy path: the topic is searched for the event, the last hour first → its partition is read around it →
 * the story. How it fails: no broker or no topic ends it at once; what is not found is said with where it was
 * looked for; SIGINT ends it between two records. */
#include "why.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "chart.h"
#include "commands.h"
#include "published.h"
#include "short_uid.h"
#include "tail_text.h"
#include "terminal.h"
#include "topic_arguments.h"
#include "topic_reading.h"
#include "why_finding.h"

enum { KEY_JSON = 0x100 };
enum { MINUTE_MS = 60000, HOUR_MS = 3600000, COLUMNS_DEFAULT = 80, INDENT = 3 };
enum { OUT_BYTES_MAX = 1 << 20, ENTITIES_LEAST = 8, COLUMNS_USUAL = 48 };

struct arguments {
    struct topic_arguments topic;
    const char *uid;
    bool json;
};

struct why {
    const struct arguments *arguments;
    struct vd_kafka_options kafka;
    struct topic_reading reading;
    struct why_style style;
    struct score *score; /* only its keys are asked for */
    struct why_finding finding;
    const char *topic;
    char findings_topic[WHY_TOPIC_BYTES], uid[WHY_UID_BYTES]; /* of the event; may be short */
    char other[WHY_UID_BYTES]; /* of another event that a short uid stands for, too */
    struct why_subject subject;
    struct why_history histories[VD_SCORE_REASONS_MAX];
    struct why_neighbours neighbours;
};

/* ---- Arguments */

static const struct argp_option OPTIONS[] = {
    {"json", KEY_JSON, NULL, 0, "One JSON object instead of a text", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->topic;
        return 0;
    case KEY_JSON:
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->uid != NULL || *text == '\0' || strlen(text) >= WHY_UID_BYTES)
            argp_error(state, "one UID is needed");
        a->uid = text;
        return 0;
    case ARGP_KEY_END:
        if (a->uid == NULL)
            argp_error(state, "a UID is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child CHILDREN[] = {{&topic_argp, 0, NULL, 0}, {0}};
static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse_option,
    .children = CHILDREN,
    .args_doc = "UID",
    .doc =
        "Finds an event by its metadata.uid, or a finding by its uid, or either by the short form of it that "
        "vedette tail shows, and tells the story of its score: "
        "each reason in plain words, "
        "the counts of its entity in the window and before as a chart, and what else happened then.\v"
        "The last hour is searched first, then the last day, then all. --tenant looks into the tenant's "
        "partition alone (TENANT/UNIT where certificates have a unit), --from and --to bound the search. "
        "Exit code 66: there is no such event.",
};

/* ---- Finding it */

/* Most records do not even hold the text. */
static bool is_wanted(struct vd_bytes uid, struct vd_bytes value, struct vd_event_view *view)
{
    struct vd_bytes begin = short_uid_begin(uid);
    return memmem(value.data, value.len, begin.data, begin.len) != NULL &&
           vd_event_view_read(view, value) == 0 && short_uid_matches(uid, view->uid);
}

static int keep(struct why *w, const struct vd_consumed *record)
{
    w->subject.partition = record->partition;
    w->subject.offset = record->offset;
    w->subject.published_ms = record->timestamp_ms;
    return why_subject_init(&w->subject, record->value);
}

/* VD_KAFKA_END: it is the one that was asked for. A short uid may stand for another, too, so then the reading
 * goes on. */
static int take_wanted(struct why *w, const struct vd_consumed *record)
{
    struct vd_event_view view;
    struct vd_bytes uid = vd_bytes_str(w->uid), kept = w->subject.view.uid;
    if (!is_wanted(uid, record->value, &view))
        return 0;
    if (kept.len == 0) {
        int result = keep(w, record);
        return result == 0 && vd_bytes_equal(view.uid, uid) ? VD_KAFKA_END : result;
    }
    if (!vd_bytes_equal(view.uid, kept))
        snprintf(w->other, sizeof w->other, "%.*s", (int)view.uid.len, (const char *)view.uid.data);
    return 0;
}

/* 0: found; VD_KAFKA_END: it is not there; else why the reading ended. */
static int search(struct why *w, int64_t since_ms, int64_t until_ms)
{
    const struct topic_arguments *a = &w->arguments->topic;
    const struct vd_consumer_span span = {
        .key = vd_bytes_str(a->tenant != NULL ? a->tenant : ""), .since_ms = since_ms, .until_ms = until_ms};
    struct vd_consumed record;
    int result = topic_reading_open(&w->reading, &w->kafka, a->topic, &span);
    while (result == 0 && (result = topic_reading_next(&w->reading, &record)) == 0)
        result = take_wanted(w, &record);
    return result == VD_KAFKA_END && w->subject.view.uid.len > 0 ? 0 : result;
}

static int find(struct why *w)
{
    const struct topic_arguments *a = &w->arguments->topic;
    bool bounded = a->from != NULL || a->to != NULL;
    if (bounded && w->finding.related_count == 0)
        return search(w, a->from_ms, a->to_ms);
    int64_t now_ms = vd_clock_real_ms(), hour = now_ms - HOUR_MS, day = now_ms - 24 * (int64_t)HOUR_MS;
    int result = search(w, hour, INT64_MAX);
    if (result == VD_KAFKA_END)
        result = search(w, day, hour);
    return result == VD_KAFKA_END ? search(w, INT64_MIN, day) : result;
}

/* All of the topic, since a finding is told again as it grows: the newest of it counts. */
static int find_finding(struct why *w)
{
    const struct vd_consumer_span whole = {.since_ms = INT64_MIN, .until_ms = INT64_MAX};
    struct vd_consumed record;
    why_finding_topic(w->arguments->topic.topic, w->findings_topic);
    w->topic = w->findings_topic;
    int result = topic_reading_open(&w->reading, &w->kafka, w->findings_topic, &whole);
    while (result == 0 && (result = topic_reading_next(&w->reading, &record)) == 0)
        result = why_finding_take(&w->finding, w->arguments->uid, record.value);
    topic_reading_clear(&w->reading);
    return result;
}

static int say_not_found(struct why *w)
{
    const struct topic_arguments *a = &w->arguments->topic;
    topic_reading_clear(&w->reading);
    bool finding = w->topic == w->findings_topic;
    fprintf(stderr, "vedette why: no %s ", finding ? "finding" : "event");
    tail_text_foreign_to(stderr, vd_bytes_str(w->uid)); /* may be what a finding says */
    fprintf(stderr, " in %s: searched ", w->topic);
    int32_t partitions = vd_consumer_partitions(w->reading.consumer);
    if (a->tenant != NULL && !finding)
        fprintf(stderr, "the partition of tenant %s", a->tenant);
    else
        fprintf(stderr, "%d partition%s", partitions, partitions == 1 ? "" : "s");
    fprintf(stderr, ", %" PRIu64 " events", w->reading.read);
    if (a->from != NULL)
        fprintf(stderr, ", published since %s", a->from);
    if (a->to != NULL)
        fprintf(stderr, "%s before %s", a->from != NULL ? "" : ", published", a->to);
    fputc('\n', stderr);
    return EX_NOINPUT;
}

static int say_ambiguous(struct why *w, struct vd_bytes one, const char *other)
{
    topic_reading_clear(&w->reading);
    fprintf(stderr, "vedette why: %s is short for more than one: ", w->arguments->uid);
    tail_text_foreign_to(stderr, one);
    fputs(", ", stderr);
    tail_text_foreign_to(stderr, vd_bytes_str(other));
    fputc('\n', stderr);
    return EX_USAGE;
}

/* ---- What was around it */

static int take_history(struct why *w, const struct vd_event_view *view)
{
    struct score_origin origin;
    struct score_input in;
    struct score_prepared prepared;
    if (!score_input_of_published(w->score, view, &origin, &in))
        return 0;
    score_prepare(w->score, &in, &prepared);
    int result = 0;
    for (size_t i = 0; i < w->subject.reason_count && result == 0; i++)
        if (w->histories[i].count > 0)
            result = why_history_take(&w->histories[i], view, &prepared);
    return result;
}

static int take(struct why *w, const struct vd_consumed *record)
{
    struct vd_event_view view;
    if (vd_event_view_read(&view, record->value) != 0)
        return 0;
    int result = record->offset <= w->subject.offset ? take_history(w, &view) : 0;
    if (result == 0 && record->offset != w->subject.offset)
        result = why_neighbours_take(&w->neighbours, &view, record->value);
    return result;
}

/* What happened is published later, never before: so far back, and a minute for clocks. */
static struct vd_consumer_span span_around(const struct why *w)
{
    const struct why_neighbours *n = &w->neighbours;
    int64_t begin_ms = n->from_ms, window_ms = n->to_ms - w->subject.view.time_ms;
    for (size_t i = 0; i < w->subject.reason_count; i++) {
        int64_t history_ms = why_history_begin_ms(&w->histories[i]);
        begin_ms = history_ms < begin_ms ? history_ms : begin_ms;
    }
    if (begin_ms > w->subject.published_ms)
        begin_ms = w->subject.published_ms;
    return (struct vd_consumer_span){.partition = &w->subject.partition,
                                     .since_ms = begin_ms - MINUTE_MS,
                                     .until_ms = w->subject.published_ms + window_ms + MINUTE_MS};
}

/* VD_KAFKA_END, or why it ended before. */
static int read_around(struct why *w)
{
    struct vd_consumed record;
    const struct vd_consumer_span span = span_around(w);
    int result = topic_reading_open(&w->reading, &w->kafka, w->arguments->topic.topic, &span);
    while (result == 0 && (result = topic_reading_next(&w->reading, &record)) == 0)
        result = take(w, &record);
    topic_reading_clear(&w->reading);
    for (size_t i = 0; i < w->subject.reason_count; i++)
        why_history_close(&w->histories[i]);
    why_neighbours_close(&w->neighbours);
    return result;
}

static int prepare(struct why *w, size_t columns)
{
    const struct score_options options = {.max_entities = ENTITIES_LEAST};
    int result = score_new(&w->score, &options);
    for (size_t i = 0; i < w->subject.reason_count && result == 0; i++)
        why_history_init(&w->histories[i], w->score, &w->subject, &w->subject.reasons[i], columns);
    return result == 0 ? why_neighbours_init(&w->neighbours, &w->subject) : result;
}

/* ---- Telling */

static int print_text(const struct why *w, const struct why_story *story)
{
    struct vd_buffer out;
    int result = 0;
    vd_buffer_init(&out, OUT_BYTES_MAX);
    if (w->finding.view.uid.len > 0)
        result = why_finding_tell(&w->finding, &w->style, &out);
    if (result == 0 && story != NULL)
        result = why_tell(story, &w->style, &out);
    struct vd_bytes text = vd_buffer_bytes(&out);
    if (text.len > 0)
        fwrite(text.data, 1, text.len, stdout);
    vd_buffer_deinit(&out);
    return result;
}

static void print_json(const struct why *w, const struct why_story *story)
{
    bool finding = w->finding.view.uid.len > 0;
    if (finding) {
        fputs("{\"finding\":", stdout);
        why_finding_print_json(&w->finding, stdout);
        fputs(",\"event\":", stdout);
    }
    if (story != NULL)
        why_print_json(story, stdout);
    else
        fputs("null", stdout);
    fputs(finding ? "}\n" : "\n", stdout);
}

/* story NULL: the finding's event is no longer there. */
static int print(const struct why *w, const struct why_story *story)
{
    int result = 0;
    if (w->arguments->json)
        print_json(w, story);
    else
        result = print_text(w, story);
    if (result == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0)) {
        fprintf(stderr, "vedette why: standard output: %m\n");
        return EX_IOERR;
    }
    if (result < 0)
        fprintf(stderr, "vedette why: %s\n", vd_error_text(result));
    return result < 0 ? EX_OSERR : EX_OK;
}

static void choose_style(struct why *w)
{
    unsigned terminal = terminal_size().columns;
    w->style = (struct why_style){.columns = terminal > 0 ? terminal : COLUMNS_DEFAULT,
                                  .utf8 = terminal_utf8(),
                                  .color = terminal_wants_color()};
}

static int tell(struct why *w)
{
    const struct why_story story = {
        .subject = &w->subject, .histories = w->histories, .neighbours = &w->neighbours};
    size_t room = chart_columns(w->style.columns, INDENT, 1);
    int result = prepare(w, room < COLUMNS_USUAL ? room : COLUMNS_USUAL);
    if (result == 0)
        result = read_around(w);
    if (result == VD_KAFKA_END)
        return print(w, &story);
    if (result == VD_ENOMEM)
        fprintf(stderr, "vedette why: %s\n", vd_error_text(result));
    return topic_reading_exit_code(&w->reading, result);
}

/* A finding is followed to the first of its events. 0, or VD_KAFKA_END: it is not there. */
static int follow_finding(struct why *w)
{
    int result = find_finding(w);
    if (result != VD_KAFKA_END || w->finding.related_count == 0)
        return result;
    struct vd_bytes first = w->finding.related[0];
    snprintf(w->uid, sizeof w->uid, "%.*s", (int)first.len, (const char *)first.data);
    w->topic = w->arguments->topic.topic;
    return 0;
}

static int run(struct why *w)
{
    int result = why_finding_is_uid(w->uid) ? follow_finding(w) : 0;
    if (w->finding.other[0] != '\0')
        return say_ambiguous(w, w->finding.view.finding_uid, w->finding.other);
    if (result == 0)
        result = find(w);
    if (result == VD_KAFKA_END) {
        int status = say_not_found(w);
        return w->finding.view.uid.len > 0 ? print(w, NULL) : status;
    }
    if (result == 0 && w->other[0] != '\0')
        return say_ambiguous(w, w->subject.view.uid, w->other);
    if (result == 0)
        return tell(w);
    topic_reading_clear(&w->reading);
    return topic_reading_exit_code(&w->reading, result);
}

int why_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    struct why w = {.arguments = &arguments,
                    .kafka = kafka_options_of(&arguments.topic.kafka, "vedette-why")};
    topic_reading_init(&w.reading, "vedette why");
    w.topic = arguments.topic.topic;
    snprintf(w.uid, sizeof w.uid, "%s", arguments.uid);
    choose_style(&w);
    int status = run(&w);
    for (size_t i = 0; i < VD_SCORE_REASONS_MAX; i++)
        why_history_deinit(&w.histories[i]);
    why_neighbours_deinit(&w.neighbours);
    why_subject_deinit(&w.subject);
    why_finding_deinit(&w.finding);
    score_free(w.score);
    topic_reading_close(&w.reading);
    return status;
}
