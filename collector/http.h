/* The collector's HTTP page for machines: /metrics, /livez, /readyz. Served inside the loop, no thread of its
 * own. Bind it to an address that only the monitoring may reach: it asks for no password and tells no
 * secrets. */
#ifndef COLLECTOR_HTTP_H
#define COLLECTOR_HTTP_H

#include <uv.h>
#include <vedette/buffer.h>

struct http;

struct http_callbacks {
    /* Appends the page's text; true: status 200, false: 503. */
    bool (*metrics)(void *arg, struct vd_buffer *out);
    bool (*live)(void *arg, struct vd_buffer *out);
    bool (*ready)(void *arg, struct vd_buffer *out);
};

/* address: "127.0.0.1:7171". VD_EINVAL, VD_EEXISTS (port taken), VD_EIO. */
int http_start(struct http **out, uv_loop_t *loop, const char *address,
               const struct http_callbacks *callbacks, void *arg);
/* Where it listens, with the port that the kernel chose for port 0. */
const char *http_address(const struct http *h);
void http_close(struct http *h, void (*cb)(void *arg));

#endif
