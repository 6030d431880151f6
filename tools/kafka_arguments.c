/* --brokers and -X, the same for every command. */
#include "kafka_arguments.h"

#include <string.h>

static const struct argp_option OPTIONS[] = {
    {"brokers", 'b', "HOST:PORT,...", 0, "Kafka's bootstrap servers; needed", 1},
    {"property", 'X', "NAME=VALUE", 0, "A librdkafka property, for instance security.protocol=ssl", 1},
    {0},
};

static void add_property(struct argp_state *state, struct kafka_arguments *arguments, char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        argp_error(state, "-X %s: must be NAME=VALUE", text);
    else if (arguments->property_count == KAFKA_PROPERTIES_MAX)
        argp_error(state, "-X %s: at most %d properties", text, KAFKA_PROPERTIES_MAX);
    else
        arguments->properties[arguments->property_count++] = text;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct kafka_arguments *arguments = state->input;
    switch (key) {
    case 'b':
        arguments->brokers = text;
        return 0;
    case 'X':
        add_property(state, arguments, text);
        return 0;
    case ARGP_KEY_END:
        if (arguments->brokers == NULL)
            argp_error(state, "--brokers is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp kafka_argp = {.options = OPTIONS, .parser = parse_option};

struct vd_kafka_options kafka_options_of(const struct kafka_arguments *arguments, const char *client_id)
{
    return (struct vd_kafka_options){
        .brokers = arguments->brokers,
        .client_id = client_id,
        .properties = arguments->properties,
        .property_count = arguments->property_count,
    };
}
