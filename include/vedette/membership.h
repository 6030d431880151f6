/* Membership in the group of collectors, and following a small topic: both in a libuv loop.
 *
 * The group is over the state topic, with everything assigned paused at once: to be assigned partition s is
 * to be suggested as the owner of shard s; the transactional producer of the shard log decides. The member is
 * static (group.instance.id is its name): a restart costs no rebalance. One thread of its own polls; calls
 * and callbacks on the loop's. */
#ifndef VEDETTE_MEMBERSHIP_H
#define VEDETTE_MEMBERSHIP_H

#include <vedette/kafka.h>

struct vd_membership;

struct vd_membership_callbacks {
    void (*assigned)(void *arg, int32_t partition);
    /* lost: others may have it already; else the group waits until vd_membership_released, 5 s at most. */
    void (*revoked)(void *arg, int32_t partition, bool lost);
    /* Another process has this name, or the group is not to be joined for good: end this one at once. */
    void (*expelled)(void *arg, const char *why);
    /* While it is no member: what it waits for ("no broker answers"); NULL: no longer. */
    void (*waiting)(void *arg, const char *why);
};
struct vd_membership_options {
    struct vd_kafka_options kafka; /* borrowed until closed */
    const char *prefix, *group, *name;
    uint32_t session_timeout_ms, heartbeat_ms; /* brokers refuse sessions under 6000 by default */
    uv_loop_t *loop;
    struct vd_membership_callbacks callbacks;
    void *arg;
};
int vd_membership_new(struct vd_membership **out, const struct vd_membership_options *options, char *error);
void vd_membership_released(struct vd_membership *m, int32_t partition);
/* The newest snapshot of the partition begins at offset: commits that as the group's. Best effort. */
void vd_membership_keep(struct vd_membership *m, int32_t partition, int64_t offset);
/* Does not leave the group: whoever restarts under this name finds its partitions. What was kept is committed
 * first, where that takes less than a second. No callback after it but cb, once, never inside. */
void vd_membership_close(struct vd_membership *m, void (*cb)(void *arg));

/* ---- A small compacted topic of one partition, from its beginning and for as long as it is open. */
struct vd_follower;
struct vd_follower_options {
    struct vd_kafka_options kafka; /* borrowed until closed */
    const char *prefix;
    enum vd_topic topic;
    uv_loop_t *loop;
    /* value.data NULL: the key is deleted. Views live during the call. */
    void (*record)(void *arg, struct vd_bytes key, struct vd_bytes value);
    void (*caught_up)(void *arg); /* once: all that was there at the start was told */
    void *arg;
};
int vd_follower_new(struct vd_follower **out, const struct vd_follower_options *options, char *error);
void vd_follower_close(struct vd_follower *f, void (*cb)(void *arg));

#endif
