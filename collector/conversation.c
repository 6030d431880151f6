/* The collector's half of the session protocol, bytes in and frames out. */
#include "conversation.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/gap.h>

/* ACKs and PONGs for a peer that does not read; over it the session ends. */
enum { OUT_LIMIT_BYTES = 256 * 1024 };

void conversation_init(struct conversation *c, const struct conversation_limits *limits,
                       const struct conversation_callbacks *callbacks, void *arg)
{
    *c = (struct conversation){.limits = limits, .callbacks = callbacks, .arg = arg};
    vd_frame_reader_init(&c->reader, limits->batch_max_bytes);
    vd_buffer_init(&c->out, OUT_LIMIT_BYTES);
}

void conversation_deinit(struct conversation *c)
{
    vd_frame_reader_deinit(&c->reader);
    vd_buffer_deinit(&c->out);
}

static void say_goodbye(struct conversation *c, struct vd_goodbye *goodbye, const char *reason)
{
    if (c->state == CONVERSATION_CLOSING)
        return;
    snprintf(goodbye->reason, sizeof goodbye->reason, "%s", reason);
    snprintf(c->reason, sizeof c->reason, "%s", reason);
    c->state = CONVERSATION_CLOSING;
    c->goodbye_code = goodbye->code;
    vd_goodbye_write(&c->out, goodbye); /* without room for it the peer learns from the closing alone */
}

void conversation_goodbye(struct conversation *c, enum vd_goodbye_code code, const char *reason,
                          uint32_t retry_after_ms)
{
    say_goodbye(c, &(struct vd_goodbye){.code = code, .retry_after_ms = retry_after_ms}, reason);
}

void conversation_go_to(struct conversation *c, const char *address, uint32_t retry_after_ms)
{
    if (c->state == CONVERSATION_CLOSING)
        return;
    struct vd_go_to go_to = {.address_count = 1, .retry_after_ms = retry_after_ms};
    snprintf(go_to.addresses[0], sizeof go_to.addresses[0], "%s", address);
    snprintf(c->reason, sizeof c->reason, "sent on to %.200s", address);
    c->state = CONVERSATION_CLOSING;
    vd_go_to_write(&c->out, &go_to);
}

void conversation_forked(struct conversation *c, uint32_t stream, uint64_t mark, const char *reason)
{
    say_goodbye(c,
                &(struct vd_goodbye){.code = VD_GOODBYE_FORKED, .forked = {.stream = stream, .mark = mark}},
                reason);
}

/* One place where a peer is found wrong: says why, and ends the session. */
static int violation(struct conversation *c, enum vd_goodbye_code code, const char *reason)
{
    conversation_goodbye(c, code, reason, 0);
    return VD_EPROTOCOL;
}

static int on_hello(struct conversation *c, struct vd_bytes payload)
{
    if (vd_hello_read(&c->hello, payload) != 0)
        return violation(c, VD_GOODBYE_PROTOCOL, "malformed or impossible HELLO");
    if (c->hello.version_min > VD_SESSION_VERSION || c->hello.version_max < VD_SESSION_VERSION)
        return violation(c, VD_GOODBYE_VERSION, "this collector speaks session version 1");
    c->callbacks->hello(c->arg, &c->hello);
    return c->state == CONVERSATION_CLOSING ? VD_EPROTOCOL : 0;
}

uint64_t conversation_behind(const struct conversation *c)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; c->state == CONVERSATION_OPEN && i < c->hello.stream_count; i++) {
        const struct conversation_stream *stream = &c->streams[i];
        uint64_t behind = stream->end > stream->next ? stream->end - stream->next : 0;
        sum += behind < UINT32_MAX ? behind : UINT32_MAX; /* told by a peer: sums must not run over */
    }
    return sum;
}

/* What may be under way: a backlog waits for the streams that are live. */
static uint32_t window_bytes(const struct conversation *c)
{
    return conversation_behind(c) > CONVERSATION_BACKLOG_EVENTS ? c->limits->backlog_credit_bytes
                                                                : c->limits->credit_bytes;
}

int conversation_welcome(struct conversation *c, const char *collector, const struct vd_stream_mark *marks)
{
    assert(c->state == CONVERSATION_AWAITS_HELLO);
    struct vd_welcome welcome = {.version = VD_SESSION_VERSION,
                                 .mark_count = c->hello.stream_count,
                                 .batch_max_bytes = c->limits->batch_max_bytes,
                                 .batch_max_events = c->limits->batch_max_events,
                                 .event_max_bytes = c->limits->event_max_bytes,
                                 .idle_timeout_ms = c->limits->idle_timeout_ms};
    snprintf(welcome.collector, sizeof welcome.collector, "%s", collector);
    for (uint32_t i = 0; i < c->hello.stream_count; i++) {
        uint64_t mark = marks[i].mark, first = c->hello.streams[i].first;
        welcome.marks[i] = (struct vd_stream_mark){.stream = i, .mark = mark, .chain = marks[i].chain};
        c->streams[i] = (struct conversation_stream){
            .mark = mark, .next = mark + 1 > first ? mark + 1 : first, .end = c->hello.streams[i].next};
    }
    c->reader.batch_allowed = true;
    c->state = CONVERSATION_OPEN;
    welcome.credit_limit_bytes = c->credit_limit_bytes = window_bytes(c);
    return vd_welcome_write(&c->out, &welcome);
}

/* What is wrong with the numbers of a batch; NULL if nothing. A hole is taken only from a GAP that tells of
 * it. */
static const char *sequence_fault(const struct conversation_stream *stream, struct vd_batch batch)
{
    struct vd_bytes event;
    struct vd_gap gap;
    const struct vd_batch_head *head = &batch.head;
    if (head->first_seq - head->lost != stream->next)
        return "a BATCH that does not follow the one before";
    if (head->lost == 0)
        return NULL;
    if (!vd_batch_next(&batch, &event) || !vd_gap_read(&gap, event))
        return "a hole without a GAP";
    return gap.from <= stream->next && gap.to >= head->first_seq - 1 ? NULL
                                                                     : "a GAP that tells of other numbers";
}

static int on_batch(struct conversation *c, struct vd_bytes payload)
{
    struct vd_batch batch;
    struct vd_batch_limits limits = {c->limits->batch_max_events, c->limits->event_max_bytes};
    int rc = vd_batch_read(&batch, payload, &limits);
    if (rc == VD_ELIMIT)
        return violation(c, VD_GOODBYE_LIMIT, "a BATCH with too many or too large events");
    if (rc != 0)
        return violation(c, VD_GOODBYE_PROTOCOL, "malformed BATCH");
    if (batch.head.stream >= c->hello.stream_count)
        return violation(c, VD_GOODBYE_PROTOCOL, "a BATCH of a stream that HELLO did not offer");
    c->received_bytes += payload.len;
    if (c->received_bytes > c->credit_limit_bytes)
        return violation(c, VD_GOODBYE_LIMIT, "a BATCH beyond the credit");
    struct conversation_stream *stream = &c->streams[batch.head.stream];
    const char *fault = sequence_fault(stream, batch);
    if (fault != NULL)
        return violation(c, VD_GOODBYE_SEQUENCE, fault);
    stream->next = batch.head.first_seq + batch.event_count;
    if (batch.head.next > stream->end)
        stream->end = batch.head.next;
    rc = c->callbacks->batch(c->arg, &batch, payload.len);
    if (rc < 0 && c->state != CONVERSATION_CLOSING)
        conversation_goodbye(c, VD_GOODBYE_INTERNAL, vd_error_text(rc), 0);
    return rc;
}

static int on_ping(struct conversation *c, struct vd_bytes payload)
{
    uint64_t value;
    if (vd_ping_read(&value, payload) != 0)
        return violation(c, VD_GOODBYE_PROTOCOL, "malformed PING");
    return vd_ping_write(&c->out, VD_FRAME_PONG, value);
}

static int on_peer_goodbye(struct conversation *c, struct vd_bytes payload)
{
    struct vd_goodbye goodbye;
    if (vd_goodbye_read(&goodbye, payload) != 0)
        return violation(c, VD_GOODBYE_PROTOCOL, "malformed GOODBYE");
    bool forked = goodbye.code == VD_GOODBYE_FORKED && c->state == CONVERSATION_OPEN;
    if (forked && goodbye.forked.stream >= c->hello.stream_count)
        return violation(c, VD_GOODBYE_PROTOCOL, "a GOODBYE of a stream that HELLO did not offer");
    c->state = CONVERSATION_CLOSING;
    c->goodbye_code = goodbye.code;
    snprintf(c->reason, sizeof c->reason, "%s", goodbye.reason);
    if (forked)
        c->callbacks->forked(c->arg, goodbye.forked.stream);
    return VD_ECLOSED;
}

static int on_frame(void *arg, enum vd_frame_type type, struct vd_bytes payload)
{
    struct conversation *c = arg;
    uint64_t value;
    c->frames++;
    if (c->state == CONVERSATION_CLOSING)
        return VD_ECLOSED;
    if (type == VD_FRAME_GOODBYE)
        return on_peer_goodbye(c, payload);
    if (c->state == CONVERSATION_AWAITS_HELLO)
        return type == VD_FRAME_HELLO ? on_hello(c, payload)
                                      : violation(c, VD_GOODBYE_PROTOCOL, "HELLO must come first");
    switch (type) {
    case VD_FRAME_BATCH:
        return on_batch(c, payload);
    case VD_FRAME_PING:
        return on_ping(c, payload);
    case VD_FRAME_PONG:
        return vd_ping_read(&value, payload) == 0 ? 0 : violation(c, VD_GOODBYE_PROTOCOL, "malformed PONG");
    default:
        return violation(c, VD_GOODBYE_PROTOCOL, "a frame that only a collector sends, or a second HELLO");
    }
}

/* What the reader found wrong, a GOODBYE says. */
static int judge(struct conversation *c, int rc)
{
    if (rc != 0 && c->state != CONVERSATION_CLOSING) {
        bool limit = rc == VD_ELIMIT;
        violation(c,
                  rc == VD_EUNSUPPORTED ? VD_GOODBYE_VERSION
                  : limit               ? VD_GOODBYE_LIMIT
                                        : VD_GOODBYE_PROTOCOL,
                  limit ? "a frame over its limit" : "a malformed frame");
    }
    return rc;
}

int conversation_feed(struct conversation *c, struct vd_bytes bytes)
{
    return judge(c, vd_frame_reader_feed(&c->reader, bytes, on_frame, c));
}

int conversation_go_on(struct conversation *c)
{
    return judge(c, vd_frame_reader_go_on(&c->reader, on_frame, c));
}

void conversation_rest(struct conversation *c)
{
    vd_frame_reader_rest(&c->reader);
    vd_buffer_release_idle(&c->out);
}

void conversation_kept(struct conversation *c, uint32_t stream, uint64_t mark, size_t raw_bytes)
{
    assert(stream < c->hello.stream_count);
    c->kept_bytes += raw_bytes;
    /* An earlier session may have sent more than this one has so far: an agent is told of what it sent here.
     */
    if (mark >= c->streams[stream].next)
        mark = c->streams[stream].next - 1;
    if (mark > c->streams[stream].mark) {
        c->streams[stream].mark = mark;
        c->moved |= 1u << stream;
    }
}

int conversation_ack(struct conversation *c)
{
    uint64_t limit = c->kept_bytes + window_bytes(c);
    if (limit < c->credit_limit_bytes)
        limit = c->credit_limit_bytes; /* it never falls: a smaller window is reached by not raising it */
    if (c->state != CONVERSATION_OPEN || (c->moved == 0 && limit == c->credit_limit_bytes))
        return 0;
    struct vd_ack ack = {.credit_limit_bytes = limit};
    for (uint32_t i = 0; i < c->hello.stream_count; i++)
        if (c->moved & 1u << i)
            ack.marks[ack.mark_count++] = (struct vd_stream_mark){.stream = i, .mark = c->streams[i].mark};
    c->moved = 0;
    c->credit_limit_bytes = limit;
    return vd_ack_write(&c->out, &ack);
}
