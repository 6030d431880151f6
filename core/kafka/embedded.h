/* What tests do to the embedded cluster. Private to core/kafka and its tests. */
#ifndef VEDETTE_KAFKA_EMBEDDED_H
#define VEDETTE_KAFKA_EMBEDDED_H

#include <vedette/kafka.h>

/* A broker that is down closes its connections and refuses new ones; what it holds stays. */
void vd_kafka_embedded_set_up(struct vd_kafka_embedded *embedded, bool up);

/* Metadata says from now on that there is no such topic. */
void vd_kafka_embedded_hide_topic(struct vd_kafka_embedded *embedded, const char *name, bool hidden);

/* The next produce request is answered with an error after which an idempotent producer cannot go on. */
void vd_kafka_embedded_break_producer(struct vd_kafka_embedded *embedded);

#endif
