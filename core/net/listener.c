/* Accepts at a bounded rate.
 *
 * Happy path: libuv announces a connection → a token is taken from the bucket → the owner accepts it.
 * With the bucket empty the connection stays unaccepted, and libuv announces no other until it is: the rest
 * of the crowd waits in the kernel's backlog. A timer fires when the next token is there. The bucket holds a
 * second's worth. */
#include <vedette/listener.h>

#include <stdio.h>
#include <vedette/connector.h>
#include <vedette/error.h>

#include "address.h"

/* Tokens are counted in thousandths, so that a millisecond brings rate_per_s of them. */
enum { TOKEN = 1000 };

static void refill(struct vd_listener *l)
{
    uint64_t now_ms = uv_now(l->tcp.loop), most = (uint64_t)l->rate_per_s * TOKEN;
    uint64_t elapsed_ms = now_ms - l->refilled_ms;
    l->refilled_ms = now_ms;
    /* A full second fills it: no need to count further, nor room to overflow. */
    l->tokens += (elapsed_ms < 1000 ? elapsed_ms : 1000) * l->rate_per_s;
    if (l->tokens > most)
        l->tokens = most;
}

static void let_in(struct vd_listener *l);

static void on_refill(uv_timer_t *timer)
{
    let_in(timer->data);
}

static void let_in(struct vd_listener *l)
{
    if (l->rate_per_s > 0) {
        refill(l);
        if (l->tokens < TOKEN) {
            uint64_t wait_ms = (TOKEN - l->tokens + l->rate_per_s - 1) / l->rate_per_s;
            uv_timer_start(&l->refill, on_refill, wait_ms, 0);
            return;
        }
        l->tokens -= TOKEN;
    }
    l->on_connection(l);
}

static void on_announced(uv_stream_t *tcp, int status)
{
    /* A connection that died before it was accepted is nobody's loss. */
    if (status == 0)
        let_in(tcp->data);
}

/* Names are not resolved here: where to listen must not depend on a name server. */
static int to_socket_address(const char *text, struct sockaddr_storage *out)
{
    struct vd_address address;
    if (vd_address_parse(&address, text) != 0)
        return VD_EINVAL;
    int port = 0;
    for (const char *digit = address.port; *digit != '\0'; digit++)
        port = port * 10 + (*digit - '0');
    if (text[0] == '[')
        return uv_ip6_addr(address.host, port, (struct sockaddr_in6 *)out) == 0 ? 0 : VD_EINVAL;
    return uv_ip4_addr(address.host, port, (struct sockaddr_in *)out) == 0 ? 0 : VD_EINVAL;
}

/* libuv tells that a port is taken only when it listens, not when it binds. */
static int start_listening(struct vd_listener *l, const struct sockaddr_storage *address, unsigned backlog)
{
    struct sockaddr_storage chosen;
    int len = sizeof chosen;
    int rc = uv_tcp_bind(&l->tcp, (const struct sockaddr *)address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&l->tcp, (int)backlog, on_announced);
    if (rc == 0)
        rc = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&chosen, &len);
    if (rc != 0)
        return vd_error_from_errno(rc);
    vd_address_text((struct sockaddr *)&chosen, l->address, sizeof l->address);
    return 0;
}

int vd_listener_start(struct vd_listener *l, uv_loop_t *loop, const char *address, unsigned backlog,
                      unsigned rate_per_s, void (*on_connection)(struct vd_listener *l), void *owner)
{
    struct sockaddr_storage where = {0};
    *l = (struct vd_listener){.on_connection = on_connection, .owner = owner, .rate_per_s = rate_per_s};
    l->tokens = (uint64_t)rate_per_s * TOKEN;
    if (to_socket_address(address, &where) != 0)
        return VD_EINVAL;
    uv_tcp_init(loop, &l->tcp);
    uv_timer_init(loop, &l->refill);
    l->tcp.data = l->refill.data = l;
    l->refilled_ms = uv_now(loop);
    l->handles_open = 2;
    int rc = start_listening(l, &where, backlog);
    if (rc != 0)
        vd_listener_close(l, NULL);
    return rc;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct vd_listener *l = handle->data;
    if (--l->handles_open == 0 && l->on_close != NULL)
        l->on_close(l);
}

void vd_listener_close(struct vd_listener *l, void (*cb)(struct vd_listener *l))
{
    l->on_close = cb;
    uv_close((uv_handle_t *)&l->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&l->refill, on_handle_closed);
}
