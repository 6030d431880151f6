/* A simulated agent: a link, and events made up when they are sent; what a collector did not keep is made up
 * again. One loop. */
#ifndef TOOLS_LOAD_AGENT_H
#define TOOLS_LOAD_AGENT_H

#include "latency.h"
#include "load_events.h"

#include <vedette/link.h>
#include <vedette/random.h>

enum { LOAD_BATCHES_UNDER_WAY = 256 };

/* What all simulated agents of a run share. */
struct load_run {
    struct vd_net *net;
    const struct load_events *events;
    struct vd_address address;
    uint32_t batch_events;
    uint64_t heartbeat_ms;
    struct latency latency; /* from sending a batch to its acknowledgement, weighted by events */
    uint64_t acknowledged, sent, bytes_sent, connected, disconnects;
    char last_failure[256];
    void *owner;
};

struct load_agent {
    struct load_run *run;
    struct vd_tls_context *tls;
    struct vd_link link;
    uv_timer_t retry;
    struct vd_random random;
    struct vd_buffer payload;
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t allowed;    /* sequence numbers up to this may be sent */
    uint64_t mark, sent; /* kept by the collector; ever sent */
    struct {
        uint64_t last_seq;
        int64_t sent_ns;
        uint32_t events;
    } batches[LOAD_BATCHES_UNDER_WAY];
    size_t batch_first, batch_count;
    bool link_live, retry_live, closing;
    void (*on_close)(struct load_agent *a);
};

int load_agent_start(struct load_agent *a, struct load_run *run, struct vd_tls_context *tls, uint64_t seed);
/* Sends what is allowed and fits. */
void load_agent_send(struct load_agent *a);
void load_agent_close(struct load_agent *a, void (*cb)(struct load_agent *a));

#endif
