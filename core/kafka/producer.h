/* A producer's inside, shared by its two files: producer.c (records) and producer_state.c (is Kafka there?).
 */
#ifndef VEDETTE_KAFKA_PRODUCER_H
#define VEDETTE_KAFKA_PRODUCER_H

#include "sender.h"

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
    struct vd_sender sender;
    char *prefix;
    uv_loop_t *loop;
    struct vd_producer_callbacks callbacks;
    void *arg;
    uv_timer_t timer; /* the next probe, or the next purge */
    int32_t partitions;
    enum vd_producer_state state;
    uint32_t outages; /* times that all brokers were lost */
    struct vd_producer_probe probe;
    char why[VD_KAFKA_ERROR_BYTES];
    bool closing;
    void (*close_cb)(void *arg);
};

/* producer.c: asks librdkafka to give everything back, now and again until it has. */
void vd_producer_purge(struct vd_producer *p);
/* producer.c: once closing, frees what nothing uses any more; else does nothing. */
void vd_producer_finish(struct vd_producer *p);

/* producer_state.c */
int vd_producer_probe_start(struct vd_producer *p);
void vd_producer_event_error(struct vd_producer *p, rd_kafka_event_t *event);
void vd_producer_alive(struct vd_producer *p);

#endif
