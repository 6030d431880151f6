/* vedette top: who stands out now, on a page that lives.
 *
 * Happy path: the topic is read from now on, or from a while ago → what comes goes into the model → the page
 * is drawn four times a second, and at each key → q. How it fails: no broker or no topic ends it before the
 * terminal is taken over; later trouble with Kafka is told on the page, and waited for; a terminal that is
 * gone ends it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "commands.h"
#include "kafka_arguments.h"
#include "number.h"
#include "terminal.h"
#include "top_screen.h"
#include "top_view.h"
#include "topic_reading.h"

enum { KEY_SINCE = 0x100, KEY_ONCE };
enum {
    OPEN_MS = 10000,
    DRAW_MS = 250,
    WAIT_MS = 40,
    TAKE_MS = 20,
    TROUBLE_MS = 3000,
    ASK_MS = 2000,
    ANSWER_MS = 100
};
enum { ONCE_SINCE_S = 600, COLUMNS_DEFAULT = 120, COLUMNS_LEAST = 80, SINCE_S_MAX = 31 * 86400 };

struct arguments {
    struct kafka_arguments kafka;
    const char *topic, *tenant;
    long long since_s; /* -1: not given */
    bool once;
};

struct top {
    const struct arguments *arguments;
    struct vd_kafka_options kafka;
    struct vd_consumer *consumer;
    struct top_model *model, *still; /* still: a copy, while the page is paused */
    struct top_view view;
    struct vd_buffer page;
    int64_t since_ms, still_ms, drawn_ms, trouble_ms, asked_ms;
    char trouble[VD_KAFKA_ERROR_BYTES];
    bool utf8, color, over;
};

/* ---- Arguments */

static const struct argp_option OPTIONS[] = {
    {"topic", 't', "TOPIC", 0, "Default: vedette.events.v1", 0},
    {"tenant", 'T', "TENANT", 0, "Only this tenant's partition, and its events", 0},
    {"since", KEY_SINCE, "DURATION", 0, "Begins so far back, like 90s, 10m, 2h; default: now", 0},
    {"once", KEY_ONCE, NULL, 0, "Prints one page and ends; so it does where standard output is no terminal",
     0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->kafka;
        return 0;
    case 't':
        a->topic = text;
        return 0;
    case 'T':
        a->tenant = text;
        return 0;
    case KEY_SINCE:
        a->since_s = duration_of(state, "since", text, SINCE_S_MAX);
        return 0;
    case KEY_ONCE:
        a->once = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child CHILDREN[] = {{&kafka_argp, 0, "Kafka", 1}, {0}};
static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse_option,
    .children = CHILDREN,
    .doc =
        "Shows who stands out now, from the events as they arrive in Kafka: hosts, users, source addresses "
        "and rules by risk, events a second, tenants, who is silent, and how far behind the topic's end it "
        "is.\v"
        "Keys: q quit, s sort, f filter, p pause, j k and arrows choose, Enter details, ? help. --once "
        "looks ten minutes back if --since says nothing else.",
};

/* ---- Kafka */

static int open_topic(struct top *t)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    const struct arguments *a = t->arguments;
    const struct vd_consumer_span span = {.key = vd_bytes_str(a->tenant != NULL ? a->tenant : ""),
                                          .since_ms = t->since_ms,
                                          .until_ms = INT64_MAX,
                                          .follow = !a->once};
    int result = vd_consumer_new_span(&t->consumer, &t->kafka, a->topic, &span, OPEN_MS, error);
    if (result < 0)
        fprintf(stderr, "vedette top: %s\n", *error != '\0' ? error : vd_error_text(result));
    return result;
}

/* The tenant of "tenant/agent", or of "tenant/unit" as --tenant may say. */
static bool wanted(const struct top *t, const struct vd_consumed *record)
{
    const char *tenant = t->arguments->tenant;
    if (record->timestamp_ms < t->since_ms)
        return false;
    size_t len = tenant == NULL ? 0 : strcspn(tenant, "/");
    return len == 0 || (record->key.len >= len && memcmp(record->key.data, tenant, len) == 0 &&
                        (record->key.len == len || record->key.data[len] == '/'));
}

static void note_trouble(struct top *t, const char *error, int64_t now_ms)
{
    snprintf(t->trouble, sizeof t->trouble, "%s", error);
    t->trouble_ms = now_ms;
}

/* What there is, for a moment; else a wait. As vd_consumer_poll. */
static int take(struct top *t, int wait_ms)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    struct vd_consumed record;
    int64_t begin_ms = vd_clock_monotonic_ms(), now_ms = vd_clock_real_ms();
    int result = vd_consumer_poll(t->consumer, wait_ms, &record, error);
    while (result == 0) {
        if (wanted(t, &record))
            top_model_take(t->model, record.value, record.timestamp_ms, now_ms);
        if (vd_clock_monotonic_ms() - begin_ms >= TAKE_MS)
            return 0;
        now_ms = vd_clock_real_ms();
        result = vd_consumer_poll(t->consumer, 0, &record, error);
    }
    if (result < 0)
        note_trouble(t, error, vd_clock_monotonic_ms());
    return result;
}

/* ---- The page */

static int write_page(struct top *t, struct terminal_size size, bool plain)
{
    const struct top_page page = {.columns = size.columns,
                                  .rows = size.rows,
                                  .utf8 = t->utf8,
                                  .color = t->color,
                                  .plain = plain,
                                  .now_ms = t->view.paused ? t->still_ms : vd_clock_real_ms(),
                                  .lag = vd_consumer_lag(t->consumer),
                                  .tenant = t->arguments->tenant,
                                  .trouble = t->trouble};
    vd_buffer_clear(&t->page);
    return top_page_write(t->view.paused ? t->still : t->model, &t->view, &page, &t->page);
}

/* Not at each page: to ask somebody who does not answer takes its time. */
static void look_for_trouble(struct top *t, int64_t now_ms)
{
    if (now_ms - t->asked_ms < ASK_MS)
        return;
    t->asked_ms = now_ms;
    if (vd_consumer_down(t->consumer, ANSWER_MS))
        note_trouble(t, "no broker answers; waiting", now_ms);
}

static void draw(struct top *t)
{
    int64_t now_ms = vd_clock_monotonic_ms();
    look_for_trouble(t, now_ms);
    if (now_ms - t->trouble_ms > TROUBLE_MS)
        t->trouble[0] = '\0';
    t->drawn_ms = now_ms;
    if (write_page(t, terminal_size(), false) != 0 || !top_screen_write(vd_buffer_bytes(&t->page)))
        t->over = true;
}

static void pause_or_go_on(struct top *t, bool was_paused)
{
    if (t->view.paused == was_paused || was_paused)
        return;
    memcpy(t->still, t->model, sizeof *t->still);
    t->still_ms = vd_clock_real_ms();
}

/* true: something was pressed. */
static bool take_keys(struct top *t)
{
    unsigned char keys[TOP_KEYS_BYTES];
    bool paused = t->view.paused;
    int len = top_screen_keys(keys, 0);
    if (len < 0)
        t->over = true;
    if (len <= 0) {
        bool pending = t->view.pending_len > 0;
        top_view_idle(&t->view);
        return pending;
    }
    top_view_keys(&t->view, vd_bytes_of(keys, (size_t)len));
    pause_or_go_on(t, paused);
    return true;
}

static void live(struct top *t)
{
    while (!t->over && !t->view.quit && !top_screen_ended()) {
        take(t, WAIT_MS);
        bool now = take_keys(t);
        if (top_screen_changed() || now || vd_clock_monotonic_ms() - t->drawn_ms >= DRAW_MS)
            draw(t);
    }
}

/* Its name may be misspelt. */
static bool say_absence(const struct top *t)
{
    const struct arguments *a = t->arguments;
    if (a->tenant == NULL || t->model->events + t->model->notices > 0)
        return false;
    fprintf(stderr, "vedette top: no event of tenant %s in %s in the last %lld s\n", a->tenant, a->topic,
            (long long)(vd_clock_real_ms() - t->since_ms) / 1000);
    return true;
}

static int once(struct top *t)
{
    struct vd_consumed record;
    struct topic_reading reading;
    struct terminal_size size = terminal_size();
    topic_reading_init(&reading, "vedette top");
    reading.consumer = t->consumer;
    reading.heard_ms = vd_clock_monotonic_ms();
    int result;
    while ((result = topic_reading_next(&reading, &record)) == 0)
        if (wanted(t, &record))
            top_model_take(t->model, record.value, record.timestamp_ms, record.timestamp_ms);
    topic_reading_clear(&reading);
    if (result != VD_KAFKA_END)
        return topic_reading_exit_code(&reading, result);
    size.columns = size.columns == 0              ? COLUMNS_DEFAULT
                   : size.columns < COLUMNS_LEAST ? COLUMNS_LEAST
                                                  : size.columns;
    size.rows = 0;
    result = write_page(t, size, true);
    struct vd_bytes page = vd_buffer_bytes(&t->page);
    if (result == 0 && page.len > 0)
        fwrite(page.data, 1, page.len, stdout);
    if (result != 0 || fflush(stdout) != 0 || ferror(stdout) != 0)
        return EX_IOERR;
    return say_absence(t) ? EX_NOINPUT : EX_OK;
}

static int run(struct top *t)
{
    int result = open_topic(t);
    if (result < 0)
        return result == VD_ECONFIG ? EX_USAGE : EX_UNAVAILABLE;
    if (t->arguments->once)
        return once(t);
    if (top_screen_enter() < 0) {
        fprintf(stderr, "vedette top: the terminal: %m\n");
        return EX_IOERR;
    }
    draw(t);
    live(t);
    top_screen_leave();
    say_absence(t);
    return EX_OK;
}

int top_main(int argc, char **argv)
{
    struct arguments arguments = {.topic = "vedette.events.v1", .since_s = -1};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    arguments.once = arguments.once || !isatty(STDOUT_FILENO);
    if (arguments.since_s < 0)
        arguments.since_s = arguments.once ? ONCE_SINCE_S : 0;
    /* librdkafka's own lines would stand in the page. */
    vd_log_set_level(VD_LOG_ERROR);
    struct top t = {.arguments = &arguments,
                    .kafka = kafka_options_of(&arguments.kafka, "vedette-top"),
                    .model = vd_calloc(1, sizeof *t.model),
                    .still = vd_calloc(1, sizeof *t.still),
                    .since_ms = vd_clock_real_ms() - arguments.since_s * 1000,
                    .utf8 = terminal_utf8(),
                    .color = terminal_wants_color()};
    vd_buffer_init(&t.page, TOP_PAGE_BYTES_MAX);
    int status = t.model != NULL && t.still != NULL ? run(&t) : EX_OSERR;
    vd_consumer_free(t.consumer);
    vd_buffer_deinit(&t.page);
    vd_free(t.model);
    vd_free(t.still);
    return status;
}
