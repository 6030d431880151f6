/* How librdkafka wakes a loop up: it writes to a descriptor when its queue is no longer empty. Private to
 * core/kafka. */
#ifndef VEDETTE_KAFKA_WAKE_H
#define VEDETTE_KAFKA_WAKE_H

#include <librdkafka/rdkafka.h>

/* A descriptor, to be closed with close(2); negative: there is none left. */
int vd_wake_fd_new(void);
/* From now on what comes into the queue writes to fd; -1 ends it. What was queued before woke nobody. */
void vd_wake_on(rd_kafka_queue_t *queue, int fd);
/* By hand: the loop comes by once more. Any thread. */
void vd_wake(int fd);
/* In the loop, before the queue is looked into. */
void vd_wake_seen(int fd);

#endif
