/* What a topic that exists keeps of its records. Private to core/kafka. */
#ifndef VEDETTE_KAFKA_TOPIC_POLICY_H
#define VEDETTE_KAFKA_TOPIC_POLICY_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

enum { TOPIC_POLICY_BYTES = 64 };

/* Its cleanup.policy, by asking the brokers; false: they do not say. */
bool topic_policy_read(rd_kafka_t *rk, const char *topic, int timeout_ms, char out[TOPIC_POLICY_BYTES]);
/* Whether it compacts and deletes as the other does, in whatever order the words come. */
bool topic_policy_same(const char *a, const char *b);

#endif
