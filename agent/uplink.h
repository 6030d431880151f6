/* The uplink: brings what is durable in the spool to a collector, and trims it when the collector has kept
 * it.
 *
 * Happy path: connect to the first collector → WELCOME → batches by count, bytes or age, as far as the credit
 * goes → ACK → trim. How it fails: whatever ends the link, the next collector in the list is tried, after a
 * back-off that doubles from reconnect_min_ms to reconnect_max_ms and is spread by a random share, so that a
 * thousand agents do not come at once; what was sent and not acknowledged is sent again. Where a collector
 * says GO_TO, the one it names is tried next, and then the list again. A stream that the collector has
 * quarantined is the owner's to replace (`forked`); the uplink then comes back at once. One loop. */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H

#include <vedette/link.h>
#include <vedette/random.h>
#include <vedette/spool.h>

enum { UPLINK_COLLECTORS_MAX = 16 };

struct uplink_options {
    struct vd_net *net;
    struct vd_tls_context *tls;
    struct vd_spool *spool;
    struct vd_address collectors[UPLINK_COLLECTORS_MAX]; /* in order of preference */
    size_t collector_count;
    uint32_t batch_max_events;
    size_t batch_max_bytes;
    uint64_t batch_max_age_ms, reconnect_min_ms, reconnect_max_ms, connect_timeout_ms, heartbeat_ms;
    uint64_t random_seed;
    int64_t (*now_ms)(void); /* the real-time clock */
    void *owner;
    void (*trimmed)(void *owner); /* the spool has more room, or is empty */
    /* 0: the spool has a new stream, into which what lies above mark was taken. Else the uplink comes back
     * with the old one, and asks again. */
    int (*forked)(void *owner, uint64_t mark);
};

struct uplink_counters {
    uint64_t connects, events_sent, events_acknowledged;
};

struct uplink;
int uplink_start(struct uplink **out, const struct uplink_options *options);
/* More of the spool is durable. */
void uplink_wake(struct uplink *u);
/* For connections to come. */
void uplink_set_tls(struct uplink *u, struct vd_tls_context *tls);
bool uplink_connected(const struct uplink *u);
const struct uplink_counters *uplink_counters(const struct uplink *u);
/* Says goodbye; cb once nothing of it is left. */
void uplink_close(struct uplink *u, void (*cb)(void *owner));

#endif
