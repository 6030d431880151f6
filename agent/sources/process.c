/* Listens to the kernel's process connector and tells of every program that starts and every process that
 * ends.
 *
 * Happy path: process_open binds, asks to listen, waits for the acknowledgement → the socket is readable →
 * ready → pull reads the datagrams; an exec is enriched from /proc at once, before the process is gone.
 *
 * How it fails: without the capability, or in a container's namespaces, opening says which. When the kernel
 * drops messages because nobody read in time, the holes in the CPUs' sequences are counted and told to the
 * sink. What a sink does not take is lost too, since nobody can read it again. */
#include "source.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "process_cache.h"
#include "process_event.h"
#include "process_message.h"

enum {
    CACHE_MAX = 8192,
    RECEIVE_BUFFER_BYTES = 1 << 20,
    DATAGRAM_BYTES = 8192,
    EVENT_MAX_BYTES = 32 * 1024,
    CPUS_MAX = 1024,
    ACK_TIMEOUT_MS = 500,
};

struct process {
    struct source source; /* first: a process source is a source */
    int fd;
    bool polling;
    uv_poll_t poll;
    struct process_cache cache;
    struct proc_users users;
    struct proc_process proc, parent; /* of the message at hand */
    struct vd_buffer event;
    uint64_t unreported; /* dropped by the kernel, and not told yet */
    struct {
        uint32_t next;
        bool known;
    } cpus[CPUS_MAX];
};

static void lose(struct process *p, uint64_t count)
{
    p->source.counters.lost += count;
    p->unreported += count;
}

/* Every CPU counts its messages, also those of threads and the like: a hole is what the socket had no room
 * for. */
static void check_sequence(struct process *p, const struct process_message *m)
{
    if (m->cpu >= CPUS_MAX)
        return;
    if (p->cpus[m->cpu].known && m->sequence != p->cpus[m->cpu].next) {
        uint32_t hole = m->sequence - p->cpus[m->cpu].next;
        /* A step back is a restart of the count, not four milliards lost. */
        lose(p, hole < UINT32_MAX / 2 ? hole : 0);
    }
    p->cpus[m->cpu].known = true;
    p->cpus[m->cpu].next = m->sequence + 1;
}

static void remember_fork(struct process *p, const struct process_message *m, int64_t time_ms)
{
    struct cached_process parent = {.uid = -1}, *found = process_cache_find(&p->cache, m->parent_pid);
    if (found != NULL)
        parent = *found;
    struct cached_process *child = process_cache_put(&p->cache, m->pid);
    uint64_t used = child->used;
    *child = parent;
    child->pid = m->pid;
    child->parent_pid = m->parent_pid;
    child->created_ms = time_ms;
    child->used = used;
}

static struct cached_process *remember(struct process *p, const struct proc_process *known, int64_t time_ms)
{
    struct cached_process *entry = process_cache_put(&p->cache, known->pid);
    bool fits = strlen(known->path) < sizeof entry->path;
    if (known->parent_pid != 0)
        entry->parent_pid = known->parent_pid;
    if (entry->created_ms == 0)
        entry->created_ms = time_ms;
    entry->uid = known->uid;
    snprintf(entry->name, sizeof entry->name, "%.31s", known->name);
    snprintf(entry->path, sizeof entry->path, "%.95s", fits ? known->path : "");
    return entry;
}

/* What the cache knows, where /proc knows nothing more. */
static void complete(struct process *p, int32_t pid)
{
    const struct cached_process *entry = process_cache_find(&p->cache, pid);
    if (entry == NULL)
        return;
    if (p->proc.name[0] == '\0')
        snprintf(p->proc.name, sizeof p->proc.name, "%s", entry->name);
    if (p->proc.path[0] == '\0')
        snprintf(p->proc.path, sizeof p->proc.path, "%s", entry->path);
    if (p->proc.parent_pid == 0)
        p->proc.parent_pid = entry->parent_pid;
    if (p->proc.uid < 0)
        p->proc.uid = entry->uid;
}

/* A parent from before our time is looked up once. */
static const struct cached_process *find_parent(struct process *p, int32_t pid)
{
    const struct cached_process *entry = process_cache_find(&p->cache, pid);
    if (entry != NULL || pid <= 0)
        return entry;
    return proc_read("/proc", pid, &p->parent) ? remember(p, &p->parent, 0) : NULL;
}

static int hand_over(struct process *p, const struct source_sink *sink)
{
    int rc = sink->take(sink->arg, vd_buffer_bytes(&p->event), (struct vd_bytes){0});
    if (rc == SOURCE_FULL)
        p->source.counters.lost++;
    else if (rc == 0)
        p->source.counters.events++;
    return rc == SOURCE_FULL ? 0 : rc;
}

static struct process_event event_at(struct process *p, int64_t time_ms)
{
    const struct source_host *host = &p->source.host;
    return (struct process_event){.hostname = host->hostname,
                                  .product_name = host->product_name,
                                  .product_version = host->product_version,
                                  .time_ms = time_ms,
                                  .now_ms = host->now_ms(),
                                  .process = &p->proc};
}

static int tell(struct process *p, const struct process_message *m, int64_t time_ms,
                const struct source_sink *sink)
{
    struct process_event e = event_at(p, time_ms);
    const struct cached_process *parent = find_parent(p, p->proc.parent_pid);
    const struct cached_process *self = process_cache_find(&p->cache, m->pid);
    e.terminated = m->kind == PROCESS_EXIT;
    e.wait_status = m->wait_status;
    e.created_ms = self != NULL ? self->created_ms : 0;
    e.user_name = proc_user_name(&p->users, p->proc.uid);
    e.parent_pid = p->proc.parent_pid;
    e.parent_name = parent != NULL ? parent->name : "";
    e.parent_path = parent != NULL ? parent->path : "";
    vd_buffer_clear(&p->event);
    int rc = process_event_write(&e, &p->event);
    return rc != 0 ? rc : hand_over(p, sink);
}

static int tell_exec(struct process *p, const struct process_message *m, int64_t time_ms,
                     const struct source_sink *sink)
{
    proc_read("/proc", m->pid, &p->proc);
    complete(p, m->pid);
    remember(p, &p->proc, time_ms);
    return tell(p, m, time_ms, sink);
}

/* A zombie's /proc tells little; what it was is in the cache, unless it was there before us. */
static int tell_exit(struct process *p, const struct process_message *m, int64_t time_ms,
                     const struct source_sink *sink)
{
    if (process_cache_find(&p->cache, m->pid) != NULL)
        proc_clear(m->pid, &p->proc);
    else
        proc_read("/proc", m->pid, &p->proc);
    complete(p, m->pid);
    int rc = tell(p, m, time_ms, sink);
    process_cache_remove(&p->cache, m->pid);
    return rc;
}

static int understand(struct process *p, const struct process_message *m, const struct source_sink *sink)
{
    int64_t age_ms = m->monotonic_ns > 0 ? (int64_t)(uv_hrtime() - m->monotonic_ns) / 1000000 : 0;
    int64_t time_ms = p->source.host.now_ms() - (age_ms > 0 ? age_ms : 0);
    if (m->kind == PROCESS_EXEC)
        return tell_exec(p, m, time_ms, sink);
    if (m->kind == PROCESS_EXIT)
        return tell_exit(p, m, time_ms, sink);
    if (m->kind == PROCESS_FORK)
        remember_fork(p, m, time_ms);
    return 0;
}

static int read_datagram(struct process *p, struct vd_bytes datagram, const struct source_sink *sink)
{
    struct process_message m;
    p->source.counters.bytes += datagram.len;
    while (process_message_next(&datagram, &m) == 1) {
        if (m.kind == PROCESS_LOST)
            lose(p, 1);
        if (m.kind == PROCESS_ACK || m.kind == PROCESS_LOST)
            continue;
        check_sequence(p, &m);
        int rc = understand(p, &m, sink);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* From the kernel only: any process may send to a netlink socket's address. Its length; 0: nothing now. */
static ssize_t receive(int fd, uint8_t *out, size_t cap)
{
    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(fd, out, cap, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
        /* ENOBUFS: some were dropped; the sequences will say how many. */
        if (n < 0 && (errno == EINTR || errno == ENOBUFS))
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        if (from.nl_pid == 0 && n > 0)
            return n;
    }
}

static void report_lost(struct process *p, const struct source_sink *sink)
{
    if (p->unreported == 0)
        return;
    const struct source_loss loss = {.reason = VD_GAP_SOURCE_OVERRUN,
                                     .count = p->unreported,
                                     .detail = vd_bytes_str("the kernel dropped process events")};
    sink->lost(sink->arg, &loss, (struct vd_bytes){0});
    p->unreported = 0;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct process *p = poll->data;
    (void)status;
    (void)events;
    /* Until the owner has pulled, there is nothing to say again. */
    uv_poll_stop(&p->poll);
    p->polling = false;
    source_say_ready(&p->source);
}

static int process_pull(struct source *s, const struct source_sink *sink, uint32_t most)
{
    struct process *p = (struct process *)s;
    uint8_t datagram[DATAGRAM_BYTES];
    for (; most > 0; most--) {
        ssize_t n = receive(p->fd, datagram, sizeof datagram);
        if (n < 0)
            return VD_EIO;
        int rc = n == 0 ? 0 : read_datagram(p, vd_bytes_of(datagram, (size_t)n), sink);
        if (rc != 0)
            return rc;
        if (n > 0)
            continue;
        report_lost(p, sink);
        if (!p->polling)
            uv_poll_start(&p->poll, UV_READABLE, on_readable);
        p->polling = true;
        return SOURCE_IDLE;
    }
    return SOURCE_MORE;
}

static int request(int fd, bool listen)
{
    uint8_t bytes[PROCESS_REQUEST_BYTES];
    size_t len = process_request_write(listen, bytes);
    return send(fd, bytes, len, 0) == (ssize_t)len ? 0 : vd_error_from_errno(errno);
}

static void process_free(struct process *p)
{
    if (p->fd >= 0)
        close(p->fd);
    process_cache_deinit(&p->cache);
    vd_buffer_deinit(&p->event);
    vd_free(p);
}

static void on_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;
    source_closed(&p->source);
    process_free(p);
}

static void process_close(struct source *s)
{
    struct process *p = (struct process *)s;
    /* The kernel counts its listeners by what they say, not by their sockets. */
    request(p->fd, false);
    uv_close((uv_handle_t *)&p->poll, on_closed);
}

static const struct source_class PROCESS = {.pull = process_pull, .close = process_close};

/* The kernel answers at once, or never: to a listener in a container it says nothing. */
static int await_ack(int fd, char *why)
{
    uint8_t datagram[DATAGRAM_BYTES];
    struct process_message m;
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    while (poll(&waiting, 1, ACK_TIMEOUT_MS) > 0) {
        ssize_t n = receive(fd, datagram, sizeof datagram);
        if (n < 0)
            break;
        struct vd_bytes bytes = vd_bytes_of(datagram, (size_t)n);
        while (process_message_next(&bytes, &m) == 1) {
            if (m.kind != PROCESS_ACK)
                continue;
            if (m.error == 0)
                return 0;
            snprintf(why, SOURCE_ERROR_BYTES,
                     "process: the kernel refuses process events: CAP_NET_ADMIN is missing");
            return vd_error_from_errno((int)m.error);
        }
    }
    snprintf(why, SOURCE_ERROR_BYTES,
             "process: no answer from the process connector: it speaks only to the first pid and user "
             "namespace, not to "
             "a container");
    return VD_EUNAVAILABLE;
}

static int subscribe(struct process *p, uint32_t receive_buffer_bytes, char *why)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    int size = (int)(receive_buffer_bytes > 0 ? receive_buffer_bytes : (uint32_t)RECEIVE_BUFFER_BYTES);
    p->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_CONNECTOR);
    if (p->fd < 0) {
        snprintf(why, SOURCE_ERROR_BYTES,
                 "process: no process connector in this kernel (CONFIG_PROC_EVENTS)");
        return VD_EUNSUPPORTED;
    }
    /* Beyond the host's limit with the capability; else up to it. */
    if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    int rc = bind(p->fd, (struct sockaddr *)&address, sizeof address) != 0 ? vd_error_from_errno(errno)
                                                                           : request(p->fd, true);
    if (rc == 0)
        return await_ack(p->fd, why);
    snprintf(why, SOURCE_ERROR_BYTES, "process: %s%s", vd_error_text(rc),
             rc == VD_EPERM ? ": CAP_NET_ADMIN is missing" : "");
    return rc;
}

int process_open(struct source **out, const struct source_host *host, const struct process_config *config,
                 char *why)
{
    *out = NULL;
    struct process *p = vd_calloc(1, sizeof *p);
    if (p != NULL)
        p->fd = -1;
    int rc = p == NULL ? VD_ENOMEM
                       : process_cache_init(&p->cache, config->cache_max > 0 ? config->cache_max : CACHE_MAX);
    if (rc != 0)
        snprintf(why, SOURCE_ERROR_BYTES, "process: %s", vd_error_text(rc));
    else
        rc = subscribe(p, config->receive_buffer_bytes, why);
    if (rc != 0) {
        if (p != NULL)
            process_free(p);
        return rc;
    }
    source_init(&p->source, &PROCESS, "process", host);
    proc_users_init(&p->users);
    vd_buffer_init(&p->event, EVENT_MAX_BYTES);
    uv_poll_init(host->loop, &p->poll, p->fd);
    p->poll.data = p;
    *out = &p->source;
    return 0;
}
