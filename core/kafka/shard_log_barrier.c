/* The barriers: records of our own, committed once the owner before can write no more; on the log's thread.
 *
 * Happy path: a record with a nonce is committed into the state partition: who reads up to it has read all
 * that came before. The events partition needs none, unless a broker forgot there how a transaction ended.
 * Then the owner's word for it is committed behind what is undecided, and so that is committed with it:
 * docs/decisions.md tells why.
 *
 * Failure: a transaction that cannot go on keeps its records, or gives them back as purged, and tells why
 * only to who tries to commit it. Whether it can is seen by whether it takes another record. */
#include <inttypes.h>
#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/random.h>

#include "shard_log_inside.h"

enum { FLUSH_MS = 5, SUSPICIOUS_MS = 500 };

static int record_trouble(struct vd_shard_log *log, const struct vd_record *record, rd_kafka_resp_err_t err,
                          struct vd_shard_log_trouble *trouble)
{
    char topic[VD_TOPIC_NAME_BYTES];
    vd_topic_name(record->topic, log->options.prefix, topic);
    trouble->failure = vd_shard_log_fenced(log, err) ? VD_SHARD_LOG_FENCED : VD_SHARD_LOG_TROUBLE;
    snprintf(trouble->why, sizeof trouble->why, "barrier in topic %.100s: %s", topic, rd_kafka_err2str(err));
    return VD_EKAFKA;
}

/* 0, or as vd_sender_send. */
static int send_record(struct vd_shard_log *log, const struct vd_record *record, const char **why)
{
    int result = vd_sender_send(&log->sender, record, NULL, RD_KAFKA_MSG_F_COPY, why);
    log->opening.awaited += result == 0;
    return result;
}

static int send_nonce(struct vd_shard_log *log, const char **why)
{
    char key[VD_SNAPSHOT_KEY_BYTES];
    snprintf(key, sizeof key, "%" PRId32 "/barrier", log->options.shard);
    const struct vd_record nonce = {.topic = VD_TOPIC_STATE,
                                    .partition = log->options.shard,
                                    .key = vd_bytes_str(key),
                                    .value = vd_bytes_str(log->opening.nonce)};
    return send_record(log, &nonce, why);
}

/* Of a transaction that cannot go on, so that this commits nothing. */
static int ask_why(struct vd_shard_log *log, const struct vd_record *record, rd_kafka_resp_err_t err,
                   struct vd_shard_log_trouble *trouble)
{
    rd_kafka_error_t *error = rd_kafka_commit_transaction(log->sender.rk, VD_SHARD_LOG_SLICE_MS);
    if (error != NULL && !rd_kafka_error_is_retriable(error))
        err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return record_trouble(log, record, err, trouble);
}

/* What is sent, until it is delivered. */
static int deliver(struct vd_shard_log *log, const struct vd_record *record,
                   struct vd_shard_log_trouble *trouble)
{
    const char *why;
    int64_t sent_ms = vd_clock_monotonic_ms(), tried_ms = sent_ms;
    int result = 0;
    /* Nobody else drains this handle yet. Flushing spares the linger. */
    while (result == 0 && log->opening.awaited > 0 && log->opening.error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_flush(log->sender.rk, FLUSH_MS);
        vd_sender_serve(&log->sender, VD_SHARD_LOG_SERVE_MOST, 0);
        int64_t now_ms = vd_clock_monotonic_ms();
        if (now_ms - sent_ms >= VD_SHARD_LOG_PATIENCE_MS)
            vd_shard_log_say(log, "Kafka does not acknowledge a record");
        if (vd_shard_log_stopped(log))
            return VD_ECLOSED;
        if (now_ms - tried_ms >= SUSPICIOUS_MS && log->opening.awaited > 0) {
            tried_ms = now_ms;
            result = send_nonce(log, &why);
        }
    }
    if (result == 0 && log->opening.error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return ask_why(log, record, result == 0 ? log->opening.error : RD_KAFKA_RESP_ERR__STATE, trouble);
}

/* One transaction, of one record: of this one, or of the nonce where it is NULL. */
static int commit_record(struct vd_shard_log *log, const struct vd_record *record,
                         struct vd_shard_log_trouble *trouble)
{
    static const struct vd_record NONCE = {.topic = VD_TOPIC_STATE};
    const char *why;
    unsigned closes_before = atomic_load(&log->closes);
    rd_kafka_error_t *error = rd_kafka_begin_transaction(log->sender.rk);
    if (error != NULL)
        return vd_shard_log_trouble(log, "begin", error, trouble);
    log->opening.awaited = 0;
    log->opening.error = RD_KAFKA_RESP_ERR_NO_ERROR;
    int result = record != NULL ? send_record(log, record, &why) : send_nonce(log, &why);
    if (record == NULL)
        record = &NONCE;
    if (result != 0)
        return ask_why(log, record, RD_KAFKA_RESP_ERR__STATE, trouble);
    result = deliver(log, record, trouble);
    return result == 0 ? vd_shard_log_commit_open(log, closes_before, trouble) : result;
}

int vd_shard_log_barrier(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    uint64_t random[2];
    if (vd_random_bytes(random, sizeof random) < 0) {
        *trouble = (struct vd_shard_log_trouble){VD_SHARD_LOG_TROUBLE, "barrier: no randomness"};
        return VD_EKAFKA;
    }
    snprintf(log->opening.nonce, sizeof log->opening.nonce, "%016" PRIx64 "%016" PRIx64, random[0],
             random[1]);
    return commit_record(log, NULL, trouble);
}

int vd_shard_log_decide(struct vd_shard_log *log, const struct vd_undecided *undecided,
                        struct vd_shard_log_trouble *trouble)
{
    struct vd_record record = {.partition = log->options.shard};
    if (log->options.callbacks.undecided(log->options.arg, undecided, &record) != 0) {
        *trouble = (struct vd_shard_log_trouble){VD_SHARD_LOG_TROUBLE, "barrier: out of memory"};
        return VD_EKAFKA;
    }
    log->opening.deciding = true;
    int result = commit_record(log, &record, trouble);
    log->opening.deciding = false;
    return result;
}
