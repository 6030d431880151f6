/* A collector's tenure of one shard: from being suggested as its owner, through reading its log back, to
 * handing it over.
 *
 * Happy path: tenure_assign (or tenure_act) → CLAIMING: the shard's log opens, which fences whoever wrote
 * before, and the streams are read back → SERVING: the directory of owners is told, sessions come, a snapshot
 * now and then → tenure_release or tenure_revoke → RELEASING: what was taken is committed → IDLE, `released`.
 * How it fails: trouble ends the sessions, throws the state away and claims again, at once and then ever more
 * slowly; fenced, there is another owner: after 2.5 heartbeats, when the group has told whoever is out of
 * date, it claims again only if the shard is still assigned. Nothing is ever kept of a tenure that ended: the
 * log is the state. One loop. */
#ifndef COLLECTOR_TENURE_H
#define COLLECTOR_TENURE_H

#include "metrics.h"
#include "ownership/owners.h"
#include "ownership/recovery.h"
#include "ownership/scribe.h"
#include "ownership/snapshot_when.h"
#include "publish/exactly_once.h"
#include "shard.h"

enum tenure_state {
    TENURE_IDLE,
    TENURE_CLAIMING,
    TENURE_SERVING,
    TENURE_RELEASING,
    TENURE_CLOSING, /* its log closes */
    TENURE_WAITING, /* to claim again */
    TENURE_STATE_COUNT
};

/* What all tenures of a collector have in common. */
struct tenure_terms {
    uv_loop_t *loop;
    struct vd_kafka_options kafka;
    const char *prefix, *group, *collector, *address;
    uint32_t heartbeat_ms;
    struct snapshot_when snapshot_when;
    size_t streams_max;
    struct commit_when when;
    const struct flow *flow;
    struct metrics *metrics;
    outlet_delivered *delivered;
    void (*released)(void *arg, int32_t shard); /* after tenure_revoke: it is the group's again */
    void (*snapshotted)(void *arg, int32_t shard, int64_t state_offset);
    uint64_t (*epoch)(void *arg, int32_t shard); /* for the next owner */
    void *arg;
};

struct tenure {
    const struct tenure_terms *terms;
    int32_t number;
    struct shard *shard;
    struct exactly_once outlet;
    struct vd_shard_log *log;
    struct recovery recovery;
    struct scribe scribe;
    enum tenure_state state;
    uv_timer_t timer; /* to claim again, or for a release that hangs */
    bool assigned;    /* by the group */
    bool acting;      /* its owner let it go, and this collector is next */
    bool stopping;    /* claims nothing any more */
    bool told_to_release, lets_go, last_words_said;
    bool fenced;
    bool listed;       /* the directory has named this tenure */
    uint32_t failures; /* in a row */
    int64_t end_offset, snapshot_end_offset, replayed;
    int64_t writing_end_offset; /* of the snapshot that is being written */
    uint64_t claim_begun_ms, serving_since_ms, snapshot_at_ms;
    uint8_t owner_value[OWNER_VALUE_BYTES];
    char why[VD_KAFKA_ERROR_BYTES]; /* what it waits for; "": nothing */
    void (*on_close)(void *arg);
};

/* terms are borrowed. */
void tenure_init(struct tenure *t, const struct tenure_terms *terms, int32_t number);
struct outlet *tenure_outlet(struct tenure *t);
/* The shard that publishes through that outlet; before anything else. */
void tenure_bind(struct tenure *t, struct shard *shard);

void tenure_assign(struct tenure *t);
/* lost: others may have it already; else `released` follows. */
void tenure_revoke(struct tenure *t, bool lost);
/* Its owner let it go: take it until the group has somebody for it. */
void tenure_act(struct tenure *t);
/* The directory names this collector as the owner, or another one. That one has fenced this tenure, which may
 * not hear of it otherwise until it has something to commit. */
void tenure_listed(struct tenure *t, bool ours);
/* For good: commits, writes into the directory that whoever is next may take it, and claims nothing more. */
void tenure_release(struct tenure *t);
/* Ends the open transaction now: too much is under way. */
void tenure_hurry(struct tenure *t);
static inline bool tenure_wanted(const struct tenure *t)
{
    return (t->assigned || t->acting) && !t->stopping;
}
/* cb once, never inside; without a commit. */
void tenure_close(struct tenure *t, void (*cb)(void *arg));

#endif
