/* Netlink header, connector header, process event: each copied out, since nothing promises alignment. */
#include "process_message.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <vedette/error.h>

_Static_assert(NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(enum proc_cn_mcast_op)) <= PROCESS_REQUEST_BYTES,
               "a request fits");

/* Kernels differ in how long an event is (the union grew): what is missing reads as zero, beyond the least
 * that counts. */
enum { EVENT_LEAST_BYTES = offsetof(struct proc_event, event_data) + sizeof(struct exec_proc_event) };

static void read_event(const struct proc_event *event, struct process_message *out)
{
    out->cpu = event->cpu;
    out->monotonic_ns = event->timestamp_ns;
    /* Of the threads of a process, only the first counts. */
    switch ((uint32_t)event->what) {
    case PROC_EVENT_NONE:
        out->kind = PROCESS_ACK;
        out->error = event->event_data.ack.err;
        break;
    case PROC_EVENT_FORK:
        out->pid = event->event_data.fork.child_tgid;
        out->parent_pid = event->event_data.fork.parent_tgid;
        if (event->event_data.fork.child_pid == out->pid)
            out->kind = PROCESS_FORK;
        break;
    case PROC_EVENT_EXEC:
        out->pid = event->event_data.exec.process_tgid;
        out->kind = PROCESS_EXEC;
        break;
    case PROC_EVENT_EXIT:
        out->pid = event->event_data.exit.process_tgid;
        out->wait_status = event->event_data.exit.exit_code;
        if (event->event_data.exit.process_pid == out->pid)
            out->kind = PROCESS_EXIT;
        break;
    default:
        break;
    }
}

static int read_connector(struct vd_bytes payload, struct process_message *out)
{
    struct cn_msg connector;
    struct proc_event event = {0};
    if (payload.len < sizeof connector)
        return VD_EMALFORMED;
    memcpy(&connector, payload.data, sizeof connector);
    if (connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC)
        return 1;
    if (connector.len > payload.len - sizeof connector || connector.len < EVENT_LEAST_BYTES)
        return VD_EMALFORMED;
    memcpy(&event, payload.data + sizeof connector,
           connector.len < sizeof event ? connector.len : sizeof event);
    out->sequence = connector.seq;
    read_event(&event, out);
    return 1;
}

int process_message_next(struct vd_bytes *datagram, struct process_message *out)
{
    struct nlmsghdr header;
    *out = (struct process_message){.kind = PROCESS_OTHER, .cpu = UINT32_MAX};
    if (datagram->len == 0)
        return 0;
    if (datagram->len < sizeof header)
        return VD_EMALFORMED;
    memcpy(&header, datagram->data, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram->len)
        return VD_EMALFORMED;
    struct vd_bytes payload = vd_bytes_of(datagram->data + sizeof header, header.nlmsg_len - sizeof header);
    size_t step = NLMSG_ALIGN((size_t)header.nlmsg_len);
    if (step > datagram->len)
        step = datagram->len;
    *datagram = vd_bytes_of(datagram->data + step, datagram->len - step);
    if (header.nlmsg_type == NLMSG_OVERRUN) {
        out->kind = PROCESS_LOST;
        return 1;
    }
    if (header.nlmsg_type == NLMSG_NOOP || header.nlmsg_type == NLMSG_ERROR)
        return 1;
    return read_connector(payload, out);
}

size_t process_request_write(bool listen, uint8_t *out)
{
    enum proc_cn_mcast_op op = listen ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE;
    struct cn_msg connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof op};
    struct nlmsghdr header = {.nlmsg_len = NLMSG_LENGTH(sizeof connector + sizeof op),
                              .nlmsg_type = NLMSG_DONE};
    memset(out, 0, PROCESS_REQUEST_BYTES);
    memcpy(out, &header, sizeof header);
    memcpy(out + NLMSG_HDRLEN, &connector, sizeof connector);
    memcpy(out + NLMSG_HDRLEN + sizeof connector, &op, sizeof op);
    return header.nlmsg_len;
}
