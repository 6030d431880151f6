/* vedette topics create: makes the topics of the Kafka contract. */
#include "commands.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <vedette/error.h>
#include <vedette/identity.h>

#include "kafka_arguments.h"
#include "number.h"

enum { KEY_PREFIX = 'p', KEY_PARTITIONS = 'n', KEY_REPLICATION = 'r', KEY_TIMEOUT = 't' };
enum { PARTITIONS_MAX = 10000, REPLICATION_MAX = 100, TIMEOUT_S_MAX = 3600 };

struct arguments {
    struct kafka_arguments kafka;
    const char *prefix;
    int partitions, replication, timeout_s;
    bool create;
};

static const struct argp_option OPTIONS[] = {
    {"prefix", KEY_PREFIX, "NAME", 0, "First part of the topics' names; default: vedette", 0},
    {"partitions", KEY_PARTITIONS, "N", 0,
     "Shards: partitions of events, state and signals, for good; default: 8", 0},
    {"replication", KEY_REPLICATION, "N", 0,
     "Replicas of each partition; from 3 on two must be in sync; default: 1", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "Default: 30", 0},
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->kafka;
        return 0;
    case KEY_PREFIX:
        if (!vd_name_valid(text))
            argp_error(state, "--prefix %s: must be 1 to 64 of A-Z a-z 0-9 . _ -", text);
        arguments->prefix = text;
        return 0;
    case KEY_PARTITIONS:
        arguments->partitions = (int)number_of(state, "partitions", text, 1, PARTITIONS_MAX);
        return 0;
    case KEY_REPLICATION:
        arguments->replication = (int)number_of(state, "replication", text, 1, REPLICATION_MAX);
        return 0;
    case KEY_TIMEOUT:
        arguments->timeout_s = (int)number_of(state, "timeout", text, 1, TIMEOUT_S_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->create || strcmp(text, "create") != 0)
            argp_error(state, "there is no \"%s\" here", text);
        arguments->create = true;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->create)
            argp_error(state, "say what to do: create");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void report(void *arg, const char *name, int partitions, bool existed, int error, const char *why)
{
    const struct arguments *arguments = arg;
    if (error != 0) {
        fprintf(stderr, "vedette topics: %s: %s\n", name, why);
        return;
    }
    printf("%-9s %s (%d partition%s)\n", existed ? "was there" : "created", name, partitions,
           partitions == 1 ? "" : "s");
    if (why[0] != '\0')
        fprintf(stderr, "vedette topics: %s %s\n", name, why);
    if (existed && partitions != 1 && partitions != arguments->partitions)
        fprintf(stderr,
                "vedette topics: %s keeps its %d partitions; the number of shards is fixed when it is made\n",
                name, partitions);
}

int topics_main(int argc, char **argv)
{
    static const struct argp_child children[] = {{&kafka_argp, 0, "Kafka", 1}, {0}};
    static const struct argp argp = {
        .options = OPTIONS,
        .parser = parse_option,
        .args_doc = "create",
        .doc = "Creates the topics that are missing; those that exist are left as they are.",
        .children = children,
    };
    struct arguments arguments = {.prefix = "vedette", .partitions = 8, .replication = 1, .timeout_s = 30};
    char error[VD_KAFKA_ERROR_BYTES] = "";
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return EX_USAGE;
    struct vd_kafka_options options = kafka_options_of(&arguments.kafka, "vedette-topics");
    int result =
        vd_kafka_topics_create(&options, arguments.prefix, arguments.partitions, arguments.replication,
                               arguments.timeout_s * 1000, report, &arguments, error);
    if (result == 0)
        return EX_OK;
    fprintf(stderr, "vedette topics: %s\n", *error != '\0' ? error : vd_error_text(result));
    return result == VD_ECONFIG || result == VD_EINVAL ? EX_USAGE : EX_UNAVAILABLE;
}
