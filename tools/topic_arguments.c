/* --topic, --tenant, --from and --to, the same for every command that reads a topic back. */
#include "topic_arguments.h"

#include <vedette/parse.h>

enum { KEY_FROM = 0x200, KEY_TO };

static const struct argp_option OPTIONS[] = {
    {"topic", 't', "TOPIC", 0, "Default: vedette.events.v1", 0},
    {"tenant", 'T', "TENANT", 0, "Only this tenant's agents", 0},
    {"from", KEY_FROM, "TIME", 0, "Only what was published since then, like 2024-12-10T07:00:00Z", 0},
    {"to", KEY_TO, "TIME", 0, "Only what was published before", 0},
    {0},
};

int64_t time_of(struct argp_state *state, const char *option, const char *text)
{
    struct vd_parse parse;
    int64_t time_ms = 0;
    vd_parse_init(&parse, &(struct vd_parse_options){.hostname = "",
                                                     .product_name = "vedette",
                                                     .product_version = VEDETTE_VERSION,
                                                     .utc_offset_s = vd_parse_zone_local});
    bool good = vd_parse_time(&parse, text, &time_ms) == 0;
    vd_parse_deinit(&parse);
    if (!good)
        argp_error(state, "--%s %s: must be a time like 2024-12-10T07:00:00Z", option, text);
    return time_ms;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct topic_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->kafka;
        a->topic = "vedette.events.v1";
        a->from_ms = INT64_MIN;
        a->to_ms = INT64_MAX;
        return 0;
    case 't':
        a->topic = text;
        return 0;
    case 'T':
        a->tenant = text;
        return 0;
    case KEY_FROM:
        a->from = text;
        a->from_ms = time_of(state, "from", text);
        return 0;
    case KEY_TO:
        a->to = text;
        a->to_ms = time_of(state, "to", text);
        return 0;
    case ARGP_KEY_END:
        if (a->from_ms >= a->to_ms)
            argp_error(state, "--from must be before --to");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child CHILDREN[] = {{&kafka_argp, 0, "Kafka", 1}, {0}};
const struct argp topic_argp = {.options = OPTIONS, .parser = parse_option, .children = CHILDREN};

bool topic_wants_time(const struct topic_arguments *arguments, int64_t published_ms)
{
    return published_ms >= arguments->from_ms && published_ms < arguments->to_ms;
}

void topic_say_nothing(const struct topic_arguments *arguments, const char *command)
{
    const struct topic_arguments *a = arguments;
    fprintf(stderr, "%s: no events%s%s in %s%s\n", command, a->tenant != NULL ? " of tenant " : "",
            a->tenant != NULL ? a->tenant : "", a->topic,
            a->from != NULL || a->to != NULL ? " at that time" : "");
}
