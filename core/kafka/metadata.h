/* What a metadata answer says about a topic, in words for an operator. Private to core/kafka. */
#ifndef VEDETTE_KAFKA_METADATA_H
#define VEDETTE_KAFKA_METADATA_H

#include "conf.h"

/* How many partitions it has; 0: it cannot be used, with a sentence in why (VD_KAFKA_ERROR_BYTES) that names
 * the topic and, where there is one, the remedy. */
int32_t vd_kafka_topic_partitions(const rd_kafka_metadata_t *metadata, const char *name, char *why);

/* Why there was no answer at all: "no broker answers" where that is it. */
const char *vd_kafka_silence(rd_kafka_resp_err_t err);

#endif
