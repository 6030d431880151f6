/* vedette ledger: by agent, stream and time, what was published, what was not and why, and whether the sum is
 * whole.
 *
 * Happy path: the events topic is read from its beginning to where it ends → each event is counted → the
 * holes are found → the table. How it fails: no broker or no topic ends it at once; a record that is no event
 * is counted; SIGINT ends the reading, and nothing is said of what was read in part. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <vedette/error.h>
#include <vedette/event_view.h>

#include "ledger_print.h"
#include "topic_arguments.h"
#include "topic_reading.h"

enum { KEY_BY = 0x100, KEY_JSON };
enum { EXIT_NOT_WHOLE = 1 };

struct arguments {
    struct topic_arguments topic;
    int64_t stretch_ms;
    bool json;
};

struct reading {
    const struct arguments *arguments;
    struct topic_reading topic;
    struct ledger ledger;
};

/* ---- Arguments */

static const struct argp_option OPTIONS[] = {
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

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->topic;
        return 0;
    case KEY_BY:
        a->stretch_ms = stretch_of(state, text);
        return 0;
    case KEY_JSON:
        a->json = true;
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
    .doc = "Reads the events topic as it is now, and tells for each agent's streams which sequence numbers "
           "were published, which were refused, dropped or lost and why, and which are missing without a "
           "word.\v"
           "COVERED are numbers that a GAP stands for, HOLES those that nothing explains, TWICE and LATE "
           "events that came again or after a later one. Exit code: 0 where every number is accounted for, "
           "once and in order; 1 where not.",
};

/* ---- Reading */

static bool wanted(const struct topic_arguments *a, const struct vd_consumed *record)
{
    if (!topic_wants_time(a, record->timestamp_ms))
        return false;
    if (a->tenant == NULL)
        return true;
    size_t len = strlen(a->tenant);
    return record->key.len >= len && memcmp(record->key.data, a->tenant, len) == 0 &&
           (record->key.len == len || record->key.data[len] == '/');
}

static int take(struct reading *r, const struct vd_consumed *record)
{
    struct vd_event_view view;
    struct vd_gap gap;
    if (!wanted(&r->arguments->topic, record))
        return 0;
    if (vd_event_view_read(&view, record->value) != 0)
        view = (struct vd_event_view){0}; /* of no stream: counted as such */
    bool coded = view.event_code.len > 0;
    if (coded &&
        (vd_silence_is(record->value) || vd_volume_is(record->value) || vd_takeover_is(record->value))) {
        r->ledger.words++;
        return 0;
    }
    bool is_gap = coded && vd_gap_read(&gap, record->value);
    struct ledger_event event = {.agent = record->key,
                                 .stream = view.stream_uid,
                                 .sequence = view.sequence,
                                 .published_ms = record->timestamp_ms,
                                 .gap = is_gap ? &gap : NULL,
                                 .fork = coded && !is_gap && vd_fork_is(record->value)};
    return ledger_take(&r->ledger, &event);
}

static int read_all(struct reading *r)
{
    struct vd_consumed record;
    int result;
    while ((result = topic_reading_next(&r->topic, &record)) == 0) {
        result = take(r, &record);
        if (result < 0) {
            topic_reading_clear(&r->topic);
            fprintf(stderr, "vedette ledger: %s\n", vd_error_text(result));
            return EX_OSERR;
        }
    }
    topic_reading_clear(&r->topic);
    return result == VD_KAFKA_END ? EX_OK : topic_reading_exit_code(&r->topic, result);
}

static int print(struct reading *r)
{
    if (ledger_close(&r->ledger) < 0) {
        fprintf(stderr, "vedette ledger: out of memory\n");
        return EX_OSERR;
    }
    /* Of a tenant that nobody knows, everything would be accounted for. */
    if (r->ledger.stream_count == 0) {
        topic_say_nothing(&r->arguments->topic, "vedette ledger");
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

/* The whole topic, whatever time is asked for: stamps are not quite in order, and a ledger must miss none. */
static int run(struct reading *r)
{
    struct vd_kafka_options kafka = kafka_options_of(&r->arguments->topic.kafka, "vedette-ledger");
    const struct vd_consumer_span whole = {.since_ms = INT64_MIN, .until_ms = INT64_MAX};
    int result = topic_reading_open(&r->topic, &kafka, r->arguments->topic.topic, &whole);
    if (result < 0)
        return topic_reading_exit_code(&r->topic, result);
    int status = read_all(r);
    return status == EX_OK ? print(r) : status;
}

int ledger_main(int argc, char **argv)
{
    struct arguments arguments = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    struct reading reading = {.arguments = &arguments};
    topic_reading_init(&reading.topic, "vedette ledger");
    ledger_init(&reading.ledger, arguments.stretch_ms);
    int status = run(&reading);
    topic_reading_close(&reading.topic);
    ledger_deinit(&reading.ledger);
    return status;
}
