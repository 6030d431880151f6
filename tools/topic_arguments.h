/* How the commands that read a topic back are told what of it: where Kafka is, --topic, --tenant, --from and
 * --to. */
#ifndef VEDETTE_TOOLS_TOPIC_ARGUMENTS_H
#define VEDETTE_TOOLS_TOPIC_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kafka_arguments.h"

struct topic_arguments {
    struct kafka_arguments kafka;
    const char *topic;
    const char *tenant, *from, *to; /* as given; NULL: not */
    int64_t from_ms, to_ms;         /* of publishing; INT64_MIN and INT64_MAX: no bound */
};

/* The child parser, with that of kafka_arguments.h in it; its input is a struct topic_arguments. */
extern const struct argp topic_argp;

/* A time on the command line, or argp's error exit, which names --option. */
int64_t time_of(struct argp_state *state, const char *option, const char *text);
bool topic_wants_time(const struct topic_arguments *arguments, int64_t published_ms);
/* For standard error, where there was nothing of what was asked for: a tenant's name may be misspelt. */
void topic_say_nothing(const struct topic_arguments *arguments, const char *command);

#endif
