/* The agent's half of the session protocol, bytes in and frames out. */
#include <vedette/client.h>

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>

/* One BATCH as it is stored, and room for control frames beside it. */
enum { OUT_LIMIT_BYTES = VD_FRAME_BATCH_MAX_BYTES + 64 * 1024 };

void vd_client_init(struct vd_client *c, const struct vd_client_callbacks *callbacks, void *arg)
{
    *c = (struct vd_client){.callbacks = callbacks, .arg = arg};
    vd_frame_reader_init(&c->reader, 0);
    vd_buffer_init(&c->out, OUT_LIMIT_BYTES);
}

void vd_client_deinit(struct vd_client *c)
{
    vd_frame_reader_deinit(&c->reader);
    vd_buffer_deinit(&c->out);
}

int vd_client_hello(struct vd_client *c, const struct vd_hello *hello)
{
    assert(c->state == VD_CLIENT_NEW);
    c->hello = *hello;
    c->state = VD_CLIENT_HELLO_SENT;
    return vd_hello_write(&c->out, hello);
}

/* A mark must lie within what this side has, or the two do not speak of the same stream. */
static int take_mark(struct vd_client *c, const struct vd_stream_mark *mark, bool welcome)
{
    if (mark->stream >= c->hello.stream_count)
        return VD_EPROTOCOL;
    uint64_t highest = welcome ? c->hello.streams[mark->stream].next - 1 : c->next[mark->stream] - 1;
    if (mark->mark > highest || mark->mark < c->marks[mark->stream])
        return VD_EPROTOCOL;
    c->marks[mark->stream] = mark->mark;
    return 0;
}

static int on_welcome(struct vd_client *c, struct vd_bytes payload)
{
    struct vd_welcome *w = &c->welcome;
    int rc = vd_welcome_read(w, payload);
    if (rc != 0)
        return rc;
    if (w->version < c->hello.version_min || w->version > c->hello.version_max ||
        w->mark_count != c->hello.stream_count)
        return VD_EPROTOCOL;
    for (uint32_t i = 0; i < w->mark_count; i++) {
        if (w->marks[i].stream != i || take_mark(c, &w->marks[i], true) != 0)
            return VD_EPROTOCOL;
        uint64_t first = c->hello.streams[i].first;
        c->next[i] = c->marks[i] + 1 > first ? c->marks[i] + 1 : first;
    }
    c->credit_limit_bytes = w->credit_limit_bytes;
    if (w->batch_max_bytes > VD_FRAME_BATCH_MAX_BYTES)
        w->batch_max_bytes = VD_FRAME_BATCH_MAX_BYTES;
    c->state = VD_CLIENT_OPEN;
    c->callbacks->welcome(c->arg, w);
    return 0;
}

static int on_ack(struct vd_client *c, struct vd_bytes payload)
{
    struct vd_ack ack;
    int rc = vd_ack_read(&ack, payload);
    for (uint32_t i = 0; rc == 0 && i < ack.mark_count; i++)
        rc = take_mark(c, &ack.marks[i], false);
    if (rc != 0)
        return rc;
    if (ack.credit_limit_bytes > c->credit_limit_bytes)
        c->credit_limit_bytes = ack.credit_limit_bytes;
    c->callbacks->ack(c->arg, &ack);
    return 0;
}

static int on_ping(struct vd_client *c, struct vd_bytes payload)
{
    uint64_t value;
    int rc = vd_ping_read(&value, payload);
    return rc != 0 ? rc : vd_ping_write(&c->out, VD_FRAME_PONG, value);
}

static int on_goodbye(struct vd_client *c, struct vd_bytes payload)
{
    struct vd_goodbye goodbye;
    int rc = vd_goodbye_read(&goodbye, payload);
    if (rc != 0)
        return rc;
    if (goodbye.code == VD_GOODBYE_FORKED && goodbye.forked.stream >= c->hello.stream_count)
        return VD_EPROTOCOL;
    c->state = VD_CLIENT_CLOSING;
    c->callbacks->goodbye(c->arg, &goodbye);
    return 0;
}

static int on_go_to(struct vd_client *c, struct vd_bytes payload)
{
    struct vd_go_to go_to;
    int rc = vd_go_to_read(&go_to, payload);
    if (rc != 0)
        return rc;
    c->state = VD_CLIENT_CLOSING;
    c->callbacks->go_to(c->arg, &go_to);
    return 0;
}

/* Which frame is welcome in which state. */
static int on_frame(void *arg, enum vd_frame_type type, struct vd_bytes payload)
{
    struct vd_client *c = arg;
    uint64_t value;
    if (c->state == VD_CLIENT_CLOSING)
        return 0;
    if (type == VD_FRAME_GOODBYE)
        return on_goodbye(c, payload);
    if (type == VD_FRAME_GO_TO)
        return on_go_to(c, payload);
    if (c->state == VD_CLIENT_HELLO_SENT)
        return type == VD_FRAME_WELCOME ? on_welcome(c, payload) : VD_EPROTOCOL;
    switch (type) {
    case VD_FRAME_ACK:
        return on_ack(c, payload);
    case VD_FRAME_PING:
        return on_ping(c, payload);
    case VD_FRAME_PONG:
        return vd_ping_read(&value, payload);
    default:
        return VD_EPROTOCOL;
    }
}

int vd_client_feed(struct vd_client *c, struct vd_bytes bytes)
{
    if (c->state == VD_CLIENT_NEW)
        return VD_EPROTOCOL;
    return vd_frame_reader_feed(&c->reader, bytes, on_frame, c);
}

size_t vd_client_batch_room(const struct vd_client *c)
{
    if (c->state != VD_CLIENT_OPEN || c->credit_limit_bytes <= c->sent_bytes)
        return 0;
    uint64_t credit = c->credit_limit_bytes - c->sent_bytes;
    return credit < c->welcome.batch_max_bytes ? (size_t)credit : c->welcome.batch_max_bytes;
}

int vd_client_send(struct vd_client *c, const struct vd_batch_head *head, struct vd_bytes payload,
                   uint32_t event_count)
{
    assert(head->stream < c->hello.stream_count);
    assert(head->first_seq - head->lost == c->next[head->stream]);
    if (payload.len > vd_client_batch_room(c) || event_count > c->welcome.batch_max_events)
        return VD_ELIMIT;
    int rc = vd_frame_write(&c->out, VD_FRAME_BATCH, payload);
    if (rc != 0)
        return rc;
    c->sent_bytes += payload.len;
    c->next[head->stream] = head->first_seq + event_count;
    return 0;
}

int vd_client_ping(struct vd_client *c, uint64_t value)
{
    return c->state == VD_CLIENT_OPEN ? vd_ping_write(&c->out, VD_FRAME_PING, value) : VD_EPROTOCOL;
}

static int say_goodbye(struct vd_client *c, struct vd_goodbye *goodbye, const char *reason)
{
    if (c->state != VD_CLIENT_HELLO_SENT && c->state != VD_CLIENT_OPEN)
        return 0;
    snprintf(goodbye->reason, sizeof goodbye->reason, "%s", reason);
    c->state = VD_CLIENT_CLOSING;
    return vd_goodbye_write(&c->out, goodbye);
}

int vd_client_forked(struct vd_client *c, uint32_t stream)
{
    assert(stream < c->hello.stream_count);
    struct vd_goodbye goodbye = {.code = VD_GOODBYE_FORKED,
                                 .forked = {.stream = stream, .mark = c->marks[stream]}};
    return say_goodbye(c, &goodbye, "another history up to the mark");
}

int vd_client_goodbye(struct vd_client *c, enum vd_goodbye_code code, const char *reason)
{
    return say_goodbye(c, &(struct vd_goodbye){.code = code}, reason);
}
