/* The thread of a shard log: it opens, then commits whenever it is asked to, and destroys the handle at last.
 *
 * Nothing here blocks for longer than a slice, so that close never waits for a broker: librdkafka's commit is
 * called with a short limit again and again, which resumes it. A commit that hangs says so after two seconds,
 * and has failed after twenty: then Kafka has given the transaction up as well.
 *
 * A connection that closed between the transaction's first record and the commit's answer fails the commit
 * even if it says OK: a request that was on that connection may reach the broker later, and would then end
 * another transaction. */
#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "shard_log_inside.h"

enum { RESUME_MS = 10, DROP_TURNS = 5, DROP_MS = 20 };

static void tell(struct vd_shard_log *log)
{
    uv_mutex_unlock(&log->lock);
    uv_async_send(&log->tell);
}

void vd_shard_log_say(struct vd_shard_log *log, const char *why)
{
    if (strcmp(log->said, why) == 0)
        return;
    snprintf(log->said, sizeof log->said, "%s", why);
    uv_mutex_lock(&log->lock);
    log->news.waiting = true;
    snprintf(log->news.waiting_why, sizeof log->news.waiting_why, "%s", why);
    tell(log);
}

bool vd_shard_log_stopped(const struct vd_shard_log *log)
{
    return !log->opening.deciding && atomic_load_explicit(&log->stop, memory_order_relaxed);
}

bool vd_shard_log_pause(struct vd_shard_log *log, int ms)
{
    uv_mutex_lock(&log->lock);
    if (!vd_shard_log_stopped(log))
        uv_cond_timedwait(&log->changed, &log->lock, (uint64_t)ms * 1000000);
    uv_mutex_unlock(&log->lock);
    return vd_shard_log_stopped(log);
}

/* ---- What went wrong */

static bool is_fencing(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__FENCED || err == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           err == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool vd_shard_log_fenced(const struct vd_shard_log *log, rd_kafka_resp_err_t err)
{
    char text[VD_KAFKA_ERROR_BYTES];
    return is_fencing(err) || is_fencing(rd_kafka_fatal_error(log->sender.rk, text, sizeof text));
}

int vd_shard_log_trouble(struct vd_shard_log *log, const char *what, rd_kafka_error_t *error,
                         struct vd_shard_log_trouble *trouble)
{
    bool fenced = vd_shard_log_fenced(log, rd_kafka_error_code(error));
    trouble->failure = fenced ? VD_SHARD_LOG_FENCED : VD_SHARD_LOG_TROUBLE;
    snprintf(trouble->why, sizeof trouble->why, "%s: %s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return VD_EKAFKA;
}

/* ---- Committing */

static int check_sockets(struct vd_shard_log *log, unsigned closes_before,
                         struct vd_shard_log_trouble *trouble)
{
    if (atomic_load(&log->closes) == closes_before)
        return 0;
    trouble->failure = VD_SHARD_LOG_TROUBLE;
    snprintf(trouble->why, sizeof trouble->why,
             "a connection to Kafka was lost within the transaction, and with it what became of it");
    return VD_EKAFKA;
}

int vd_shard_log_commit_open(struct vd_shard_log *log, unsigned closes_before,
                             struct vd_shard_log_trouble *trouble)
{
    int64_t begun_ms = vd_clock_monotonic_ms();
    rd_kafka_error_t *error;
    while ((error = rd_kafka_commit_transaction(log->sender.rk, VD_SHARD_LOG_SLICE_MS)) != NULL) {
        int64_t waited_ms = vd_clock_monotonic_ms() - begun_ms;
        if (!rd_kafka_error_is_retriable(error) || waited_ms >= VD_SHARD_LOG_HANGING_MS)
            return vd_shard_log_trouble(log, "commit", error, trouble);
        if (waited_ms >= VD_SHARD_LOG_PATIENCE_MS)
            vd_shard_log_say(log, "Kafka does not answer a commit");
        rd_kafka_error_destroy(error);
        if (vd_shard_log_pause(log, RESUME_MS))
            return VD_ECLOSED;
    }
    vd_shard_log_say(log, "");
    return check_sockets(log, closes_before, trouble);
}

/* The next transaction is begun here, where nobody minds that it asks another thread; until something is sent
 * in it, it is librdkafka's affair alone. */
static int begin(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(log->sender.rk);
    return error == NULL ? 0 : vd_shard_log_trouble(log, "begin", error, trouble);
}

static void post(struct vd_shard_log *log, bool *what, int result, const struct vd_shard_log_trouble *trouble)
{
    uv_mutex_lock(&log->lock);
    if (result == 0) {
        *what = true;
    } else if (result != VD_ECLOSED) {
        log->news.failed = true;
        log->news.trouble = *trouble;
    }
    tell(log);
}

static bool commit_awaited(struct vd_shard_log *log, unsigned *closes_before)
{
    uv_mutex_lock(&log->lock);
    while (!log->commit_wanted && !vd_shard_log_stopped(log))
        uv_cond_wait(&log->changed, &log->lock);
    bool wanted = log->commit_wanted && !vd_shard_log_stopped(log);
    log->commit_wanted = false;
    *closes_before = log->closes_before;
    uv_mutex_unlock(&log->lock);
    return wanted;
}

static void serve_commits(struct vd_shard_log *log)
{
    struct vd_shard_log_trouble trouble;
    unsigned closes_before;
    int result = 0;
    while (commit_awaited(log, &closes_before)) {
        result = vd_shard_log_commit_open(log, closes_before, &trouble);
        int begun = result == 0 ? begin(log, &trouble) : 0;
        post(log, &log->news.committed, result, &trouble);
        if (begun < 0)
            post(log, NULL, begun, &trouble);
    }
}

/* ---- Life */

static void open_up(struct vd_shard_log *log)
{
    struct vd_shard_log_trouble trouble = {.failure = VD_SHARD_LOG_TROUBLE};
    int result = vd_shard_log_fence(log, &trouble);
    if (result == 0)
        result = vd_shard_log_recover(log, &trouble);
    if (result == 0)
        result = begin(log, &trouble);
    if (result == 0)
        vd_shard_log_say(log, "");
    post(log, &log->news.opened, result, &trouble);
}

static void drop_delivery(struct vd_sender *sender, const rd_kafka_message_t *message)
{
    (void)sender;
    (void)message;
}

static void drop_error(struct vd_sender *sender, rd_kafka_event_t *event)
{
    (void)sender;
    (void)event;
}

/* What is still queued comes back soon after a purge; librdkafka would drop the rest as well, but complain.
 */
static void destroy_handle(struct vd_shard_log *log)
{
    struct vd_sender *sender = &log->sender;
    if (sender->rk == NULL)
        return;
    sender->callbacks = (struct vd_sender_callbacks){.delivered = drop_delivery, .error = drop_error};
    vd_sender_purge(sender);
    for (int turns = 0; turns < DROP_TURNS && sender->queued > 0; turns++)
        vd_sender_serve(sender, SIZE_MAX, DROP_MS);
    vd_sender_destroy(sender);
}

void vd_shard_log_thread(void *arg)
{
    struct vd_shard_log *log = arg;
    open_up(log);
    serve_commits(log);
    destroy_handle(log);
    uv_mutex_lock(&log->lock);
    log->news.ended = true;
    tell(log);
}
