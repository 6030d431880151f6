/* Names to addresses.
 *
 * Happy path: libuv asks the C library in its thread pool, and the answer comes through the loop.
 * How it fails: a failure or a cancellation takes the same way; `done` is called once in any case. */
#include <vedette/connector.h>

#include <netdb.h>
#include <vedette/error.h>

static int resolver_error(const struct vd_resolver *r, int status)
{
    if (r->cancelled)
        return VD_ECLOSED;
    switch (status) {
    case 0:
        return 0;
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
        return VD_ENOTFOUND;
    case UV_EAI_MEMORY:
        return VD_ENOMEM;
    default:
        return VD_EUNAVAILABLE;
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct vd_resolver *r = request->data;
    int error = resolver_error(r, status);
    r->busy = false;
    r->done(r, error, error == 0 ? found : NULL);
    uv_freeaddrinfo(found);
}

int vd_resolver_start(struct vd_resolver *r, uv_loop_t *loop, const struct vd_address *address,
                      void (*done)(struct vd_resolver *r, int error, const struct addrinfo *found),
                      void *owner)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    *r = (struct vd_resolver){.done = done, .owner = owner};
    r->request.data = r;
    int rc = uv_getaddrinfo(loop, &r->request, on_resolved, address->host, address->port, &hints);
    if (rc != 0)
        return vd_error_from_errno(rc);
    r->busy = true;
    return 0;
}

void vd_resolver_cancel(struct vd_resolver *r)
{
    if (!r->busy)
        return;
    r->cancelled = true;
    /* One that runs already cannot be stopped; its answer is dropped when it comes. */
    uv_cancel((uv_req_t *)&r->request);
}
