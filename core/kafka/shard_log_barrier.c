/* The barrier, once the owner before can write no more; on the log's thread.
 *
 * Happy path: a record with a nonce is committed: who reads up to it has read all that came before.
 *
 * What a broker forgot is not mended here: it was seen to note a transaction as ended, committed or aborted,
 * whose marker never reached the events partition. docs/decisions.md tells why an abort of our own there,
 * which ends what is undecided, would be worse.
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

/* A record for the shard's own partition of a topic, and what to call it. */
struct mark {
    enum vd_topic topic;
    const char *name; /* in the key: "<shard>/<name>" */
    const char *value;
};

static int mark_trouble(struct vd_shard_log *log, const struct mark *mark, rd_kafka_resp_err_t err,
                        struct vd_shard_log_trouble *trouble)
{
    char topic[VD_TOPIC_NAME_BYTES];
    vd_topic_name(mark->topic, log->options.prefix, topic);
    trouble->failure = vd_shard_log_fenced(log, err) ? VD_SHARD_LOG_FENCED : VD_SHARD_LOG_TROUBLE;
    snprintf(trouble->why, sizeof trouble->why, "%s in topic %.100s: %s", mark->name, topic,
             rd_kafka_err2str(err));
    return VD_EKAFKA;
}

/* 0, or as vd_sender_send. */
static int send_mark(struct vd_shard_log *log, const struct mark *mark, const char **why)
{
    char key[VD_SNAPSHOT_KEY_BYTES];
    snprintf(key, sizeof key, "%" PRId32 "/%s", log->options.shard, mark->name);
    struct vd_record record = {.topic = mark->topic,
                               .partition = log->options.shard,
                               .key = vd_bytes_str(key),
                               .value = vd_bytes_str(mark->value)};
    int result = vd_sender_send(&log->sender, &record, NULL, RD_KAFKA_MSG_F_COPY, why);
    log->opening.awaited += result == 0;
    return result;
}

/* Of a transaction that cannot go on, so that this commits nothing. */
static int ask_why(struct vd_shard_log *log, const struct mark *mark, rd_kafka_resp_err_t err,
                   struct vd_shard_log_trouble *trouble)
{
    rd_kafka_error_t *error = rd_kafka_commit_transaction(log->sender.rk, VD_SHARD_LOG_SLICE_MS);
    if (error != NULL && !rd_kafka_error_is_retriable(error))
        err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return mark_trouble(log, mark, err, trouble);
}

static int deliver(struct vd_shard_log *log, const struct mark *mark, struct vd_shard_log_trouble *trouble)
{
    const char *why;
    int64_t sent_ms = vd_clock_monotonic_ms(), tried_ms = sent_ms;
    log->opening.awaited = 0;
    log->opening.error = RD_KAFKA_RESP_ERR_NO_ERROR;
    int result = send_mark(log, mark, &why);
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
            result = send_mark(log, mark, &why);
        }
    }
    if (result == 0 && log->opening.error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return ask_why(log, mark, result == 0 ? log->opening.error : RD_KAFKA_RESP_ERR__STATE, trouble);
}

static int begin(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(log->sender.rk);
    return error == NULL ? 0 : vd_shard_log_trouble(log, "begin", error, trouble);
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
    const struct mark barrier = {VD_TOPIC_STATE, "barrier", log->opening.nonce};
    unsigned closes_before = atomic_load(&log->closes);
    int result = begin(log, trouble);
    if (result == 0)
        result = deliver(log, &barrier, trouble);
    return result == 0 ? vd_shard_log_commit_open(log, closes_before, trouble) : result;
}
