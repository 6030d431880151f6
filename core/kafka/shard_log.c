/* A shard's log as its owner sees it, on the loop's thread: open, send, commit, close.
 *
 * Happy path: open starts the log's thread → it posts `opened` → the sender's events are drained here from
 * now on, while the thread commits → each send goes into the transaction that the thread has begun → commit →
 * the thread posts `committed`, by when each delivery has been drained here.
 *
 * Failure: a delivery or a handle that fails, and whatever the thread posts, becomes `failed`, once, from a
 * turn of the loop of its own, so that the owner may close there. While a commit is under way its outcome is
 * waited for, since it says why. Close purges what is queued and tells the thread to end; that destroys the
 * handle, and the last callback comes when the thread is joined and the uv handles are closed. */
#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "shard_log_inside.h"

static void note_doubt(struct vd_shard_log *log, rd_kafka_resp_err_t err, const char *what, const char *text)
{
    if (log->loop.doubt)
        return;
    log->loop.doubt = true;
    log->loop.trouble.failure = vd_shard_log_fenced(log, err) ? VD_SHARD_LOG_FENCED : VD_SHARD_LOG_TROUBLE;
    snprintf(log->loop.trouble.why, sizeof log->loop.trouble.why, "%s: %s", what, text);
}

static void fail(struct vd_shard_log *log, const struct vd_shard_log_trouble *trouble)
{
    if (log->loop.closing || log->loop.state == VD_SHARD_LOG_OVER)
        return;
    log->loop.state = VD_SHARD_LOG_OVER;
    log->options.callbacks.failed(log->options.arg, trouble->failure, trouble->why);
}

/* ---- What the sender says */

static void on_delivered(struct vd_sender *sender, const rd_kafka_message_t *message)
{
    struct vd_shard_log *log = sender->arg;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        log->loop.refused = true;
        note_doubt(log, message->err, "delivery", rd_kafka_err2str(message->err));
    } else if (message->rkt == sender->topics[VD_TOPIC_EVENTS]) {
        log->end_offset = message->offset + 1;
    } else if (message->_private != NULL) {
        log->loop.snapshot.state_offset = message->offset;
    }
}

static void on_error(struct vd_sender *sender, rd_kafka_event_t *event)
{
    struct vd_shard_log *log = sender->arg;
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    if (err == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event))
        note_doubt(log, err, "producer", rd_kafka_event_error_string(event));
    /* Of the others librdkafka has logged each already, and goes on by itself. */
}

static void ask_for_commit(struct vd_shard_log *log)
{
    log->loop.state = VD_SHARD_LOG_COMMITTING;
    log->loop.sent = 0;
    uv_mutex_lock(&log->lock);
    log->commit_wanted = true;
    log->closes_before = log->loop.closes_before;
    uv_cond_signal(&log->changed);
    uv_mutex_unlock(&log->lock);
}

/* A delivery that failed says little ("purged"); the commit of its transaction, which is refused, says why.
 */
static void on_served(struct vd_sender *sender)
{
    struct vd_shard_log *log = sender->arg;
    if (!log->loop.doubt || log->loop.state != VD_SHARD_LOG_READY)
        return;
    if (log->loop.refused)
        ask_for_commit(log);
    else
        fail(log, &log->loop.trouble);
}

/* ---- What the thread says */

static void settle_opened(struct vd_shard_log *log)
{
    log->sender.callbacks = (struct vd_sender_callbacks){on_delivered, on_error, on_served};
    if (vd_sender_attach(&log->sender, log->options.loop) < 0) {
        static const struct vd_shard_log_trouble no_poll = {VD_SHARD_LOG_TROUBLE, "out of file descriptors"};
        fail(log, &no_poll);
        return;
    }
    log->loop.attached = true;
    log->loop.state = VD_SHARD_LOG_READY;
    log->options.callbacks.opened(log->options.arg);
}

static void settle_committed(struct vd_shard_log *log)
{
    if (log->loop.doubt) {
        fail(log, &log->loop.trouble);
        return;
    }
    int64_t snapshot_offset = vd_shard_log_snapshot_committed(log);
    log->loop.state = VD_SHARD_LOG_READY;
    log->options.callbacks.committed(log->options.arg, log->end_offset);
    if (snapshot_offset >= 0 && !log->loop.closing)
        log->options.callbacks.snapshotted(log->options.arg, snapshot_offset);
}

static void log_free(struct vd_shard_log *log)
{
    vd_sender_deinit(&log->sender);
    uv_cond_destroy(&log->changed);
    uv_mutex_destroy(&log->lock);
    vd_free((char *)(uintptr_t)log->options.prefix);
    vd_free((char *)(uintptr_t)log->options.group);
    vd_free(log);
}

static void finish(struct vd_shard_log *log)
{
    void (*cb)(void *) = log->loop.close_cb;
    void *arg = log->options.arg;
    log_free(log);
    cb(arg);
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct vd_sender *sender = handle->data;
    finish(sender->arg);
}

static void on_tell_closed(uv_handle_t *handle)
{
    struct vd_shard_log *log = handle->data;
    if (log->loop.attached)
        uv_close((uv_handle_t *)&log->sender.wake, on_wake_closed);
    else
        finish(log);
}

static void settle_news(struct vd_shard_log *log, const struct vd_shard_log_news *news)
{
    const struct vd_shard_log_callbacks *callbacks = &log->options.callbacks;
    if (news->waiting && !log->loop.closing)
        callbacks->waiting(log->options.arg, news->waiting_why[0] != '\0' ? news->waiting_why : NULL);
    if (news->opened && !log->loop.closing)
        settle_opened(log);
    if (news->committed && !log->loop.closing)
        settle_committed(log);
    if (news->failed)
        fail(log, &news->trouble);
}

static void on_tell(uv_async_t *async)
{
    struct vd_shard_log *log = async->data;
    uv_mutex_lock(&log->lock);
    struct vd_shard_log_news news = log->news;
    log->news = (struct vd_shard_log_news){0};
    uv_mutex_unlock(&log->lock);
    settle_news(log, &news);
    if (news.ended) {
        uv_thread_join(&log->thread);
        uv_close((uv_handle_t *)&log->tell, on_tell_closed);
    }
}

/* ---- Sending and committing */

int vd_shard_log_put(struct vd_shard_log *log, const struct vd_record *record, void *opaque, int flags,
                     const char **why)
{
    assert(!log->loop.closing && record->header_count <= VD_RECORD_HEADERS_MAX);
    if (log->loop.state != VD_SHARD_LOG_READY) {
        *why = "no transaction is open";
        return VD_EUNAVAILABLE;
    }
    unsigned closes = log->loop.sent == 0 ? atomic_load(&log->closes) : 0;
    int result = vd_sender_send(&log->sender, record, opaque, flags, why);
    if (result < 0)
        return result;
    if (log->loop.sent++ == 0)
        log->loop.closes_before = closes;
    return 0;
}

int vd_shard_log_send(struct vd_shard_log *log, const struct vd_record *record, const char **why)
{
    return vd_shard_log_put(log, record, NULL, 0, why);
}

void vd_shard_log_commit(struct vd_shard_log *log)
{
    assert(!log->loop.closing);
    if (log->loop.state != VD_SHARD_LOG_READY || log->loop.doubt)
        return; /* `failed` is on its way */
    assert(log->loop.sent > 0);
    ask_for_commit(log);
}

bool vd_shard_log_committing(const struct vd_shard_log *log)
{
    return log->loop.state == VD_SHARD_LOG_COMMITTING;
}

/* ---- Birth and death */

static int log_init(struct vd_shard_log *log, const struct vd_shard_log_options *options, char *error)
{
    log->options = *options;
    log->options.prefix = vd_strdup(options->prefix);
    log->options.group = vd_strdup(options->group);
    uv_mutex_init(&log->lock);
    uv_cond_init(&log->changed);
    int result = vd_sender_init(&log->sender, log->options.prefix);
    if (log->options.prefix == NULL || log->options.group == NULL)
        return VD_ENOMEM;
    /* Here, so that a configuration that makes no sense is the caller's to hear of. */
    return result < 0 ? result : vd_shard_log_handle(log, error);
}

static void on_unborn_closed(uv_handle_t *handle)
{
    log_free(handle->data);
}

int vd_shard_log_open(struct vd_shard_log **out, const struct vd_shard_log_options *options, char *error)
{
    *error = '\0';
    struct vd_shard_log *log = vd_calloc(1, sizeof *log);
    if (log == NULL)
        return VD_ENOMEM;
    int result = log_init(log, options, error);
    if (result == 0 && uv_async_init(options->loop, &log->tell, on_tell) < 0)
        result = VD_EIO;
    if (result < 0) {
        log_free(log);
        return result;
    }
    log->tell.data = log;
    if (uv_thread_create(&log->thread, vd_shard_log_thread, log) < 0) {
        uv_close((uv_handle_t *)&log->tell, on_unborn_closed);
        return VD_ENOMEM;
    }
    *out = log;
    return 0;
}

void vd_shard_log_close(struct vd_shard_log *log, void (*cb)(void *arg))
{
    assert(!log->loop.closing);
    log->loop.closing = true;
    log->loop.close_cb = cb;
    if (log->loop.attached) {
        vd_sender_detach(&log->sender);
        vd_sender_purge(&log->sender);
    }
    uv_mutex_lock(&log->lock);
    atomic_store(&log->stop, true);
    uv_cond_signal(&log->changed);
    uv_mutex_unlock(&log->lock);
}
