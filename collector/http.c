/* libmicrohttpd without a thread: its epoll descriptor is watched by the loop, which lets it run when there
 * is something.
 *
 * Happy path: a scrape comes → the descriptor is readable → MHD_run → our answer. How it fails: a client that
 * stalls is dropped by MHD's time limit; over the limit of connections new ones wait in the backlog. */
#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <vedette/connector.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { CONNECTIONS_MAX = 16, CLIENT_TIMEOUT_S = 10, PAGE_LIMIT_BYTES = 256 * 1024, TICK_MS = 1000 };

struct http {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t tick; /* so that stalled clients are dropped */
    struct http_callbacks callbacks;
    void *arg;
    void (*on_close)(void *arg);
    unsigned handles_open;
    char address[300];
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct vd_bytes body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    (void)version, (void)upload, (void)upload_len, (void)state;
    struct http *h = arg;
    const struct {
        const char *path;
        bool (*write)(void *arg, struct vd_buffer *out);
    } pages[] = {
        {"/metrics", h->callbacks.metrics}, {"/livez", h->callbacks.live}, {"/readyz", h->callbacks.ready}};
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, vd_bytes_str("only GET\n"));
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(url, pages[i].path) != 0)
            continue;
        struct vd_buffer out;
        vd_buffer_init(&out, PAGE_LIMIT_BYTES);
        bool good = pages[i].write(h->arg, &out);
        enum MHD_Result rc =
            answer(connection, good ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, vd_buffer_bytes(&out));
        vd_buffer_deinit(&out);
        return rc;
    }
    return answer(connection, MHD_HTTP_NOT_FOUND, vd_bytes_str("there are /metrics, /livez and /readyz\n"));
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct http *h = poll->data;
    MHD_run(h->daemon);
}

static void on_tick(uv_timer_t *timer)
{
    struct http *h = timer->data;
    MHD_run(h->daemon);
}

static int start_daemon(struct http *h, const char *address)
{
    struct vd_address parsed;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (vd_address_parse(&parsed, address) != 0 || getaddrinfo(parsed.host, parsed.port, &hints, &found) != 0)
        return VD_EINVAL;
    unsigned flags = MHD_USE_EPOLL | (found->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
    errno = 0;
    h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR, found->ai_addr,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CLIENT_TIMEOUT_S, MHD_OPTION_END);
    int error = errno;
    freeaddrinfo(found);
    if (h->daemon == NULL)
        return error != 0 ? vd_error_from_errno(error) : VD_EIO;
    const union MHD_DaemonInfo *port = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(h->address, sizeof h->address, strchr(parsed.host, ':') != NULL ? "[%s]:%u" : "%s:%u",
             parsed.host, port != NULL ? (unsigned)port->port : 0u);
    return 0;
}

int http_start(struct http **out, uv_loop_t *loop, const char *address,
               const struct http_callbacks *callbacks, void *arg)
{
    struct http *h = vd_calloc(1, sizeof *h);
    if (h == NULL)
        return VD_ENOMEM;
    h->callbacks = *callbacks;
    h->arg = arg;
    int rc = start_daemon(h, address);
    if (rc != 0) {
        vd_free(h);
        return rc;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || uv_poll_init(loop, &h->poll, info->epoll_fd) != 0) {
        MHD_stop_daemon(h->daemon);
        vd_free(h);
        return VD_EIO;
    }
    uv_timer_init(loop, &h->tick);
    h->poll.data = h->tick.data = h;
    h->handles_open = 2;
    uv_poll_start(&h->poll, UV_READABLE, on_readable);
    uv_timer_start(&h->tick, on_tick, TICK_MS, TICK_MS);
    *out = h;
    return 0;
}

const char *http_address(const struct http *h)
{
    return h->address;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;
    if (--h->handles_open > 0)
        return;
    MHD_stop_daemon(h->daemon);
    void (*cb)(void *) = h->on_close;
    void *arg = h->arg;
    vd_free(h);
    cb(arg);
}

void http_close(struct http *h, void (*cb)(void *arg))
{
    h->on_close = cb;
    uv_close((uv_handle_t *)&h->poll, on_handle_closed);
    uv_close((uv_handle_t *)&h->tick, on_handle_closed);
}
