/* A session over the network; link.h tells its happy path and how it fails. */
#include <vedette/link.h>

#include <assert.h>
#include <stdio.h>
#include <vedette/error.h>

enum { QUEUED_LIMIT_BYTES = 4 * 1024 * 1024 };

static void finish_close(struct vd_link *l)
{
    if (l->stream_live || l->resolver_live || l->timer_live)
        return;
    vd_client_deinit(&l->client);
    l->on_close(l);
}

static void on_timer(uv_timer_t *timer);

/* ---- The end: told once */

static void tell_down(struct vd_link *l, const struct vd_link_end *end)
{
    if (l->is_down || l->closing)
        return;
    l->is_down = true;
    l->is_up = false;
    l->options.callbacks->down(l, end);
}

static void fail(struct vd_link *l, int error, const char *why)
{
    /* A bug or a setting, here or there, does not mend itself soon: PROTOCOL.md section 5, "backs off". */
    bool soon = error != VD_EIDENTITY && error != VD_EPROTOCOL && error != VD_EMALFORMED;
    struct vd_link_end end = {.error = error, .why = why, .retry = soon};
    tell_down(l, &end);
}

/* ---- The session */

/* Everything that the client has to say goes out; false: the stream has ended. */
static bool flush(struct vd_link *l)
{
    struct vd_buffer *out = &l->client.out;
    if (vd_buffer_len(out) == 0)
        return true;
    int rc = vd_stream_write(&l->stream, vd_buffer_bytes(out));
    vd_buffer_clear(out);
    l->said_ms = uv_now(l->options.net->loop);
    return rc == 0;
}

static void on_welcome(void *arg, const struct vd_welcome *welcome)
{
    struct vd_link *l = arg;
    /* Three signs of life within what the collector tolerates of silence (PROTOCOL.md section 4). */
    uint64_t often_ms = welcome->idle_timeout_ms / 3;
    if (often_ms > 0 && l->options.heartbeat_ms > often_ms) {
        l->options.heartbeat_ms = often_ms;
        uv_timer_start(&l->timer, on_timer, often_ms / 2 + 1, often_ms / 2 + 1);
    }
    l->is_up = true;
    l->options.callbacks->up(l);
}

static void on_ack(void *arg, const struct vd_ack *ack)
{
    struct vd_link *l = arg;
    if (!l->closing && !l->is_down)
        l->options.callbacks->acked(l, ack);
}

static void on_go_to(void *arg, const struct vd_go_to *go_to)
{
    struct vd_link *l = arg;
    struct vd_link_end end = {.error = VD_ECLOSED,
                              .why = "the collector sends this session elsewhere",
                              .retry_after_ms = go_to->retry_after_ms,
                              .retry = true,
                              .go_to = go_to};
    tell_down(l, &end);
}

static void on_goodbye(void *arg, const struct vd_goodbye *goodbye)
{
    struct vd_link *l = arg;
    char why[VD_SESSION_TEXT_BYTES + 64];
    snprintf(why, sizeof why, "goodbye %u (%s): %s", goodbye->code, vd_goodbye_text(goodbye->code),
             goodbye->reason);
    struct vd_link_end end = {.error = VD_ECLOSED,
                              .why = why,
                              .retry_after_ms = goodbye->retry_after_ms,
                              .retry = vd_goodbye_retry(goodbye->code),
                              .forked = goodbye->code == VD_GOODBYE_FORKED ? &goodbye->forked : NULL};
    tell_down(l, &end);
}

static const struct vd_client_callbacks CLIENT_CALLBACKS = {
    .welcome = on_welcome, .ack = on_ack, .go_to = on_go_to, .goodbye = on_goodbye};

/* ---- The stream */

static void on_open(struct vd_stream *s)
{
    struct vd_link *l = s->owner;
    int rc = vd_client_hello(&l->client, &l->options.hello);
    if (rc != 0)
        fail(l, rc, "no HELLO could be made");
    else
        flush(l);
}

static void on_data(struct vd_stream *s, struct vd_bytes plain)
{
    struct vd_link *l = s->owner;
    if (l->closing || l->is_down)
        return;
    l->heard_ms = uv_now(l->options.net->loop);
    int rc = vd_client_feed(&l->client, plain);
    if (rc != 0) {
        vd_client_goodbye(&l->client, VD_GOODBYE_PROTOCOL, vd_error_text(rc));
        flush(l);
        fail(l, rc, "the collector broke the session protocol");
    } else if (!l->closing) {
        flush(l);
    }
}

static void on_drained(struct vd_stream *s)
{
    struct vd_link *l = s->owner;
    if (l->is_up && !l->closing)
        l->options.callbacks->drained(l);
}

static int try_next_address(struct vd_link *l);

static void on_stream_retired(struct vd_stream *s)
{
    struct vd_link *l = s->owner;
    l->stream_live = l->stream_closing = false;
    if (l->closing)
        finish_close(l);
    else if (try_next_address(l) != 0)
        fail(l, VD_EIO, "no address of the collector could be tried");
}

static void on_ended(struct vd_stream *s, int error)
{
    struct vd_link *l = s->owner;
    /* A name may stand for several addresses: only the last one's failure is the link's. */
    bool connected = l->client.state != VD_CLIENT_NEW || error == VD_ETLS || error == VD_EIDENTITY;
    if (!connected && l->trying + 1 < l->address_count && !l->closing) {
        l->trying++;
        l->stream_closing = true;
        vd_stream_close(s, on_stream_retired);
        return;
    }
    fail(l, error, vd_stream_reason(s));
}

static const struct vd_stream_callbacks STREAM_CALLBACKS = {
    .open = on_open, .data = on_data, .drained = on_drained, .ended = on_ended};

static int try_next_address(struct vd_link *l)
{
    struct vd_stream_options options = {.net = l->options.net,
                                        .tls = l->options.tls,
                                        .callbacks = &STREAM_CALLBACKS,
                                        .owner = l,
                                        .handshake_timeout_ms = l->options.connect_timeout_ms,
                                        .queued_limit_bytes = QUEUED_LIMIT_BYTES};
    int rc = vd_stream_connect(&l->stream, &options, (const struct sockaddr *)&l->addresses[l->trying]);
    l->stream_live = rc == 0;
    return rc;
}

static void keep_addresses(struct vd_link *l, const struct addrinfo *found)
{
    for (; found != NULL && l->address_count < VD_LINK_ADDRESSES_MAX; found = found->ai_next)
        if (found->ai_addrlen <= sizeof *l->addresses)
            memcpy(&l->addresses[l->address_count++], found->ai_addr, found->ai_addrlen);
}

static void on_resolved(struct vd_resolver *r, int error, const struct addrinfo *found)
{
    struct vd_link *l = r->owner;
    l->resolver_live = false;
    if (l->closing) {
        finish_close(l);
        return;
    }
    if (error == 0) {
        keep_addresses(l, found);
        error = l->address_count == 0 ? VD_ENOTFOUND : try_next_address(l);
    }
    if (error != 0)
        fail(l, error, "the collector's name has no address");
}

/* ---- Time */

static void on_timer(uv_timer_t *timer)
{
    struct vd_link *l = timer->data;
    uint64_t now = uv_now(timer->loop);
    if (l->is_down || l->closing)
        return;
    if (!l->is_up) {
        fail(l, VD_ETIMEOUT, "no WELCOME in time");
        return;
    }
    if (now - l->heard_ms >= 2 * l->options.heartbeat_ms) {
        fail(l, VD_ETIMEOUT, "the collector has fallen silent");
        return;
    }
    if (now - l->said_ms >= l->options.heartbeat_ms || now - l->heard_ms >= l->options.heartbeat_ms) {
        vd_client_ping(&l->client, now);
        flush(l);
    }
}

/* ---- The owner's calls */

static void on_timer_closed(uv_handle_t *handle)
{
    struct vd_link *l = handle->data;
    l->timer_live = false;
    finish_close(l);
}

int vd_link_open(struct vd_link *l, const struct vd_link_options *options)
{
    *l = (struct vd_link){.options = *options};
    vd_client_init(&l->client, &CLIENT_CALLBACKS, l);
    int rc = vd_resolver_start(&l->resolver, options->net->loop, &options->address, on_resolved, l);
    if (rc != 0) {
        vd_client_deinit(&l->client);
        return rc;
    }
    l->resolver_live = true;
    uv_timer_init(options->net->loop, &l->timer);
    l->timer.data = l;
    l->timer_live = true;
    l->heard_ms = l->said_ms = uv_now(options->net->loop);
    uint64_t beat_ms = options->heartbeat_ms / 2 > 0 ? options->heartbeat_ms / 2 : 1;
    uv_timer_start(&l->timer, on_timer, options->connect_timeout_ms + beat_ms, beat_ms);
    return 0;
}

size_t vd_link_room(const struct vd_link *l)
{
    if (!l->is_up || l->closing || vd_stream_queued_bytes(&l->stream) > 0)
        return 0;
    return vd_client_batch_room(&l->client);
}

int vd_link_send(struct vd_link *l, const struct vd_batch_head *head, struct vd_bytes payload,
                 uint32_t event_count)
{
    if (!l->is_up || l->closing)
        return VD_ECLOSED;
    if (vd_stream_queued_bytes(&l->stream) > 0)
        return VD_EFULL;
    int rc = vd_client_send(&l->client, head, payload, event_count);
    if (rc == 0 && !flush(l))
        rc = VD_ECLOSED;
    return rc;
}

void vd_link_fork(struct vd_link *l, uint32_t stream)
{
    struct vd_stream_mark forked = {.stream = stream, .mark = l->client.marks[stream]};
    struct vd_link_end end = {.error = VD_ECLOSED,
                              .why = "the collector has another history of the stream",
                              .retry = true,
                              .forked = &forked};
    if (l->is_down || l->closing)
        return;
    if (vd_client_forked(&l->client, stream) == 0)
        flush(l);
    tell_down(l, &end);
}

void vd_link_close(struct vd_link *l, enum vd_goodbye_code code, void (*cb)(struct vd_link *l))
{
    assert(!l->closing);
    if (code != 0 && l->is_up && vd_client_goodbye(&l->client, code, vd_goodbye_text(code)) == 0)
        flush(l);
    l->closing = true;
    l->on_close = cb;
    if (l->resolver_live)
        vd_resolver_cancel(&l->resolver);
    if (l->stream_live && !l->stream_closing)
        vd_stream_close(&l->stream, on_stream_retired);
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}
