/* Streams and their batches in a shard; shard.h tells its happy path and how it fails. */
#include "shard.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/gap.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "passage.h"
#include "score/state.h"

static const char OTHER_HISTORY[] = "another history";

struct shard {
    struct shard_options options;
    struct streams streams;
    struct score *score;            /* NULL: forgotten */
    struct score_counters counters; /* then: what it had counted */
    bool astray;                    /* an event was counted, and did not get out */
    struct vd_buffer notice;        /* an event of our own, while it is made */
};

struct score_options shard_score_options(const struct shard *shard)
{
    return (struct score_options){.max_entities = shard->options.entities_max,
                                  .assets = shard->options.assets,
                                  .asset_count = shard->options.asset_count,
                                  .findings_an_hour = shard->options.findings_an_hour};
}

int shard_new(struct shard **out, const struct shard_options *options)
{
    struct shard *shard = vd_calloc(1, sizeof *shard);
    if (shard == NULL)
        return VD_ENOMEM;
    shard->options = *options;
    vd_buffer_init(&shard->notice, PASSAGE_NOTICE_MAX_BYTES);
    struct score_options score_options = shard_score_options(shard);
    int rc = streams_init(&shard->streams, options->streams_max);
    if (rc == 0)
        rc = score_new(&shard->score, &score_options);
    if (rc != 0) {
        shard_free(shard);
        return rc;
    }
    *out = shard;
    return 0;
}

void shard_free(struct shard *shard)
{
    if (shard == NULL)
        return;
    vd_buffer_deinit(&shard->notice);
    score_free(shard->score);
    streams_deinit(&shard->streams);
    vd_free(shard);
}

size_t shard_stream_count(const struct shard *shard)
{
    return shard->streams.count;
}

void shard_score_counters(const struct shard *shard, struct score_counters *out)
{
    *out = shard->counters;
    if (shard->score != NULL)
        score_counters_read(shard->score, out);
}

/* ---- Sessions take hold and let go */

static void let_go(struct attachment *a)
{
    for (struct batch *b = a->stream->oldest; b != NULL; b = b->next)
        if (b->from == a)
            b->from = NULL;
    a->stream->attachment = NULL;
    a->stream = NULL;
}

static void take_away(struct stream *stream, int error)
{
    struct attachment *a = stream->attachment;
    if (a == NULL)
        return;
    a->forked_mark = stream->taken;
    let_go(a);
    a->lost(a, error);
}

void shard_detach(struct attachment *a)
{
    if (a->stream != NULL)
        let_go(a);
}

const struct streams *shard_streams(const struct shard *shard)
{
    return &shard->streams;
}

void shard_dismiss(struct shard *shard)
{
    for (struct stream *stream = shard->streams.oldest; stream != NULL; stream = stream->newer)
        take_away(stream, VD_EUNAVAILABLE);
}

struct score *shard_score(const struct shard *shard)
{
    return shard->astray ? NULL : shard->score;
}

void shard_forget(struct shard *shard)
{
    shard_score_counters(shard, &shard->counters);
    shard->counters.entities = 0;
    score_free(shard->score);
    shard->score = NULL;
}

void shard_adopt(struct shard *shard, struct streams *streams, struct score **score)
{
    streams_deinit(&shard->streams);
    shard->streams = *streams;
    *streams = (struct streams){0};
    shard_forget(shard);
    shard->score = *score;
    *score = NULL;
    score_counters_write(shard->score, &shard->counters);
    shard->astray = false;
}

/* ---- Back from Kafka */

static void free_batch(struct batch *b)
{
    struct shard_options *o = &b->shard->options;
    blocks_release(o->blocks, b->blocks);
    size_t events = b->event_count, bytes = b->raw_bytes;
    vd_free(b);
    flow_remove(o->flow, events, bytes);
}

/* A stream in doubt: whatever was under way is forgotten batch by batch, and at the last the stream starts
 * from its mark. */
static void drain_doubt(struct stream *stream)
{
    while (stream->oldest != NULL && stream->oldest->whole && stream->oldest->outstanding == 0) {
        struct batch *b = stream->oldest;
        stream->oldest = b->next;
        /* Its FORK may be lost: when the agent comes back with the stream, it is found forked again. */
        if (b->fork)
            stream->forking = false;
        free_batch(b);
    }
    if (stream->oldest == NULL) {
        stream->newest = NULL;
        stream->taken = stream->mark;
        stream->chain = stream->mark_chain;
        stream->in_doubt = false;
    }
}

static void tell_kept(const struct stream *stream, size_t raw_bytes)
{
    struct attachment *a = stream->attachment;
    if (a != NULL)
        a->kept(a, stream->mark < a->own_to ? stream->mark : a->own_to, raw_bytes);
}

static void complete(struct stream *stream, int64_t now_ns)
{
    while (stream->oldest != NULL && stream->oldest->whole && stream->oldest->outstanding == 0) {
        struct batch *b = stream->oldest;
        struct attachment *from = b->from;
        size_t raw_bytes = b->raw_bytes;
        bool fork = b->fork;
        struct metrics *metrics = b->shard->options.metrics;
        if (b->last_seq > stream->mark) { /* a batch that came again may end below */
            stream->mark = b->last_seq;
            stream->mark_chain = b->last_chain;
        }
        stream->oldest = b->next;
        if (stream->oldest == NULL)
            stream->newest = NULL;
        metrics->events_published += b->published;
        metrics->streams_forked += fork;
        metrics_latency(metrics, now_ns - b->received_ns);
        free_batch(b);
        tell_kept(stream, from == stream->attachment ? raw_bytes : 0);
        if (fork) {
            stream->forking = false;
            stream->quarantined = true;
            take_away(stream, SHARD_FORKED);
        }
    }
}

static void doubt(struct stream *stream, int error)
{
    if (stream->in_doubt)
        return;
    stream->in_doubt = true;
    take_away(stream, error);
}

void shard_delivered(void *opaque, uint32_t count, int error, int64_t monotonic_ns)
{
    struct batch *b = opaque;
    struct stream *stream = b->stream;
    assert(b->outstanding >= count);
    b->outstanding -= count;
    if (error != 0) {
        b->shard->options.metrics->deliveries_failed += count;
        doubt(stream, VD_EKAFKA);
    }
    if (stream->in_doubt)
        drain_doubt(stream);
    else if (b->outstanding == 0)
        complete(stream, monotonic_ns);
}

/* ---- In */

/* from: NULL for what no session brought. */
static struct batch *begin(struct shard *shard, struct stream *stream, struct attachment *from,
                           uint32_t event_count, size_t raw_bytes, struct shard_time now)
{
    struct batch *b = vd_calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    *b = (struct batch){.shard = shard,
                        .stream = stream,
                        .from = from,
                        .event_count = event_count,
                        .raw_bytes = raw_bytes,
                        .received_ns = now.monotonic_ns};
    *(stream->newest != NULL ? &stream->newest->next : &stream->oldest) = b;
    stream->newest = b;
    flow_add(shard->options.flow, event_count, raw_bytes);
    return b;
}

static void end(struct batch *b, int64_t now_ns)
{
    const struct outlet *outlet = b->shard->options.outlet;
    b->whole = true;
    outlet->batch_sent(outlet->self);
    if (b->outstanding == 0)
        complete(b->stream, now_ns);
}

/* Member by member: what waits in it need not be cleared. */
static void open_passage(struct passage *p, struct batch *b, struct shard_time now)
{
    struct shard *shard = b->shard;
    p->batch = b;
    p->options = &shard->options;
    p->score = shard->score;
    p->notice = &shard->notice;
    p->lost = 0;
    passage_begin(p, now);
}

/* 0, and whoever has the stream is told once the FORK is kept; or an error, and it is as it was. */
static int begin_fork(struct passage *p, const struct notice_fork *fork)
{
    struct batch *b = p->batch;
    struct stream *stream = b->stream;
    int rc = passage_fork(p, fork);
    if (rc != 0)
        return rc;
    stream->forking = b->fork = true;
    vd_log_warn("stream forked: it is quarantined", VD_F_BYTES("agent", p->record.key),
                VD_F_STR("detail", fork->detail), VD_F_UINT("kept_to", stream->taken),
                VD_F_UINT("first", fork->first), VD_F_UINT("next", fork->next));
    return 0;
}

/* A fork that was found without a BATCH. */
static int fork_offered(struct shard *shard, struct stream *stream, const struct vd_stream_offer *offer,
                        const char *detail, struct shard_time now)
{
    struct batch *b = begin(shard, stream, NULL, 0, 0, now);
    if (b == NULL)
        return VD_ENOMEM;
    struct passage p;
    open_passage(&p, b, now);
    int rc =
        begin_fork(&p, &(struct notice_fork){.detail = detail, .first = offer->first, .next = offer->next});
    end(b, now.monotonic_ns);
    return rc;
}

int shard_attach(struct shard *shard, struct attachment *a, const struct vd_identity *agent,
                 const struct vd_stream_offer *offer, struct shard_time now, struct vd_stream_mark *mark)
{
    struct stream *stream = streams_get(&shard->streams, agent, offer->stream);
    if (stream == NULL)
        return VD_EFULL;
    if (stream->in_doubt || stream->forking)
        return VD_EUNAVAILABLE;
    *mark = (struct vd_stream_mark){.mark = stream->taken};
    if (stream->quarantined)
        return SHARD_FORKED;
    /* A number is sent only when it is on the agent's disk, so whoever has fewer than were taken is a copy,
     * or was put back to an earlier state. */
    if (offer->next <= stream->taken) {
        int rc = fork_offered(shard, stream, offer, "behind the mark", now);
        return rc != 0 ? rc : VD_EUNAVAILABLE;
    }
    take_away(stream, VD_EEXISTS);
    /* What lies below `first` the agent has let go of, because a collector told it that it was kept. */
    if (stream->oldest == NULL && stream->taken < offer->first - 1) {
        stream->taken = stream->mark = offer->first - 1;
        stream->chain = stream->mark_chain = 0;
    }
    a->shard = shard;
    a->stream = stream;
    stream->attachment = a;
    a->own_to = stream->taken > stream->mark ? stream->mark : UINT64_MAX;
    *mark = (struct vd_stream_mark){.mark = stream->mark, .chain = stream->mark_chain};
    return 0;
}

int shard_fork(struct attachment *a, const struct vd_stream_offer *offer, struct shard_time now)
{
    struct stream *stream = a->stream;
    if (stream == NULL || stream->forking)
        return 0;
    return fork_offered(a->shard, stream, offer, OTHER_HISTORY, now);
}

/* Whether the event before which the chain stands follows one that this shard never had. */
static bool other_history(const struct stream *stream, uint64_t seq, uint64_t chain)
{
    return stream->chain != 0 && chain != 0 && seq == stream->taken + 1 && chain != stream->chain;
}

/* Over the events up to seq; 0 behind a hole, until the agent tells it again. */
static uint64_t chain_after(uint64_t chain, struct vd_bytes event, uint64_t seq)
{
    bool begins = seq == 1 && chain == 0 && !vd_gap_stands_at(event, seq);
    return chain != 0 || begins ? vd_chain_next(chain, event) : 0;
}

static int fork_in(struct passage *p, const struct vd_batch_head *head)
{
    uint64_t next = head->next != 0 ? head->next : p->batch->last_seq + 1;
    return begin_fork(p, &(struct notice_fork){OTHER_HISTORY, head->first_seq, next});
}

/* What is new of the batch. What an earlier session brought leads the chain to there: only at its end can it
 * be seen whether it was this host's. */
static int pass_new(struct passage *p, struct attachment *a, struct vd_batch *in)
{
    struct stream *stream = p->batch->stream;
    struct metrics *metrics = p->batch->shard->options.metrics;
    uint64_t seq = in->head.first_seq, chain = in->head.lost > 0 ? 0 : in->head.chain;
    int rc = 0;
    for (struct vd_bytes event; rc == 0 && !stream->forking && vd_batch_next(in, &event); seq++) {
        uint64_t after = chain_after(chain, event, seq);
        bool repeated = seq <= stream->taken;
        metrics->events_repeated += repeated;
        if (repeated ? other_history(stream, seq + 1, after) : other_history(stream, seq, chain)) {
            rc = fork_in(p, &in->head);
        } else if (!repeated) {
            rc = passage_event(p, event, seq, after);
        }
        if (rc == 0 && !stream->forking && seq >= stream->taken)
            a->own_to = UINT64_MAX;
        chain = after;
    }
    return rc == 0 ? passage_end(p) : rc;
}

int shard_take(struct attachment *a, struct vd_batch *in, size_t raw_bytes, struct shard_time now)
{
    struct stream *stream = a->stream;
    struct metrics *metrics = a->shard->options.metrics;
    struct batch *b = begin(a->shard, stream, a, in->event_count, raw_bytes, now);
    if (b == NULL)
        return VD_ENOMEM;
    b->last_seq = in->head.first_seq + in->event_count - 1;
    struct passage p;
    open_passage(&p, b, now);
    p.lost = in->head.lost;
    /* Nothing is scored that cannot go out. */
    int rc = a->shard->options.outlet->closed ? VD_EUNAVAILABLE : pass_new(&p, a, in);
    a->shard->astray |= rc != 0 && !a->shard->options.outlet->closed;
    metrics->batches_received++;
    metrics->received_bytes += raw_bytes;
    if (rc != 0 || stream->forking)
        b->last_seq = stream->taken; /* what was sent of it cannot be called back: it counts, the rest not */
    if (rc != 0)
        take_away(stream, rc);
    b->last_chain = b->last_seq == stream->taken ? stream->chain : 0;
    end(b, now.monotonic_ns);
    return rc;
}
