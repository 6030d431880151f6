/* vedette ledger: by agent, stream and time, what was published, what was not and why, and whether the sum is
 * whole.
 *
 * Happy path: the events topic is read from its beginning to where it ends → each event is counted → the
 * holes are found → the table. How it fails: no broker or no topic ends it at once; a record that is no event
 * is counted; SIGINT ends the reading, and nothing is said of what was read in part. */
#include "commands.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/event_view.h>
#include <vedette/log.h>
#include <vedette/parse.h>

#include "kafka_arguments.h"
#include "ledger_print.h"

enum { KEY_TOPIC = 't', KEY_TENANT = 'T', KEY_FROM = 0x100, KEY_TO, KEY_BY, KEY_JSON };
enum { OPEN_MS = 10000, POLL_MS = 200, PROGRESS_MS = 200, SILENT_MS = 30000, EXIT_NOT_WHOLE = 1 };

struct arguments {
    struct kafka_arguments kafka;
    const char *topic, *tenant, *from, *to;
    int64_t from_ms, to_ms, stretch_ms;
    bool json;
};

struct reading {
    const struct arguments *arguments;
    struct vd_consumer *consumer;
    struct ledger ledger;
    uint64_t read;
    int64_t shown_ms, heard_ms;
    bool shows; /* progress */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* ---- Arguments */

static const struct argp_option OPTIONS[] = {
    {"topic", KEY_TOPIC, "TOPIC", 0, "Default: vedette.events.v1", 0},
    {"tenant", KEY_TENANT, "TENANT", 0, "Only this tenant's agents", 0},
    {"from", KEY_FROM, "TIME", 0, "Only what was published since then, like 2024-12-10T07:00:00Z", 0},
    {"to", KEY_TO, "TIME", 0, "Only what was published before", 0},
    {"by", KEY_BY, "hour|day", 0, "A line for each hour or day (UTC)", 0},
    {"json", KEY_JSON, NULL, 0, "JSON lines instead of a table", 0},
    {0},
};

static int64_t stretch_of(struct argp_state *state, const char *text)
{
    enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };
    if (strcmp(text, "hour") == 0)
        return HOUR_MS;
    if (strcmp(text, "day") != 0)
        argp_error(state, "--by %s: must be one of hour, day", text);
    return DAY_MS;
}

static void set_window(struct argp_state *state, struct arguments *a)
{
    struct vd_parse parse;
    vd_parse_init(&parse, &(struct vd_parse_options){.hostname = "",
                                                     .product_name = "vedette",
                                                     .product_version = VEDETTE_VERSION,
                                                     .utc_offset_s = vd_parse_zone_local});
    bool from = a->from == NULL || vd_parse_time(&parse, a->from, &a->from_ms) == 0;
    bool to = a->to == NULL || vd_parse_time(&parse, a->to, &a->to_ms) == 0;
    vd_parse_deinit(&parse);
    if (!from || !to)
        argp_error(state, "--%s %s: must be a time like 2024-12-10T07:00:00Z", from ? "to" : "from",
                   from ? a->to : a->from);
    if (a->from_ms >= a->to_ms)
        argp_error(state, "--from must be before --to");
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->kafka;
        return 0;
    case KEY_TOPIC:
        a->topic = text;
        return 0;
    case KEY_TENANT:
        a->tenant = text;
        return 0;
    case KEY_FROM:
        a->from = text;
        return 0;
    case KEY_TO:
        a->to = text;
        return 0;
    case KEY_BY:
        a->stretch_ms = stretch_of(state, text);
        return 0;
    case KEY_JSON:
        a->json = true;
        return 0;
    case ARGP_KEY_END:
        set_window(state, a);
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
    .doc = "Reads the events topic as it is now, and tells for each agent's streams which sequence numbers "
           "were published, which were refused, dropped or lost and why, and which are missing without a "
           "word.\v"
           "COVERED are numbers that a GAP stands for, HOLES those that nothing explains, TWICE and LATE "
           "events that came again or after a later one. Exit code: 0 where every number is accounted for, "
           "once and in order; 1 where not.",
};

/* ---- Reading */

static bool wanted(const struct arguments *a, const struct vd_consumed *record)
{
    if (record->timestamp_ms < a->from_ms || record->timestamp_ms >= a->to_ms)
        return false;
    if (a->tenant == NULL)
        return true;
    size_t len = strlen(a->tenant);
    return record->key.len > len && record->key.data[len] == '/' &&
           memcmp(record->key.data, a->tenant, len) == 0;
}

static int take(struct reading *r, const struct vd_consumed *record)
{
    struct vd_event_view view;
    struct vd_gap gap;
    r->read++;
    if (!wanted(r->arguments, record))
        return 0;
    if (vd_event_view_read(&view, record->value) != 0)
        view = (struct vd_event_view){0}; /* of no stream: counted as such */
    bool coded = view.event_code.len > 0;
    if (coded && vd_silence_is(record->value))
        return 0; /* the collector's word, of no stream */
    bool is_gap = coded && vd_gap_read(&gap, record->value);
    struct ledger_event event = {.agent = record->key,
                                 .stream = view.stream_uid,
                                 .sequence = view.sequence,
                                 .published_ms = record->timestamp_ms,
                                 .gap = is_gap ? &gap : NULL,
                                 .fork = coded && !is_gap && vd_fork_is(record->value)};
    return ledger_take(&r->ledger, &event);
}

static void show_progress(struct reading *r, int64_t now_ms)
{
    if (!r->shows || now_ms - r->shown_ms < PROGRESS_MS)
        return;
    r->shown_ms = now_ms;
    fprintf(stderr, "\rvedette ledger: %" PRIu64 " events read ", r->read);
}

/* 0, VD_KAFKA_END, or an error, told. */
static int step(struct reading *r)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    struct vd_consumed record;
    int result = vd_consumer_poll(r->consumer, POLL_MS, &record, error);
    int64_t now_ms = vd_clock_monotonic_ms();
    if (result == 0 || result == VD_KAFKA_END)
        r->heard_ms = now_ms;
    if (result == 0)
        result = take(r, &record);
    else if (result == VD_KAFKA_NOTHING)
        result = now_ms - r->heard_ms < SILENT_MS ? 0 : VD_ETIMEOUT;
    show_progress(r, now_ms);
    if (result < 0)
        fprintf(stderr, "%svedette ledger: %s\n", r->shows ? "\n" : "",
                *error != '\0' ? error : vd_error_text(result));
    return result;
}

static int read_all(struct reading *r)
{
    int result = 0;
    r->heard_ms = vd_clock_monotonic_ms();
    while (result == 0 && !interrupted)
        result = step(r);
    if (r->shows)
        fprintf(stderr, "\r\033[K");
    if (result < 0)
        return result == VD_ENOMEM || result == VD_ELIMIT ? EX_OSERR : EX_UNAVAILABLE;
    if (result == VD_KAFKA_END)
        return EX_OK;
    fprintf(stderr, "vedette ledger: interrupted\n");
    return EX_TEMPFAIL;
}

static int print(struct reading *r)
{
    if (ledger_close(&r->ledger) < 0) {
        fprintf(stderr, "vedette ledger: out of memory\n");
        return EX_OSERR;
    }
    /* Of a tenant that nobody knows, everything would be accounted for. */
    if (r->ledger.stream_count == 0) {
        const char *tenant = r->arguments->tenant;
        fprintf(stderr, "vedette ledger: no events%s%s in %s%s\n", tenant != NULL ? " of tenant " : "",
                tenant != NULL ? tenant : "", r->arguments->topic,
                r->arguments->from != NULL || r->arguments->to != NULL ? " at that time" : "");
        return EX_NOINPUT;
    }
    if (r->arguments->json)
        ledger_print_json(&r->ledger, stdout);
    else
        ledger_print_table(&r->ledger, stdout);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "vedette ledger: standard output: %m\n");
        return EX_IOERR;
    }
    struct ledger_account sum = ledger_sum(&r->ledger);
    return ledger_whole(&sum) ? EX_OK : EXIT_NOT_WHOLE;
}

static int run(struct reading *r)
{
    char error[VD_KAFKA_ERROR_BYTES] = "";
    struct vd_kafka_options kafka = kafka_options_of(&r->arguments->kafka, "vedette-ledger");
    int result = vd_consumer_new(&r->consumer, &kafka, r->arguments->topic, VD_CONSUME_WHOLE, OPEN_MS, error);
    if (result < 0) {
        fprintf(stderr, "vedette ledger: %s\n", *error != '\0' ? error : vd_error_text(result));
        return result == VD_ECONFIG ? EX_USAGE : EX_UNAVAILABLE;
    }
    int status = read_all(r);
    return status == EX_OK ? print(r) : status;
}

int ledger_main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct arguments arguments = {.topic = "vedette.events.v1", .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    vd_log_set_level(VD_LOG_ERROR);
    struct reading reading = {.arguments = &arguments, .shows = isatty(STDERR_FILENO)};
    ledger_init(&reading.ledger, arguments.stretch_ms);
    int status = run(&reading);
    vd_consumer_free(reading.consumer);
    ledger_deinit(&reading.ledger);
    return status;
}
