/* A blocking reader's inside, for who reads one partition from an offset on. Private to core/kafka. */
#ifndef VEDETTE_KAFKA_CONSUMER_H
#define VEDETTE_KAFKA_CONSUMER_H

#include <vedette/consumer.h>

#include "conf.h"

/* A reader of a topic that is known to be there, and nothing started. group: NULL, or the group whose offsets
 * vd_consumer_committed tells; it never joins it. As vd_consumer_new. */
int vd_consumer_open(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                     const char *group, int timeout_ms, char *error);
/* Reads from there on; where that is no longer kept, from the first that is. */
int vd_consumer_start(struct vd_consumer *c, int32_t partition, int64_t offset, char *error);
/* Drops what was read ahead; another start may follow. */
void vd_consumer_stop(struct vd_consumer *c);
/* From the topic's beginning where the group has committed nothing: 0. */
int vd_consumer_committed(struct vd_consumer *c, int32_t partition, int timeout_ms, int64_t *offset,
                          char *error);
/* Where the partition ended when poll said VD_KAFKA_END. */
int64_t vd_consumer_end(const struct vd_consumer *c);
/* Where its records end, those included that are not decided and so not told; what the broker said last. */
int64_t vd_consumer_high_watermark(const struct vd_consumer *c, int32_t partition);

#endif
