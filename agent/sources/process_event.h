/* Process Activity (OCSF 1007) from what is known of a process. Private to process. */
#ifndef AGENT_PROCESS_EVENT_H
#define AGENT_PROCESS_EVENT_H

#include "process_proc.h"

#include <vedette/buffer.h>

/* Borrows everything. */
struct process_event {
    const char *hostname, *product_name, *product_version;
    int64_t time_ms, now_ms, created_ms; /* created_ms 0: unknown */
    const struct proc_process *process;
    const char *user_name;
    int32_t parent_pid;
    const char *parent_name, *parent_path; /* "" where unknown */
    bool terminated;
    uint32_t wait_status; /* of the end: its code, or the signal */
};

/* Append the event. 0, VD_ELIMIT, VD_ENOMEM. */
int process_event_write(const struct process_event *e, struct vd_buffer *out);

#endif
