/* The command line of `vedette tail`. */
#include "tail.h"

#include <string.h>

#include "class_names.h"
#include "number.h"

enum { COUNT_MAX = 2000000000, TIMEOUT_S_MAX = 1000000, SCORE_MAX = 100 };
enum { KEY_JSON = 0x100, KEY_COLOR, KEY_TIMEOUT, KEY_FROM, KEY_FINDINGS };

static const char EVENTS[] = "vedette.events.v1", FINDINGS[] = "vedette.findings.v1";

static const struct argp_option OPTIONS[] = {
    {"topic", 't', "TOPIC", 0, "Default: vedette.events.v1", 0},
    {"findings", KEY_FINDINGS, NULL, 0, "Findings instead of events: vedette.findings.v1", 0},
    {"from", KEY_FROM, "beginning|end", 0, "Where to start; default: end", 0},
    {"json", KEY_JSON, NULL, 0, "OCSF JSON lines instead of text", 0},
    {"tenant", 'T', "TENANT", 0, "Only events of this tenant; says so where none comes", 0},
    {"host", 'H', "HOST", 0, "Only events of this host", 0},
    {"class", 'c', "CLASS", 0, "Only events of this OCSF class, by name (authentication) or number (3002)",
     0},
    {"min-score", 's', "N", 0, "Only events with at least this score, 0 to 100", 0},
    {"count", 'n', "N", 0, "End after N events shown", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "End after that long; with --count unmet the exit code is 1", 0},
    {"color", KEY_COLOR, "auto|always|never", 0, "Default: auto, which honours NO_COLOR", 0},
    {0},
};

/* Which of the words; "a|b|c". */
static int word(struct argp_state *state, const char *option, const char *text, const char *const *words,
                const char *allowed)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    argp_error(state, "--%s %s: must be one of %s", option, text, allowed);
    return 0;
}

static int32_t class_of(struct argp_state *state, const char *text)
{
    int32_t uid = class_uid_of(text);
    if (uid >= 0)
        return uid;
    fprintf(stderr, "%s: --class %s is no class's number, nor one of:", state->name, text);
    for (unsigned i = 0; class_name_at(i) != NULL; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", class_name_at(i));
    fprintf(stderr, "\n");
    argp_usage(state);
    return 0;
}

static error_t parse_filter(int key, char *text, struct argp_state *state, struct tail_filter *filter)
{
    switch (key) {
    case 'T':
        filter->tenant = text;
        return 0;
    case 'H':
        filter->host = text;
        return 0;
    case 'c':
        filter->class_uid = class_of(state, text);
        return 0;
    case 's':
        filter->min_score = (int32_t)number_of(state, "min-score", text, 0, SCORE_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    static const char *const froms[] = {"beginning", "end", NULL}, *const colors[] = {"auto", "always",
                                                                                      "never", NULL};
    struct tail_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->kafka;
        return 0;
    case 't':
        arguments->topic = text;
        return 0;
    case KEY_FROM:
        arguments->from = (enum vd_consumer_from)word(state, "from", text, froms, "beginning, end");
        return 0;
    case KEY_FINDINGS:
        if (strcmp(arguments->topic, EVENTS) == 0)
            arguments->topic = FINDINGS;
        return 0;
    case KEY_JSON:
        arguments->json = true;
        return 0;
    case KEY_COLOR:
        arguments->color = (enum tail_color)word(state, "color", text, colors, "auto, always, never");
        return 0;
    case 'n':
        arguments->count = (uint64_t)number_of(state, "count", text, 1, COUNT_MAX);
        return 0;
    case KEY_TIMEOUT:
        arguments->timeout_s = number_of(state, "timeout", text, 1, TIMEOUT_S_MAX);
        return 0;
    default:
        return parse_filter(key, text, state, &arguments->filter);
    }
}

void tail_arguments_parse(struct tail_arguments *arguments, int argc, char **argv)
{
    static const struct argp_child children[] = {{&kafka_argp, 0, "Kafka", 1}, {0}};
    static const struct argp argp = {
        .options = OPTIONS,
        .parser = parse_option,
        .doc =
            "Shows events as they arrive in Kafka, one a line: local time, score, level, tenant/host, "
            "class, what happened, and for scored ones why, and the short uid that vedette why takes. Of a "
            "finding: its state, score, level, tenant, when its events were seen, how many, its title, why, "
            "and its short uid.",
        .children = children,
    };
    *arguments = (struct tail_arguments){
        .topic = EVENTS,
        .from = VD_CONSUME_END,
        .filter = {.class_uid = -1},
    };
    argp_parse(&argp, argc, argv, 0, NULL, arguments);
}

static bool is(struct vd_bytes value, const char *wanted)
{
    return vd_bytes_equal(value, vd_bytes_str(wanted));
}

bool tail_filter_matches(const struct tail_filter *filter, const struct vd_event_view *event)
{
    if (filter->tenant != NULL && !is(event->tenant_uid, filter->tenant))
        return false;
    if (filter->host != NULL && !is(event->device_hostname, filter->host) &&
        !is(event->device_uid, filter->host))
        return false;
    if (filter->class_uid >= 0 && filter->class_uid != event->class_uid)
        return false;
    return event->risk_score >= filter->min_score;
}
