/* Kafka as this house uses it. librdkafka stays behind this header and behind core/kafka/. */
#ifndef VEDETTE_KAFKA_H
#define VEDETTE_KAFKA_H

#include <uv.h>
#include <vedette/bytes.h>

enum { VD_KAFKA_ERROR_BYTES = 256 };

struct vd_kafka_options {
    const char *brokers; /* "host:port,…" */
    const char *client_id;
    const char *const *properties; /* the operator's own, "name=value" each, applied last */
    size_t property_count;
};

/* The topics, by their role; names are "<prefix>.<role>.v1". */
enum vd_topic {
    VD_TOPIC_EVENTS,
    VD_TOPIC_FINDINGS,
    VD_TOPIC_SIGNALS,
    VD_TOPIC_FLEET,
    VD_TOPIC_STATE,
    VD_TOPIC_SHARDS,
    VD_TOPIC_DLQ,
    VD_TOPIC_COUNT
};
enum { VD_TOPIC_NAME_BYTES = 128 };
void vd_topic_name(enum vd_topic topic, const char *prefix, char *out);

/* Creates what is missing, with each topic's settings; an existing topic is left alone. partitions: of
 * events, state and signals; the others have one. report is called once a topic; without an error
 * `why` may remark on what one that existed has kept. Blocks, up to timeout_ms. */
typedef void vd_topic_report(void *arg, const char *name, int partitions, bool existed, int error,
                             const char *why);
int vd_kafka_topics_create(const struct vd_kafka_options *options, const char *prefix, int partitions,
                           int replication, int timeout_ms, vd_topic_report *report, void *arg, char *error);

/* librdkafka's in-process mock cluster: for trials, never for keeps. Real clients can consume from its
 * address. */
struct vd_kafka_embedded;
int vd_kafka_embedded_new(struct vd_kafka_embedded **out, const char *prefix, int partitions, char *error);
const char *vd_kafka_embedded_brokers(const struct vd_kafka_embedded *embedded);
void vd_kafka_embedded_free(struct vd_kafka_embedded *embedded);

/* ---- Producing (idempotent, acks=all, lz4), in a libuv loop. No callback runs on a thread of librdkafka. */
struct vd_producer;

enum { VD_RECORD_HEADERS_MAX = 4 };
struct vd_record_header {
    const char *name;
    struct vd_bytes value;
};
struct vd_record {
    enum vd_topic topic;
    int32_t partition;     /* -1: murmur2_random of the key */
    struct vd_bytes key;   /* copied */
    struct vd_bytes value; /* borrowed until `delivered` */
    uint32_t header_count; /* copied */
    struct vd_record_header headers[VD_RECORD_HEADERS_MAX];
    int64_t time_ms; /* the record's, in Kafka; 0: now, which costs a look at the clock */
    void *opaque;
};

enum vd_producer_state {
    VD_PRODUCER_CONNECTING, /* no broker has answered yet, or the topics' metadata is missing */
    VD_PRODUCER_UP,
    VD_PRODUCER_DOWN,   /* no broker answers; what is queued waits */
    VD_PRODUCER_FAILED, /* fatal: everything queued comes back by `delivered`; the owner closes it */
};

struct vd_producer_callbacks {
    /* Once for each record that vd_producer_send took; error 0 or VD_EKAFKA. Those without an error come in
     * order within a partition; what a fatal error or close drops comes in any order. */
    void (*delivered)(void *arg, void *opaque, int error, const char *why);
    /* At each change, and while connecting also when the reason changes. Either callback may close the
     * producer. */
    void (*state)(void *arg, enum vd_producer_state state, const char *why);
};
struct vd_producer_options {
    struct vd_kafka_options kafka;
    const char *prefix;
    uv_loop_t *loop;
    struct vd_producer_callbacks callbacks;
    void *arg;
};
int vd_producer_new(struct vd_producer **out, const struct vd_producer_options *options, char *error);
/* Partitions of the events topic; 0 while it is not known. */
int32_t vd_producer_partitions(const struct vd_producer *producer);
/* 0; VD_EFULL: librdkafka's queue is full, try after a delivery; VD_EKAFKA: it can never be sent (*why
 * static). */
int vd_producer_send(struct vd_producer *producer, const struct vd_record *record, const char **why);
size_t vd_producer_queued(const struct vd_producer *producer);
/* Drops what is queued (it comes back by `delivered` with an error first), and frees it off the loop's
 * thread. */
void vd_producer_close(struct vd_producer *producer, void (*cb)(void *arg));

#endif
