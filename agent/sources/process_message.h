/* The kernel's process connector, from bytes: one datagram holds messages of forks, execs and exits. Pure;
 * private to process. */
#ifndef AGENT_PROCESS_MESSAGE_H
#define AGENT_PROCESS_MESSAGE_H

#include <vedette/bytes.h>

enum process_kind {
    PROCESS_ACK,   /* of our wish to listen: error is an errno, or 0 */
    PROCESS_FORK,  /* parent_pid has a child, pid */
    PROCESS_EXEC,  /* pid runs another program */
    PROCESS_EXIT,  /* pid ended with wait_status */
    PROCESS_LOST,  /* the kernel says that it dropped some */
    PROCESS_OTHER, /* threads, changes of user and session, core dumps */
};

struct process_message {
    enum process_kind kind;
    int32_t pid, parent_pid;
    uint32_t cpu, sequence; /* the sequence counts all messages of a CPU, whatever they tell */
    uint32_t error, wait_status;
    uint64_t monotonic_ns;
};

/* Takes the next message off *datagram: 1, 0 at the end, VD_EMALFORMED (then nothing more is to be read). */
int process_message_next(struct vd_bytes *datagram, struct process_message *out);

/* The request to listen, or to listen no more. out: PROCESS_REQUEST_BYTES. */
enum { PROCESS_REQUEST_BYTES = 64 };
size_t process_request_write(bool listen, uint8_t *out);

#endif
