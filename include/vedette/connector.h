/* From "host:port" to an open stream: resolves, then tries each address in turn.
 * All calls and callbacks on the loop's thread; the callback comes once, never from inside start. */
#ifndef VEDETTE_CONNECTOR_H
#define VEDETTE_CONNECTOR_H

#include <vedette/stream.h>

enum { VD_HOST_BYTES = 256 };

struct vd_address {
    char host[VD_HOST_BYTES];
    char port[8];
};
/* "host:port", "192.0.2.1:7170", "[2001:db8::1]:7170"; the port is needed. VD_EINVAL. */
int vd_address_parse(struct vd_address *out, const char *text);

struct vd_resolver {
    uv_getaddrinfo_t request;
    void (*done)(struct vd_resolver *r, int error, const struct addrinfo *found);
    void *owner;
    bool busy, cancelled;
};
/* found is freed after done returns. A cancelled resolver still calls done, with VD_ECLOSED. */
int vd_resolver_start(struct vd_resolver *r, uv_loop_t *loop, const struct vd_address *address,
                      void (*done)(struct vd_resolver *r, int error, const struct addrinfo *found),
                      void *owner);
void vd_resolver_cancel(struct vd_resolver *r);

#endif
