/* A blocking reader of one topic, without joining a consumer group: for tools and for a shard's recovery.
 *
 * It uses librdkafka's simple consumer, because a group would need a name, permissions and offsets that a
 * reader of today's events has no use for. All partitions feed one queue. */
#include "consumer.h"

#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

enum { METADATA_RETRY_MS = 100 };

static const struct vd_kafka_property CONSUMER[] = {
    {"auto.offset.reset", "earliest"},
    {"isolation.level", "read_committed"},
    {"enable.auto.commit", "false"},
    {"fetch.error.backoff.ms", "50"},
    {"enable.partition.eof", "true"}, /* a partition's end lies behind the markers of its transactions */
    /* librdkafka 2.0.2 sleeps for a second whenever this many are queued; the bytes are limit enough. */
    {"queued.min.messages", "10000000"},
    {"queued.max.messages.kbytes", "16384"},
};

/* For who reads up to the end: a broker keeps the request that finds it for so long. */
static const struct vd_kafka_property UNTIL_END[] = {
    {"fetch.wait.max.ms", "20"},
    /* That many bytes make it sleep too: at 16 MiB 500,000 events take 7 s to read instead of 1. */
    {"queued.max.messages.kbytes", "65536"},
};

/* How far a partition is read. */
struct progress {
    int64_t next; /* offset */
    int64_t stop; /* its end as asked for: nothing at this offset or behind is told */
    bool ended;
};

struct vd_consumer {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *message;
    int32_t partitions;
    int32_t first, started; /* the partitions that are read: [first, first + started) */
    bool until_end;
    struct progress *progress; /* by partition */
    int32_t ended_count;
    int64_t end;
    bool down; /* no broker answers; on this thread, within rd_kafka_poll */
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
    bool answered = false; /* the last question may have no time left for its answer */
    for (;;) {
        int64_t left = deadline_ms - vd_clock_monotonic_ms();
        int result = ask_partitions(c, left > 1 ? (int)left : 1, error);
        if (result < 0 && !(answered && result == VD_EUNAVAILABLE))
            return result;
        c->partitions = result > 0 ? result : 0;
        if (result > 0)
            return 0;
        answered = true;
        if (vd_clock_monotonic_ms() + METADATA_RETRY_MS >= deadline_ms) {
            snprintf(error, VD_KAFKA_ERROR_BYTES, "topic %s does not exist", rd_kafka_topic_name(c->topic));
            return VD_ENOTFOUND;
        }
        usleep(METADATA_RETRY_MS * 1000);
    }
}

/* A known offset spares a request that librdkafka repeats only after half a second; a beginning that is no
 * longer 0 is found by auto.offset.reset. */
int vd_consumer_start(struct vd_consumer *c, int32_t partition, int64_t offset, char *error)
{
    if (rd_kafka_consume_start_queue(c->topic, partition, offset, c->queue) != 0)
        return vd_kafka_error(error, rd_kafka_topic_name(c->topic), rd_kafka_last_error());
    c->progress[partition] = (struct progress){.next = offset > 0 ? offset : 0, .stop = INT64_MAX};
    if (c->started++ == 0)
        c->first = partition;
    return 0;
}

void vd_consumer_stop(struct vd_consumer *c)
{
    for (int32_t i = 0; i < c->started; i++)
        rd_kafka_consume_stop(c->topic, c->first + i);
    c->started = c->ended_count = 0;
}

static int start_all(struct vd_consumer *c, enum vd_consumer_from from, int timeout_ms, char *error)
{
    int64_t low, start = 0;
    int result = 0;
    const char *name = rd_kafka_topic_name(c->topic);
    for (int32_t i = 0; i < c->partitions && result == 0; i++) {
        rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
        if (from == VD_CONSUME_END)
            err = rd_kafka_query_watermark_offsets(c->rk, name, i, &low, &start, timeout_ms);
        result = err == RD_KAFKA_RESP_ERR_NO_ERROR ? vd_consumer_start(c, i, start, error)
                                                   : vd_kafka_error(error, name, err);
    }
    return result;
}

int vd_consumer_committed(struct vd_consumer *c, int32_t partition, int timeout_ms, int64_t *offset,
                          char *error)
{
    const char *name = rd_kafka_topic_name(c->topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *asked = rd_kafka_topic_partition_list_add(list, name, partition);
    rd_kafka_resp_err_t err = rd_kafka_committed(c->rk, list, timeout_ms);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = asked->err;
    *offset = asked->offset >= 0 ? asked->offset : 0;
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : vd_kafka_error(error, "the group's offset", err);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct vd_consumer *c = opaque;
    (void)rk;
    (void)reason;
    c->down = c->down || err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

static int handle_open(struct vd_consumer *c, const struct vd_kafka_options *options, const char *topic,
                       const char *group, char *error)
{
    rd_kafka_conf_t *conf = vd_kafka_conf_new(options, CONSUMER, sizeof CONSUMER / sizeof *CONSUMER, error);
    if (conf == NULL)
        return VD_ECONFIG;
    for (size_t i = 0; c->until_end && i < sizeof UNTIL_END / sizeof *UNTIL_END; i++)
        rd_kafka_conf_set(conf, UNTIL_END[i].name, UNTIL_END[i].value, error, VD_KAFKA_ERROR_BYTES);
    if (group != NULL)
        rd_kafka_conf_set(conf, "group.id", group, error, VD_KAFKA_ERROR_BYTES);
    rd_kafka_conf_set_opaque(conf, c);
    rd_kafka_conf_set_error_cb(conf, on_error);
    int result = vd_kafka_handle_new(&c->rk, RD_KAFKA_CONSUMER, conf, error);
    if (result < 0)
        return result;
    c->queue = rd_kafka_queue_new(c->rk);
    c->topic = rd_kafka_topic_new(c->rk, topic, NULL);
    return c->topic == NULL ? vd_kafka_error(error, topic, rd_kafka_last_error()) : 0;
}

static int consumer_open(struct vd_consumer *c, const struct vd_kafka_options *options, const char *topic,
                         const char *group, int timeout_ms, char *error)
{
    int64_t deadline_ms = vd_clock_monotonic_ms() + timeout_ms;
    int result = handle_open(c, options, topic, group, error);
    if (result == 0)
        result = find_partitions(c, deadline_ms, error);
    if (result < 0)
        return result;
    c->progress = vd_calloc((size_t)c->partitions, sizeof *c->progress);
    return c->progress == NULL ? VD_ENOMEM : 0;
}

static int consumer_new(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                        const char *group, bool until_end, int timeout_ms, char *error)
{
    *error = '\0';
    struct vd_consumer *c = vd_calloc(1, sizeof *c);
    if (c == NULL)
        return VD_ENOMEM;
    c->until_end = until_end;
    int result = consumer_open(c, options, topic, group, timeout_ms, error);
    if (result < 0) {
        vd_consumer_free(c);
        return result;
    }
    *out = c;
    return 0;
}

int vd_consumer_open(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                     const char *group, int timeout_ms, char *error)
{
    return consumer_new(out, options, topic, group, true, timeout_ms, error);
}

int vd_consumer_new(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                    enum vd_consumer_from from, int timeout_ms, char *error)
{
    struct vd_consumer *c = NULL;
    int result = consumer_new(&c, options, topic, NULL, from == VD_CONSUME_WHOLE, timeout_ms, error);
    if (result < 0)
        return result;
    result = start_all(c, from, timeout_ms, error);
    if (result < 0) {
        vd_consumer_free(c);
        return result;
    }
    *out = c;
    return 0;
}

/* ---- A part of a topic */

enum { NO_OFFSET = -1 };

/* Of `count` partitions from `first` on, the first record that is not before a time; NO_OFFSET: none is. */
static int offsets_at(const struct vd_consumer *c, int32_t first, int32_t count, int64_t time_ms,
                      int timeout_ms, int64_t *offsets, char *error)
{
    const char *name = rd_kafka_topic_name(c->topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int32_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, name, first + i)->offset = time_ms;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(c->rk, list, timeout_ms);
    for (int32_t i = 0; i < count && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        err = list->elems[i].err;
        offsets[i] = list->elems[i].offset >= 0 ? list->elems[i].offset : NO_OFFSET;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : vd_kafka_error(error, name, err);
}

/* Where a partition is read from that has no record so new: where the next one will be. But the beginning of
 * one that has records is found by any broker except one that knows no times. */
static int start_behind(const struct vd_consumer *c, int32_t partition, int timeout_ms, int64_t *start,
                        char *error)
{
    int64_t low = 0, high = 0, beginning = NO_OFFSET;
    const char *name = rd_kafka_topic_name(c->topic);
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(c->rk, name, partition, &low, &high, timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return vd_kafka_error(error, name, err);
    int result = low < high ? offsets_at(c, partition, 1, 0, timeout_ms, &beginning, error) : 0;
    *start = low < high && beginning == NO_OFFSET ? 0 : high;
    return result;
}

static int start_span(struct vd_consumer *c, const struct vd_consumer_span *span, int32_t first,
                      int32_t count, int timeout_ms, char *error)
{
    int64_t *starts = vd_calloc(2 * (size_t)count, sizeof *starts);
    if (starts == NULL)
        return VD_ENOMEM;
    int64_t *stops = starts + count;
    int result = 0;
    if (span->since_ms > 0)
        result = offsets_at(c, first, count, span->since_ms, timeout_ms, starts, error);
    for (int32_t i = 0; i < count; i++)
        stops[i] = NO_OFFSET;
    if (result == 0 && span->until_ms < INT64_MAX)
        result = offsets_at(c, first, count, span->until_ms, timeout_ms, stops, error);
    for (int32_t i = 0; i < count && result == 0; i++) {
        if (starts[i] == NO_OFFSET)
            result = start_behind(c, first + i, timeout_ms, &starts[i], error);
        if (result == 0)
            result = vd_consumer_start(c, first + i, starts[i], error);
        if (result == 0 && stops[i] != NO_OFFSET)
            c->progress[first + i].stop = stops[i];
    }
    vd_free(starts);
    return result;
}

/* Which partitions are meant: VD_ENOTFOUND, one that is not there. */
static int partitions_of(const struct vd_consumer *c, const struct vd_consumer_span *span, int32_t *first,
                         int32_t *count, char *error)
{
    *first = 0;
    *count = c->partitions;
    if (span->partition == NULL && span->key.len == 0)
        return 0;
    *first = span->partition != NULL ? *span->partition : vd_hash_partition(span->key, c->partitions);
    *count = 1;
    if (*first >= 0 && *first < c->partitions)
        return 0;
    snprintf(error, VD_KAFKA_ERROR_BYTES, "topic %s has no partition %d", rd_kafka_topic_name(c->topic),
             *first);
    return VD_ENOTFOUND;
}

int vd_consumer_new_span(struct vd_consumer **out, const struct vd_kafka_options *options, const char *topic,
                         const struct vd_consumer_span *span, int timeout_ms, char *error)
{
    struct vd_consumer *c = NULL;
    int32_t first, count;
    int result = consumer_new(&c, options, topic, NULL, !span->follow, timeout_ms, error);
    if (result < 0)
        return result;
    result = partitions_of(c, span, &first, &count, error);
    if (result == 0)
        result = start_span(c, span, first, count, timeout_ms, error);
    if (result < 0) {
        vd_consumer_free(c);
        return result;
    }
    *out = c;
    return 0;
}

/* ---- Polling */

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

/* Whether the message is a record, or an error, for who polls. */
static bool is_told(const struct vd_consumer *c)
{
    const rd_kafka_message_t *message = c->message;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF;
    return message->offset < c->progress[message->partition].stop;
}

/* Whether that was the last partition to end. A live topic's ends again and again; the first time counts. */
static bool note_end(struct vd_consumer *c)
{
    struct progress *progress = &c->progress[c->message->partition];
    bool news = !progress->ended;
    if (c->message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        progress->next = c->message->offset;
    else if (news)
        rd_kafka_consume_stop(c->topic, c->message->partition);
    progress->ended = true;
    c->ended_count += news;
    c->end = c->message->offset;
    return c->until_end && news && c->ended_count == c->started;
}

int64_t vd_consumer_end(const struct vd_consumer *c)
{
    return c->end;
}

int64_t vd_consumer_high_watermark(const struct vd_consumer *c, int32_t partition)
{
    int64_t low, high = -1;
    rd_kafka_get_watermark_offsets(c->rk, rd_kafka_topic_name(c->topic), partition, &low, &high);
    return high;
}

/* The next message that is not just the end of some partition; VD_KAFKA_NOTHING or VD_KAFKA_END without. */
static int next_message(struct vd_consumer *c, int timeout_ms)
{
    int64_t deadline_ms = vd_clock_monotonic_ms() + timeout_ms;
    for (;;) {
        if (c->message != NULL)
            rd_kafka_message_destroy(c->message);
        c->message = rd_kafka_consume_queue(c->queue, timeout_ms);
        if (c->message == NULL)
            return VD_KAFKA_NOTHING;
        if (is_told(c))
            return 0;
        if (note_end(c))
            return VD_KAFKA_END;
        int64_t left_ms = deadline_ms - vd_clock_monotonic_ms();
        timeout_ms = left_ms > 0 ? (int)left_ms : 0;
    }
}

int vd_consumer_poll(struct vd_consumer *c, int timeout_ms, struct vd_consumed *record, char *error)
{
    rd_kafka_poll(c->rk, 0); /* errors of the handle itself; without this they would pile up */
    int result = next_message(c, timeout_ms);
    if (result != 0)
        return result;
    if (c->message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(error, VD_KAFKA_ERROR_BYTES, "%s", rd_kafka_message_errstr(c->message));
        return VD_EKAFKA;
    }
    *record = consumed_of(c->message);
    c->progress[record->partition].next = record->offset + 1;
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

int32_t vd_consumer_partitions(const struct vd_consumer *c)
{
    return c->partitions;
}

int32_t vd_consumer_partitions_read(const struct vd_consumer *c)
{
    return c->started;
}

bool vd_consumer_down(struct vd_consumer *c, int timeout_ms)
{
    const rd_kafka_metadata_t *metadata;
    if (!c->down)
        return false;
    rd_kafka_resp_err_t err = rd_kafka_metadata(c->rk, 0, c->topic, &metadata, timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    rd_kafka_metadata_destroy(metadata);
    c->down = false;
    return false;
}

int64_t vd_consumer_lag(const struct vd_consumer *c)
{
    int64_t lag = 0;
    for (int32_t i = c->first; i < c->first + c->started; i++) {
        int64_t low, high, next = c->progress[i].next;
        if (rd_kafka_get_watermark_offsets(c->rk, rd_kafka_topic_name(c->topic), i, &low, &high) ==
                RD_KAFKA_RESP_ERR_NO_ERROR &&
            high > next)
            lag += high - (next > low ? next : low);
    }
    return lag;
}

void vd_consumer_free(struct vd_consumer *c)
{
    if (c == NULL)
        return;
    if (c->message != NULL)
        rd_kafka_message_destroy(c->message);
    for (int32_t i = 0; i < c->started; i++)
        rd_kafka_consume_stop(c->topic, c->first + i);
    if (c->topic != NULL)
        rd_kafka_topic_destroy(c->topic);
    if (c->queue != NULL)
        rd_kafka_queue_destroy(c->queue);
    if (c->rk != NULL)
        rd_kafka_destroy(c->rk);
    vd_free(c->progress);
    vd_free(c);
}
