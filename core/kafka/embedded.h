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

/* The next `count` attempts at becoming a transactional id's owner, or at adding a partition to a
 * transaction, are answered that this client may not. */
void vd_kafka_embedded_refuse_owner(struct vd_kafka_embedded *embedded, int count);
void vd_kafka_embedded_refuse_partition(struct vd_kafka_embedded *embedded, int count);
/* Each answer takes so much longer. */
void vd_kafka_embedded_slow(struct vd_kafka_embedded *embedded, int rtt_ms);

#endif
