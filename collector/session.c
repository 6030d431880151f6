/* One agent's connection; session.h tells its happy path and how it fails. */
#include "session.h"

#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

/* ACKs to an agent that does not read them may wait up to this; then the session ends. */
enum { QUEUED_LIMIT_BYTES = 512 * 1024, RETRY_SOON_MS = 250 };

/* A session that is silent for so long gives back its buffers: most are, most of the time. */
enum { REST_MS = 1000 };

struct session {
    struct vd_stream stream;
    struct conversation conversation;
    struct attachment attachments[VD_SESSION_STREAMS_MAX];
    const struct session_host *host;
    struct session_links links;
    struct shard *shard;
    uint64_t begun_ms, heard_ms, frame_begun_ms; /* loop time; frame_begun_ms 0: no frame is midway */
    bool open, closing;
};

struct session_links *session_links(struct session *s)
{
    return &s->links;
}

const char *session_address(const struct session *s)
{
    return s->stream.address;
}

bool session_authenticated(const struct session *s)
{
    return s->conversation.state == CONVERSATION_OPEN;
}

uint64_t session_behind(const struct session *s)
{
    return conversation_behind(&s->conversation);
}

size_t session_unfinished_bytes(const struct session *s)
{
    const struct vd_frame_reader *reader = &s->conversation.reader;
    return vd_frame_reader_midway(reader) || reader->on_hold ? vd_frame_reader_held_bytes(reader) : 0;
}

/* ---- The end */

static void on_closed(struct vd_stream *stream)
{
    struct session *s = stream->owner;
    s->host->closed(s->host->arg, s);
    conversation_deinit(&s->conversation);
    vd_free(s);
}

void session_drop(struct session *s)
{
    if (s->closing)
        return;
    s->closing = true;
    for (uint32_t i = 0; i < VD_SESSION_STREAMS_MAX; i++)
        shard_detach(&s->attachments[i]);
    vd_stream_close(&s->stream, on_closed);
}

static void log_session(struct session *s, enum vd_log_level level, const char *message, const char *why)
{
    const struct vd_identity *peer = vd_stream_peer(&s->stream);
    vd_log(level, message, VD_F_STR("peer", s->stream.address),
           VD_F_STR("tenant", peer != NULL ? peer->tenant : ""),
           VD_F_STR("agent", peer != NULL ? peer->name : ""), VD_F_STR("why", why));
}

static void write_out(struct session *s)
{
    struct vd_buffer *out = &s->conversation.out;
    if (vd_buffer_len(out) == 0)
        return;
    vd_stream_write(&s->stream, vd_buffer_bytes(out)); /* a failure comes as `ended` */
    vd_buffer_clear(out);
}

void session_end(struct session *s, enum vd_goodbye_code code, const char *reason, uint32_t retry_after_ms)
{
    if (s->closing)
        return;
    if (s->open) {
        conversation_goodbye(&s->conversation, code, reason, retry_after_ms);
        write_out(s);
    }
    log_session(s, code == VD_GOODBYE_SHUTDOWN || code == VD_GOODBYE_REPLACED ? VD_LOG_INFO : VD_LOG_WARN,
                "session ended", reason);
    session_drop(s);
}

void session_move(struct session *s)
{
    struct whereabouts where;
    if (s->closing || !session_authenticated(s))
        return;
    s->host->find(s->host->arg, vd_stream_peer(&s->stream), &where);
    if (where.address == NULL)
        return;
    conversation_go_to(&s->conversation, where.address, 0);
    s->host->metrics->sessions_sent_on++;
    write_out(s);
    log_session(s, VD_LOG_INFO, "session sent on", where.address);
    session_drop(s);
}

/* ---- Streams and their shard */

static void on_kept(struct attachment *a, uint64_t mark, size_t raw_bytes)
{
    struct session *s = a->owner;
    conversation_kept(&s->conversation, a->index, mark, raw_bytes);
    s->host->dirty(s->host->arg, s);
}

static const char FORKED[] = "two hosts continue this stream, or one went back in time";

static void on_lost(struct attachment *a, int error)
{
    struct session *s = a->owner;
    switch (error) {
    case SHARD_FORKED:
        conversation_forked(&s->conversation, a->index, a->forked_mark, FORKED);
        session_end(s, VD_GOODBYE_FORKED, FORKED, 0);
        break;
    case VD_EEXISTS:
        session_end(s, VD_GOODBYE_REPLACED, "a newer session offers the same stream", 0);
        break;
    case VD_EUNAVAILABLE:
        session_end(s, VD_GOODBYE_UNAVAILABLE, "the shard is taken over or recovers", RETRY_SOON_MS);
        break;
    default:
        session_end(s, VD_GOODBYE_UNAVAILABLE, "Kafka did not take a record", RETRY_SOON_MS);
        break;
    }
}

static struct shard_time time_now(void)
{
    return (struct shard_time){.real_ms = vd_clock_real_ms(), .monotonic_ns = vd_clock_monotonic_ns()};
}

/* False: the session has its GOODBYE. */
static bool attach(struct session *s, uint32_t index, const struct vd_stream_offer *offer,
                   struct vd_stream_mark *mark)
{
    struct attachment *a = &s->attachments[index];
    *a = (struct attachment){.index = index, .owner = s, .kept = on_kept, .lost = on_lost};
    int rc = shard_attach(s->shard, a, vd_stream_peer(&s->stream), offer, time_now(), mark);
    if (rc == SHARD_FORKED)
        conversation_forked(&s->conversation, index, mark->mark, FORKED);
    else if (rc == VD_EFULL)
        conversation_goodbye(&s->conversation, VD_GOODBYE_BUSY, "too many streams", RETRY_SOON_MS);
    else if (rc != 0)
        conversation_goodbye(&s->conversation, VD_GOODBYE_UNAVAILABLE, vd_error_text(rc), RETRY_SOON_MS);
    return rc == 0;
}

static void on_hello(void *arg, const struct vd_hello *hello)
{
    struct session *s = arg;
    struct whereabouts where;
    struct vd_stream_mark marks[VD_SESSION_STREAMS_MAX];
    s->host->find(s->host->arg, vd_stream_peer(&s->stream), &where);
    s->shard = where.shard;
    if (s->shard == NULL && where.address != NULL) {
        conversation_go_to(&s->conversation, where.address, 0);
        s->host->metrics->sessions_sent_on++;
        return;
    }
    if (s->shard == NULL) {
        conversation_goodbye(&s->conversation, VD_GOODBYE_UNAVAILABLE, where.why, where.retry_after_ms);
        return;
    }
    for (uint32_t i = 0; i < hello->stream_count; i++)
        if (!attach(s, i, &hello->streams[i], &marks[i]))
            return;
    if (conversation_welcome(&s->conversation, s->host->collector_name, marks) == 0) {
        s->host->metrics->sessions_opened++;
        log_session(s, VD_LOG_INFO, "session open", s->conversation.hello.agent_version);
    }
}

/* An error leaves the stream as it is: the agent has left it all the same, and whoever else has it goes on.
 */
static void on_forked(void *arg, uint32_t stream)
{
    struct session *s = arg;
    int rc = shard_fork(&s->attachments[stream], &s->conversation.hello.streams[stream], time_now());
    if (rc != 0)
        log_session(s, VD_LOG_WARN, "no FORK could be published", vd_error_text(rc));
}

static int on_batch(void *arg, struct vd_batch *batch, size_t raw_bytes)
{
    struct session *s = arg;
    struct attachment *a = &s->attachments[batch->head.stream];
    if (a->stream == NULL)
        return VD_ECLOSED;
    int rc = shard_take(a, batch, raw_bytes, time_now());
    s->host->served(s->host->arg, s);
    if (rc != 0 || !s->host->flow->stopped || s->closing)
        return rc;
    /* What is read already waits too. Paused are all; but this one may not have been reading yet then. */
    vd_stream_pause(&s->stream);
    return VD_FRAME_HOLD;
}

static const struct conversation_callbacks CONVERSATION_CALLBACKS = {
    .hello = on_hello, .forked = on_forked, .batch = on_batch};

/* ---- The stream */

static void on_open(struct vd_stream *stream)
{
    struct session *s = stream->owner;
    s->open = true;
    s->heard_ms = uv_now(s->host->net->loop);
}

static void end_after_feed(struct session *s)
{
    struct conversation *c = &s->conversation;
    bool violated = c->goodbye_code == VD_GOODBYE_PROTOCOL || c->goodbye_code == VD_GOODBYE_LIMIT ||
                    c->goodbye_code == VD_GOODBYE_SEQUENCE || c->goodbye_code == VD_GOODBYE_VERSION;
    s->host->metrics->sessions_violated += violated;
    log_session(s, violated ? VD_LOG_WARN : VD_LOG_INFO,
                violated ? "session violated the protocol" : "session ended", c->reason);
    write_out(s);
    session_drop(s);
}

/* frames: how many there were before. */
static void after_feed(struct session *s, int rc, uint64_t frames)
{
    uint64_t now = uv_now(s->host->net->loop);
    if (s->closing)
        return;
    if (rc != 0) {
        end_after_feed(s);
        return;
    }
    if (!vd_frame_reader_midway(&s->conversation.reader))
        s->frame_begun_ms = 0;
    else if (s->frame_begun_ms == 0 || s->conversation.frames != frames)
        s->frame_begun_ms = now;
    write_out(s);
}

static void on_data(struct vd_stream *stream, struct vd_bytes plain)
{
    struct session *s = stream->owner;
    if (s->closing)
        return;
    uint64_t frames = s->conversation.frames;
    s->heard_ms = uv_now(s->host->net->loop);
    after_feed(s, conversation_feed(&s->conversation, plain), frames);
}

static void on_ended(struct vd_stream *stream, int error)
{
    struct session *s = stream->owner;
    if (s->closing)
        return;
    if (!s->open)
        s->host->metrics->handshakes_failed++;
    log_session(s, error == VD_ECLOSED ? VD_LOG_INFO : VD_LOG_WARN,
                s->open ? "connection ended" : "handshake failed", vd_stream_reason(stream));
    session_drop(s);
}

static const struct vd_stream_callbacks STREAM_CALLBACKS = {
    .open = on_open, .data = on_data, .ended = on_ended};

struct session *session_accept(const struct session_host *host, uv_stream_t *listening)
{
    struct session *s = vd_calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->host = host;
    s->begun_ms = s->heard_ms = uv_now(host->net->loop);
    conversation_init(&s->conversation, host->limits, &CONVERSATION_CALLBACKS, s);
    struct vd_stream_options options = {.net = host->net,
                                        .tls = host->tls,
                                        .callbacks = &STREAM_CALLBACKS,
                                        .owner = s,
                                        .handshake_timeout_ms = host->handshake_timeout_ms,
                                        .queued_limit_bytes = QUEUED_LIMIT_BYTES};
    vd_stream_accept(&s->stream, &options, listening); /* what goes wrong comes as `ended` */
    return s;
}

/* ---- From the collector */

void session_flush(struct session *s)
{
    if (s->closing)
        return;
    if (conversation_ack(&s->conversation) != 0) {
        session_end(s, VD_GOODBYE_LIMIT, "the agent does not read its ACKs", 0);
        return;
    }
    write_out(s);
}

void session_pause(struct session *s)
{
    if (!s->closing)
        vd_stream_pause(&s->stream);
}

bool session_resume(struct session *s)
{
    bool was_paused = s->stream.paused && !s->closing;
    if (was_paused)
        vd_stream_resume(&s->stream);
    return was_paused;
}

bool session_on_hold(const struct session *s)
{
    return !s->closing && s->conversation.reader.on_hold;
}

void session_go_on(struct session *s)
{
    uint64_t frames = s->conversation.frames;
    after_feed(s, conversation_go_on(&s->conversation), frames);
    if (!s->closing && !s->conversation.reader.on_hold)
        vd_stream_resume(&s->stream);
}

void session_tick(struct session *s, uint64_t now_ms)
{
    const struct session_host *host = s->host;
    const char *why = NULL;
    if (s->closing || !s->open)
        return; /* the stream itself watches the handshake */
    if (now_ms - s->heard_ms > REST_MS)
        conversation_rest(&s->conversation);
    if (s->conversation.state == CONVERSATION_AWAITS_HELLO && now_ms - s->begun_ms > host->hello_timeout_ms)
        why = "no HELLO in time";
    else if (s->stream.paused)
        s->heard_ms = s->frame_begun_ms = now_ms; /* it is this side that does not read */
    else if (s->frame_begun_ms != 0 && vd_frame_reader_midway(&s->conversation.reader) &&
             now_ms - s->frame_begun_ms > host->frame_timeout_ms)
        why = "a frame took too long";
    else if (now_ms - s->heard_ms > host->idle_timeout_ms)
        why = "silent for too long";
    if (why == NULL)
        return;
    host->metrics->sessions_timed_out++;
    session_end(s, VD_GOODBYE_TIMEOUT, why, 0);
}
