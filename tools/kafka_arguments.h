/* How the commands that speak to Kafka are told where it is: --brokers and -X. */
#ifndef VEDETTE_TOOLS_KAFKA_ARGUMENTS_H
#define VEDETTE_TOOLS_KAFKA_ARGUMENTS_H

#include <argp.h>
#include <vedette/consumer.h>

enum { KAFKA_PROPERTIES_MAX = 64 };

struct kafka_arguments {
    const char *brokers;
    const char *properties[KAFKA_PROPERTIES_MAX];
    size_t property_count;
};

/* The child parser of --brokers and -X NAME=VALUE; its input is a struct kafka_arguments, which points into
 * argv. */
extern const struct argp kafka_argp;

/* client_id is what brokers see. Valid as long as the arguments. */
struct vd_kafka_options kafka_options_of(const struct kafka_arguments *arguments, const char *client_id);

#endif
