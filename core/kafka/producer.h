/* A producer's inside, shared by its two files: producer.c (records) and producer_state.c (is Kafka there?).
 */
#ifndef VEDETTE_KAFKA_PRODUCER_H
#define VEDETTE_KAFKA_PRODUCER_H

#include "conf.h"

/* What a metadata request, made on a thread of libuv's pool, found out. */
struct vd_producer_probe {
    uv_work_t work;
    bool running;
    uint32_t outages; /* the producer's count when it began */
    bool answered;
    int32_t partitions; /* of the events topic; 0: the topics are not all there */
    char why[VD_KAFKA_ERROR_BYTES];
};

struct vd_producer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event; /* deliveries of which only a part was handed on */
    rd_kafka_topic_t *topics[VD_TOPIC_COUNT];
    char *prefix;
    uv_loop_t *loop;
    struct vd_producer_callbacks callbacks;
    void *arg;
    int wake_fd; /* librdkafka writes to it when its queue is no longer empty */
    uv_poll_t wake;
    uv_timer_t timer; /* the next probe, or the next purge */
    size_t queued;
    int32_t partitions;
    enum vd_producer_state state;
    uint32_t outages; /* times that all brokers were lost */
    struct vd_producer_probe probe;
    char why[VD_KAFKA_ERROR_BYTES];
    bool closing;
    void (*close_cb)(void *arg);
};

/* producer.c: the handle of a topic, made at first use; NULL without memory. */
rd_kafka_topic_t *vd_producer_topic(struct vd_producer *p, enum vd_topic topic);
/* producer.c: asks librdkafka to give everything back, now and again until it has. */
void vd_producer_purge(struct vd_producer *p);
/* producer.c: once closing, frees what nothing uses any more; else does nothing. */
void vd_producer_finish(struct vd_producer *p);

/* producer_state.c */
int vd_producer_probe_start(struct vd_producer *p);
void vd_producer_event_error(struct vd_producer *p, rd_kafka_event_t *event);
void vd_producer_alive(struct vd_producer *p);

#endif
