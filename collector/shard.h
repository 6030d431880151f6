/* A shard: the one writer of a Kafka partition. Batches of its tenants' agents go through it in order:
 * validated, scored, extended by the collector's fields, published, and told as kept once Kafka has
 * acknowledged all of a batch.
 *
 * Happy path: shard_attach → shard_take … ⇄ `kept` … → shard_detach. How it fails: an event that may not pass
 * goes to the dead letter topic, and a GAP takes its place; a delivery that fails puts the stream in doubt:
 * its session is told `lost`, nothing more is taken until everything under way has come back, and the agent
 * then resumes from the mark; of a stream that two hosts continue nothing more is taken, a FORK is
 * published, and once it is kept the session is told `lost`. One thread. */
#ifndef COLLECTOR_SHARD_H
#define COLLECTOR_SHARD_H

#include "blocks.h"
#include "flow.h"
#include "metrics.h"
#include "publish/outlet.h"
#include "score/score.h"
#include "streams.h"

struct shard_options {
    int32_t partition;
    struct outlet *outlet;
    struct flow *flow;
    struct blocks *blocks;
    struct metrics *metrics;
    size_t entities_max, streams_max;
    const struct score_asset *assets; /* borrowed */
    size_t asset_count;
    uint32_t findings_an_hour;
    uint32_t event_max_bytes;
};

struct shard;
int shard_new(struct shard **out, const struct shard_options *options);
void shard_free(struct shard *shard);
size_t shard_stream_count(const struct shard *shard);
void shard_score_counters(const struct shard *shard, struct score_counters *out);

/* What it remembers of its streams, for a snapshot. */
const struct streams *shard_streams(const struct shard *shard);
/* Ends the hold of all sessions, with VD_EUNAVAILABLE. */
void shard_dismiss(struct shard *shard);
/* The windows likewise; NULL where they are not what its events say: an event was counted that did not get
 * out. */
struct score *shard_score(const struct shard *shard);
struct score_options shard_score_options(const struct shard *shard);
/* Gives the windows' memory back: whoever owns the shard reads them back. */
void shard_forget(struct shard *shard);
/* Takes the streams and the scorer over in place of its own; nothing is under way, and no session holds one.
 */
void shard_adopt(struct shard *shard, struct streams *streams, struct score **score);

/* A session's hold on a stream, in the session's storage. */
struct attachment {
    struct shard *shard;
    struct stream *stream; /* NULL: not attached */
    uint32_t index;        /* of the stream in its session */
    void *owner;
    /* Up to mark everything is kept; raw_bytes of batches taken through this attachment came free. */
    void (*kept)(struct attachment *a, uint64_t mark, size_t raw_bytes);
    /* Somebody else attached to the stream (VD_EEXISTS), it is in doubt (VD_EKAFKA), the shard goes
     * elsewhere (VD_EUNAVAILABLE), or SHARD_FORKED. It is
     * detached already. */
    void (*lost)(struct attachment *a, int error);
    /* Nothing above is told as kept: an earlier session brought it, and whether it was this host's is not
     * known until the agent has sent what it has of it. UINT64_MAX: all of it is this host's. */
    uint64_t own_to;
    uint64_t forked_mark; /* with SHARD_FORKED: the highest number of the stream that is taken */
};

/* The stream is quarantined: what the agent has above its highest number belongs into a new one. */
enum { SHARD_FORKED = 1 };

struct shard_time {
    int64_t real_ms, monotonic_ns;
};

/* Takes hold of the stream an agent offers; *mark: what is kept of it, and the chain up to there. A session
 * that held it loses it. SHARD_FORKED, with *mark: the highest that is taken; VD_EUNAVAILABLE: the stream is
 * in doubt, or its FORK is under way, come back in a moment; VD_EFULL: too many streams. */
int shard_attach(struct shard *shard, struct attachment *a, const struct vd_identity *agent,
                 const struct vd_stream_offer *offer, struct shard_time now, struct vd_stream_mark *mark);
void shard_detach(struct attachment *a);
/* The agent has found that it has another history than *mark told: its stream is forked. VD_ENOMEM and the
 * outlet's errors: no FORK was made. */
int shard_fork(struct attachment *a, const struct vd_stream_offer *offer, struct shard_time now);
/* batch as vd_batch_read left it. 0, or an error: the session has lost the stream, and what was taken of the
 * batch before goes its way. */
int shard_take(struct attachment *a, struct vd_batch *batch, size_t raw_bytes, struct shard_time now);
/* To be called by whoever the outlet tells what was delivered. */
void shard_delivered(void *opaque, uint32_t count, int error, int64_t monotonic_ns);

#endif
