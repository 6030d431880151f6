/* A blocking reader of one topic, without a consumer group: for tools.
 *
 * It uses librdkafka's simple consumer, because a group would need a name, permissions and offsets that a
 * reader of today's events has no use for. All partitions feed one queue. */
#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "conf.h"

enum { METADATA_RETRY_MS = 100 };

static const struct vd_kafka_property CONSUMER[] = {
    {"auto.offset.reset", "earliest"},
    {"fetch.error.backoff.ms", "100"},
    {"queued.max.messages.kbytes", "16384"},
};

struct vd_consumer {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *message;
    int32_t partitions, started;
};

/* One metadata request: partitions, 0 where the topic is not there, or a negative error. */
static int ask_partitions(const struct vd_consumer *c, int timeout_ms, char *error)
{
    const rd_kafka_metadata_t *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(c->rk, 0, c->topic, &metadata, timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        vd_kafka_error(error, "no broker answers", err);
        return VD_EUNAVAILABLE;
    }
    const rd_kafka_metadata_topic_t *topic = &metadata->topics[0];
    err = metadata->topic_cnt == 1 ? topic->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    int result = err == RD_KAFKA_RESP_ERR_NO_ERROR ? topic->partition_cnt : 0;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
        err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        result = vd_kafka_error(error, rd_kafka_topic_name(c->topic), err);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

static int find_partitions(struct vd_consumer *c, int64_t deadline_ms, char *error)
{
    for (;;) {
        int64_t left = deadline_ms - vd_clock_monotonic_ms();
        int result = ask_partitions(c, left > 1 ? (int)left : 1, error);
        if (result < 0)
            return result;
        c->partitions = result;
        if (result > 0)
            return 0;
        if (vd_clock_monotonic_ms() + METADATA_RETRY_MS >= deadline_ms) {
            snprintf(error, VD_KAFKA_ERROR_BYTES, "topic %s does not exist", rd_kafka_topic_name(c->topic));
            return VD_ENOTFOUND;
        }
        usleep(METADATA_RETRY_MS * 1000);
    }
}

/* A known offset spares a request that librdkafka repeats only after half a second; a beginning that is no
 * longer 0 is found by auto.offset.reset. */
static int start_partition(struct vd_consumer *c, int32_t partition, enum vd_consumer_from from,
                           int timeout_ms, char *error)
{
    int64_t low = 0, start = 0;
    const char *name = rd_kafka_topic_name(c->topic);
    if (from == VD_CONSUME_END) {
        rd_kafka_resp_err_t err =
            rd_kafka_query_watermark_offsets(c->rk, name, partition, &low, &start, timeout_ms);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return vd_kafka_error(error, name, err);
    }
    if (rd_kafka_consume_start_queue(c->topic, partition, start, c->queue) != 0)
        return vd_kafka_error(error, name, rd_kafka_last_error());
    c->started++;
    return 0;
}

static int consumer_open(struct vd_consumer *c, const struct vd_kafka_options *options, const char *topic,
                         enum vd_consumer_from from, int timeout_ms, char *error)
{
    int64_t deadline_ms = vd_clock_monotonic_ms() + timeout_ms;
    rd_kafka_conf_t *conf = vd_kafka_conf_new(options, CONSUMER, sizeof CONSUMER / sizeof *CONSUMER, error);
    if (conf == NULL)
        return VD_ECONFIG;
    int result = vd_kafka_handle_new(&c->rk, RD_KAFKA_CONSUMER, conf, error);
    if (result < 0)
        return result;
    c->queue = rd_kafka_queue_new(c->rk);
    c->topic = rd_kafka_topic_new(c->rk, topic, NULL);
    if (c->topic == NULL)
        return vd_kafka_error(error, topic, rd_kafka_last_error());
    result = find_partitions(c, deadline_ms, error);
    for (int32_t i = 0; i < c->partitions && result == 0; i++)
        result = start_partition(c, i, from, timeout_ms, error);
    return result;
}

int vd_consumer_new(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                    enum vd_consumer_from from, int timeout_ms, char *error)
{
    *error = '\0';
    struct vd_consumer *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return VD_ENOMEM;
    int result = consumer_open(c, options, topic, from, timeout_ms, error);
    if (result < 0) {
        vd_consumer_free(c);
        return result;
    }
    *out = c;
    return 0;
}

static struct vd_consumed consumed_of(const rd_kafka_message_t *message)
{
    return (struct vd_consumed){
        .key = vd_bytes_of(message->key, message->key_len),
        .value = vd_bytes_of(message->payload, message->len),
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
    };
}

int vd_consumer_poll(struct vd_consumer *c, int timeout_ms, struct vd_consumed *record, char *error)
{
    if (c->message != NULL)
        rd_kafka_message_destroy(c->message);
    rd_kafka_poll(c->rk, 0); /* errors of the handle itself; without this they would pile up */
    c->message = rd_kafka_consume_queue(c->queue, timeout_ms);
    if (c->message == NULL)
        return VD_KAFKA_NOTHING;
    if (c->message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(error, VD_KAFKA_ERROR_BYTES, "%s", rd_kafka_message_errstr(c->message));
        return VD_EKAFKA;
    }
    *record = consumed_of(c->message);
    return 0;
}

struct vd_bytes vd_consumer_header(const struct vd_consumer *c, const char *name)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;
    if (c->message == NULL || rd_kafka_message_headers(c->message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return vd_bytes_of(NULL, 0);
    return vd_bytes_of(value, len);
}

void vd_consumer_free(struct vd_consumer *c)
{
    if (c == NULL)
        return;
    if (c->message != NULL)
        rd_kafka_message_destroy(c->message);
    for (int32_t i = 0; i < c->started; i++)
        rd_kafka_consume_stop(c->topic, i);
    if (c->topic != NULL)
        rd_kafka_topic_destroy(c->topic);
    if (c->queue != NULL)
        rd_kafka_queue_destroy(c->queue);
    if (c->rk != NULL)
        rd_kafka_destroy(c->rk);
    vd_free(c);
}
