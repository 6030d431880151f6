/* vedette tail: events as they arrive in Kafka, one a line.
 *
 * Happy path: the topic is there → each record is viewed, filtered, written → SIGINT, --count or --timeout
 * ends it, with a summary on stderr. How it fails: a broker or topic that is not there is said once and
 * waited for; a record that is no event is counted; when nobody reads stdout any more, it ends without a
 * word. */
#include "tail.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/event_json.h>
#include <vedette/finding.h>
#include <vedette/log.h>

#include "commands.h"
#include "tail_line.h"
#include "tenants_seen.h"
#include "terminal.h"

enum { OPEN_MS = 1000, POLL_MS = 200, FLUSH_BYTES = 65536 };
enum { OUT_BYTES_MAX = 16 << 20, SCRATCH_BLOCK_BYTES = 1 << 18, SCRATCH_BYTES_MAX = 64 << 20 };
/* How long a tenant is waited for in silence: once all is read that there is, and in any case. */
enum { ABSENT_MS = 3000, ABSENT_BEHIND_MS = 30000 };
enum { EXIT_COUNT_UNMET = 1 };

struct tail {
    struct tail_arguments arguments;
    struct vd_kafka_options kafka;
    struct vd_consumer *consumer;
    struct tail_style style;
    struct vd_arena scratch;
    struct vd_buffer out;
    int64_t deadline_ms;
    uint64_t read, shown, unreadable;
    int32_t highest;
    struct vd_buffer highest_line; /* how that event was told */
    struct tenants_seen tenants;   /* with --tenant */
    bool reader_gone, absence_told;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool over(const struct tail *tail)
{
    return interrupted || tail->reader_gone || vd_clock_monotonic_ms() >= tail->deadline_ms ||
           (tail->arguments.count > 0 && tail->shown >= tail->arguments.count);
}

/* At most `most`, and not past the deadline. */
static int patience_ms(const struct tail *tail, int most)
{
    int64_t left = tail->deadline_ms - vd_clock_monotonic_ms();
    return left < 1 ? 1 : left < most ? (int)left : most;
}

/* ---- Output */

static bool wants_color(enum tail_color color)
{
    return color == TAIL_COLOR_AUTO ? terminal_wants_color() : color == TAIL_COLOR_ALWAYS;
}

static void flush(struct tail *tail)
{
    while (vd_buffer_len(&tail->out) > 0 && !tail->reader_gone) {
        struct vd_bytes bytes = vd_buffer_bytes(&tail->out);
        ssize_t written = write(STDOUT_FILENO, bytes.data, bytes.len);
        if (written > 0)
            vd_buffer_consume(&tail->out, (size_t)written);
        else if (errno != EINTR)
            tail->reader_gone = true;
    }
}

/* `vedette tail | head` would otherwise stay until the next event. */
static void notice_closed_pipe(struct tail *tail)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0)
        tail->reader_gone = true;
}

static int put_line(const struct vd_event_view *event, struct vd_bytes value, const struct tail_style *style,
                    struct vd_buffer *out)
{
    struct tail_finding finding = {.event = event};
    if (!vd_finding_is(event))
        return tail_line_write(event, style, out);
    vd_finding_span(value, &finding.first_ms, &finding.last_ms);
    return tail_line_write_finding(&finding, style, out);
}

static int put_event(struct tail *tail, const struct vd_event_view *event, struct vd_bytes value)
{
    if (!tail->arguments.json) {
        tail->style.columns = terminal_size().columns;
        return put_line(event, value, &tail->style, &tail->out);
    }
    int result = vd_event_json_write(value, &tail->scratch, &tail->out);
    return result == 0 ? vd_buffer_append(&tail->out, "\n", 1) : result;
}

/* The highest score and its reasons end the summary, so they are kept in words. */
static void note_highest(struct tail *tail, const struct vd_event_view *event, struct vd_bytes value)
{
    static const struct tail_style plain = {0};
    if (event->risk_score <= tail->highest)
        return;
    tail->highest = event->risk_score;
    vd_buffer_clear(&tail->highest_line);
    put_line(event, value, &plain, &tail->highest_line);
}

static void show(struct tail *tail, struct vd_bytes value)
{
    struct vd_event_view event;
    tail->read++;
    if (vd_event_view_read(&event, value) != 0) {
        tail->unreadable++;
        return;
    }
    if (tail->arguments.filter.tenant != NULL)
        tenants_seen_take(&tail->tenants, tail->arguments.filter.tenant, event.tenant_uid);
    if (!tail_filter_matches(&tail->arguments.filter, &event))
        return;
    if (put_event(tail, &event, value) != 0) {
        tail->unreadable++;
        return;
    }
    tail->shown++;
    note_highest(tail, &event, value);
    if (vd_buffer_len(&tail->out) >= FLUSH_BYTES)
        flush(tail);
}

/* ---- Input */

static int open_topic(struct tail *tail)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    int result = VD_EUNAVAILABLE, told = 0;
    enum vd_consumer_from from = tail->arguments.from;
    /* Somebody who starts everything at once need not read why nothing is there yet; whoever waits longer
     * does. */
    vd_log_set_level(VD_LOG_ERROR);
    while (!over(tail)) {
        result = vd_consumer_new(&tail->consumer, &tail->kafka, tail->arguments.topic, from,
                                 patience_ms(tail, OPEN_MS), error);
        if (result != VD_ENOTFOUND && result != VD_EUNAVAILABLE)
            break;
        if (told != result)
            fprintf(stderr, "vedette tail: %s; waiting\n", error);
        else
            vd_log_set_level(VD_LOG_WARN);
        told = result;
        /* What a topic holds by the time it is seen has arrived while we waited. */
        if (result == VD_ENOTFOUND)
            from = VD_CONSUME_BEGINNING;
        notice_closed_pipe(tail);
    }
    if (result != 0 && !over(tail))
        fprintf(stderr, "vedette tail: %s\n", *error != '\0' ? error : vd_error_text(result));
    return result;
}

static void tell_absence(struct tail *tail, const char *then)
{
    char text[TENANTS_SEEN_TEXT_BYTES];
    const char *tenant = tail->arguments.filter.tenant;
    if (tenant == NULL || tail->tenants.wanted || tail->absence_told)
        return;
    tail->absence_told = true;
    flush(tail);
    tenants_seen_tell(&tail->tenants, tenant, text);
    fprintf(stderr, "vedette tail: %s%s\n", text, then);
}

/* Somebody whose tenant is misspelt would wait for ever. */
static void notice_absence(struct tail *tail, int64_t since_ms)
{
    int64_t waited_ms = vd_clock_monotonic_ms() - since_ms;
    if (waited_ms < ABSENT_MS || tail->absence_told)
        return;
    if (waited_ms >= ABSENT_BEHIND_MS || vd_consumer_lag(tail->consumer) == 0)
        tell_absence(tail, "; waiting");
}

static void follow(struct tail *tail)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_consumed record;
    int64_t since_ms = vd_clock_monotonic_ms();
    fprintf(stderr, "vedette tail: following %s on %s\n", tail->arguments.topic, tail->kafka.brokers);
    while (!over(tail)) {
        int result = vd_consumer_poll(tail->consumer, 0, &record, error);
        if (result == VD_KAFKA_NOTHING) {
            flush(tail);
            notice_closed_pipe(tail);
            result = vd_consumer_poll(tail->consumer, patience_ms(tail, POLL_MS), &record, error);
        }
        if (result == 0)
            show(tail, record.value);
        else if (result < 0)
            fprintf(stderr, "vedette tail: %s\n", error);
        notice_absence(tail, since_ms);
    }
    flush(tail);
    if (!tail->reader_gone)
        tell_absence(tail, "");
}

static int conclude(const struct tail *tail, int result)
{
    if (tail->reader_gone)
        return EX_OK;
    fprintf(stderr, "vedette tail: %llu shown of %llu read, highest score %d",
            (unsigned long long)tail->shown, (unsigned long long)tail->read, tail->highest);
    if (tail->unreadable > 0)
        fprintf(stderr, ", %llu were no events", (unsigned long long)tail->unreadable);
    fprintf(stderr, "\n");
    if (tail->highest > 0)
        fprintf(stderr, "highest: %.*s", (int)vd_buffer_len(&tail->highest_line),
                (const char *)vd_buffer_bytes(&tail->highest_line).data);
    if (result < 0 && result != VD_ENOTFOUND && result != VD_EUNAVAILABLE)
        return result == VD_ECONFIG ? EX_USAGE : EX_UNAVAILABLE;
    if (result < 0 && !interrupted)
        return EX_UNAVAILABLE;
    return tail->arguments.count > 0 && tail->shown < tail->arguments.count && !interrupted ? EXIT_COUNT_UNMET
                                                                                            : EX_OK;
}

int tail_main(int argc, char **argv)
{
    struct tail tail = {.deadline_ms = INT64_MAX};
    tail_arguments_parse(&tail.arguments, argc, argv);
    tail.kafka = kafka_options_of(&tail.arguments.kafka, "vedette-tail");
    vd_buffer_init(&tail.highest_line, TAIL_LINE_BYTES_MAX);
    tail.style.color = wants_color(tail.arguments.color);
    if (tail.arguments.timeout_s > 0)
        tail.deadline_ms = vd_clock_monotonic_ms() + tail.arguments.timeout_s * 1000;
    vd_buffer_init(&tail.out, OUT_BYTES_MAX);
    vd_arena_init(&tail.scratch, SCRATCH_BLOCK_BYTES, SCRATCH_BYTES_MAX);
    watch_signals();
    int result = open_topic(&tail);
    if (result == 0)
        follow(&tail);
    vd_consumer_free(tail.consumer);
    vd_arena_deinit(&tail.scratch);
    vd_buffer_deinit(&tail.out);
    int code = conclude(&tail, result);
    vd_buffer_deinit(&tail.highest_line);
    return code;
}
