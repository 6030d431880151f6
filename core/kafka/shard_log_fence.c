/* Becoming the only writer of a shard: metadata, init_transactions, and what shard_log_barrier.c does then;
 * on the log's thread.
 *
 * Happy path: the topics' metadata is asked for at once, since what a handle does not know costs it a timer
 * of a second → init_transactions ends whatever the owner before had open, and raises the epoch, so that he
 * can write no more → a barrier is committed.
 *
 * Failure: while a dead owner's transaction is being ended, init_transactions would ask again only after half
 * a second; a fresh handle asks at once, hence up to four of them with a short limit, then patience. Whatever
 * Kafka refuses or leaves unanswered is told through `waiting` and tried again with a fresh handle; only
 * being fenced ends it, for then somebody else is the owner. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "metadata.h"
#include "shard_log_inside.h"

enum { QUICK_TRIES = 4, QUICK_MS = 80, AGAIN = 1 };

/* message.timeout.ms is left alone: librdkafka bounds it by the transaction's. */
static const struct vd_kafka_property SHARD_LOG[] = {
    {"acks", "all"},
    {"compression.type", "lz4"},
    /* Longer than a transaction: batches go when they are full, and the rest with the commit, which does not
     * wait. While one request is answered, librdkafka's thread spins if more is due. */
    {"linger.ms", "500"},
    {"transaction.timeout.ms", "15000"},
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "500000"},
    {"queue.buffering.max.kbytes", "524288"},
};

/* ---- The handle */

/* On a thread of librdkafka's. */
static int on_close_socket(int fd, void *arg)
{
    atomic_uint *closes = arg;
    atomic_fetch_add(closes, 1);
    return close(fd);
}

static void on_delivered(struct vd_sender *sender, const rd_kafka_message_t *message)
{
    struct vd_shard_log *log = sender->arg;
    log->opening.awaited--;
    if (log->opening.error == RD_KAFKA_RESP_ERR_NO_ERROR)
        log->opening.error = message->err;
}

static void on_error(struct vd_sender *sender, rd_kafka_event_t *event)
{
    /* It is logged; and what it means, the call under way tells. */
    (void)sender;
    (void)event;
}

int vd_shard_log_handle(struct vd_shard_log *log, char *error)
{
    char id[VD_SHARD_LOG_ID_BYTES];
    rd_kafka_conf_t *conf =
        vd_kafka_conf_new(&log->options.kafka, SHARD_LOG, sizeof SHARD_LOG / sizeof *SHARD_LOG, error);
    if (conf == NULL)
        return VD_ECONFIG;
    snprintf(id, sizeof id, "%s-shard-%" PRId32, log->options.prefix, log->options.shard);
    rd_kafka_conf_set(conf, "transactional.id", id, error, VD_KAFKA_ERROR_BYTES);
    rd_kafka_conf_set_closesocket_cb(conf, on_close_socket);
    rd_kafka_conf_set_opaque(conf, &log->closes);
    log->sender.callbacks = (struct vd_sender_callbacks){.delivered = on_delivered, .error = on_error};
    log->sender.arg = log;
    return vd_sender_open(&log->sender, conf, error);
}

/* The old one must be gone first: what it still asks would fence the new one. */
static int fresh_handle(struct vd_shard_log *log)
{
    char error[VD_KAFKA_ERROR_BYTES];
    if (log->sender.rk != NULL)
        vd_sender_purge(&log->sender);
    vd_sender_destroy(&log->sender);
    int result = vd_shard_log_handle(log, error);
    if (result == 0)
        return 0;
    vd_shard_log_say(log, error);
    return vd_shard_log_pause(log, VD_SHARD_LOG_AGAIN_MS) ? VD_ECLOSED : AGAIN;
}

/* ---- Are the topics there? */

static bool topics_usable(const struct vd_shard_log *log, const rd_kafka_metadata_t *metadata, char *why)
{
    static const enum vd_topic NEEDED[] = {VD_TOPIC_EVENTS, VD_TOPIC_STATE};
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++) {
        char name[VD_TOPIC_NAME_BYTES];
        vd_topic_name(NEEDED[i], log->options.prefix, name);
        int32_t partitions = vd_kafka_topic_partitions(metadata, name, why);
        if (partitions == 0)
            return false;
        if (partitions <= log->options.shard) {
            snprintf(why, VD_KAFKA_ERROR_BYTES, "topic %.100s has no partition %" PRId32, name,
                     log->options.shard);
            return false;
        }
    }
    return true;
}

static bool warm_up_once(struct vd_shard_log *log, char *why)
{
    const rd_kafka_metadata_t *metadata;
    vd_sender_topic(&log->sender, VD_TOPIC_EVENTS);
    vd_sender_topic(&log->sender, VD_TOPIC_STATE);
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(log->sender.rk, 0, NULL, &metadata, 2 * VD_SHARD_LOG_SLICE_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(why, VD_KAFKA_ERROR_BYTES, "%s", vd_kafka_silence(err));
        return false;
    }
    bool usable = topics_usable(log, metadata, why);
    rd_kafka_metadata_destroy(metadata);
    return usable;
}

static int warm_up(struct vd_shard_log *log)
{
    char why[VD_KAFKA_ERROR_BYTES];
    while (!vd_shard_log_stopped(log)) {
        if (warm_up_once(log, why))
            return 0;
        vd_shard_log_say(log, why);
        vd_sender_serve(&log->sender, VD_SHARD_LOG_SERVE_MOST, 0);
        vd_shard_log_pause(log, VD_SHARD_LOG_AGAIN_MS);
    }
    return VD_ECLOSED;
}

/* ---- Fencing */

/* What an operation that failed leads to: VD_EKAFKA where this log is fenced, else AGAIN. */
static int again_unless_fenced(struct vd_shard_log *log, const struct vd_shard_log_trouble *trouble)
{
    if (trouble->failure == VD_SHARD_LOG_FENCED)
        return VD_EKAFKA;
    vd_shard_log_say(log, trouble->why);
    return vd_shard_log_pause(log, VD_SHARD_LOG_AGAIN_MS) ? VD_ECLOSED : AGAIN;
}

/* The id in front, since that is what an operator grants. */
static void init_trouble(struct vd_shard_log *log, rd_kafka_error_t *error,
                         struct vd_shard_log_trouble *trouble)
{
    char what[VD_SHARD_LOG_ID_BYTES];
    snprintf(what, sizeof what, "transactional id %.100s-shard-%" PRId32, log->options.prefix,
             log->options.shard);
    vd_shard_log_trouble(log, what, error, trouble);
}

/* With the limit of a slice: may be resumed on the same handle. */
static int init_patiently(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    int64_t begun_ms = vd_clock_monotonic_ms();
    rd_kafka_error_t *error;
    while ((error = rd_kafka_init_transactions(log->sender.rk, VD_SHARD_LOG_SLICE_MS)) != NULL) {
        bool retriable = rd_kafka_error_is_retriable(error);
        init_trouble(log, error, trouble);
        if (!retriable)
            return again_unless_fenced(log, trouble);
        if (vd_clock_monotonic_ms() - begun_ms >= VD_SHARD_LOG_PATIENCE_MS)
            vd_shard_log_say(log, trouble->why);
        vd_sender_serve(&log->sender, VD_SHARD_LOG_SERVE_MOST, 0);
        if (vd_shard_log_pause(log, 1))
            return VD_ECLOSED;
    }
    return 0;
}

static int init(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    for (int tries = 0; tries < QUICK_TRIES; tries++) {
        rd_kafka_error_t *error = rd_kafka_init_transactions(log->sender.rk, QUICK_MS);
        if (error == NULL)
            return 0;
        bool retriable = rd_kafka_error_is_retriable(error);
        init_trouble(log, error, trouble);
        if (!retriable)
            return again_unless_fenced(log, trouble);
        int result = vd_shard_log_stopped(log) ? VD_ECLOSED : fresh_handle(log);
        if (result == 0)
            result = warm_up(log);
        if (result != 0)
            return result;
    }
    return init_patiently(log, trouble);
}

static int barrier(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    int result = vd_shard_log_barrier(log, trouble);
    return result == VD_EKAFKA ? again_unless_fenced(log, trouble) : result;
}

int vd_shard_log_fence(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    int result = 0;
    do {
        if (result == AGAIN)
            result = fresh_handle(log);
        if (result == 0)
            result = warm_up(log);
        if (result == 0)
            result = init(log, trouble);
        if (result == 0)
            result = barrier(log, trouble);
    } while (result == AGAIN);
    return result;
}
