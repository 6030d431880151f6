/* Reading a topic of Kafka, blocking and read_committed: for tools, and for what reads a shard back. Without
 * a group. One thread. */
#ifndef VEDETTE_CONSUMER_H
#define VEDETTE_CONSUMER_H

#include <vedette/kafka.h>

struct vd_consumer;
struct vd_consumed {
    struct vd_bytes key, value; /* valid until the next poll */
    int32_t partition;
    int64_t offset, timestamp_ms;
};
enum vd_consumer_from {
    VD_CONSUME_BEGINNING,
    VD_CONSUME_END,
    VD_CONSUME_WHOLE, /* from the beginning, and poll says when all that is there was told */
};
/* All partitions of the topic. Within timeout_ms: VD_ENOTFOUND, no such topic; VD_EUNAVAILABLE, no broker
 * answered. */
int vd_consumer_new(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                    enum vd_consumer_from from, int timeout_ms, char *error);

/* A part of a topic. The broker finds where each partition comes to a time; some records from outside may be
 * told too, because stamps go back, and all of them by a broker that knows no times, as the embedded one. */
struct vd_consumer_span {
    struct vd_bytes key;        /* only the partition that it is in; empty: all */
    const int32_t *partition;   /* only this one; NULL: as key says */
    int64_t since_ms, until_ms; /* of the records' stamps; INT64_MIN and INT64_MAX: no bound */
    bool follow;                /* goes on past what is there now; without until_ms */
};
/* As above; VD_ENOTFOUND also for a partition that is not there. Without follow, poll says when all of it was
 * told. */
int vd_consumer_new_span(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                         const struct vd_consumer_span *span, int timeout_ms, char *error);

/* 0: *record is filled; VD_KAFKA_NOTHING: nothing within timeout_ms; VD_KAFKA_END: once, where an end was
 * asked for, when each partition was read up to it; VD_EKAFKA. */
enum { VD_KAFKA_NOTHING = 1, VD_KAFKA_END = 2 };
int vd_consumer_poll(struct vd_consumer *consumer, int timeout_ms, struct vd_consumed *record, char *error);
/* A header of that record; of no length where there is none. Valid until the next poll. */
struct vd_bytes vd_consumer_header(const struct vd_consumer *consumer, const char *name);
/* Of the topic, and how many of them are read. */
int32_t vd_consumer_partitions(const struct vd_consumer *consumer);
int32_t vd_consumer_partitions_read(const struct vd_consumer *consumer);
/* Records between what was polled and the ends of the partitions, as brokers told them last. */
int64_t vd_consumer_lag(const struct vd_consumer *consumer);
/* Whether no broker answers, as seen while polling; once down, it is asked again, for up to timeout_ms. */
bool vd_consumer_down(struct vd_consumer *consumer, int timeout_ms);
void vd_consumer_free(struct vd_consumer *consumer); /* NULL is fine */

#endif
