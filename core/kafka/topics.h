/* How many partitions a topic gets. Private to core/kafka and its tests. */
#ifndef VEDETTE_KAFKA_TOPICS_H
#define VEDETTE_KAFKA_TOPICS_H

#include <vedette/kafka.h>

int vd_topic_partitions(enum vd_topic topic, int shards);

#endif
