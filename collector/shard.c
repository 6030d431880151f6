/* The way of an event through its shard; shard.h tells its happy path and how it fails. */
#include "shard.h"

#include <assert.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/event_validate.h>
#include <vedette/event_view.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "notice.h"

/* Dead letters of a stream in a second: a broken agent must not be what fills Kafka. */
enum { LETTERS_A_SECOND = 100, NOTICE_MAX_BYTES = 8192 };

struct shard {
    struct shard_options options;
    struct streams streams;
    struct score *score;
    struct vd_buffer notice; /* an event of our own, while it is made */
};

/* A batch on its way: alive until every record of it has come back. */
struct batch {
    struct batch *next; /* the next younger of its stream */
    struct shard *shard;
    struct stream *stream;
    struct attachment *from; /* NULL once that session let go */
    struct block *blocks;    /* the bytes of its records */
    uint64_t last_seq, last_chain;
    uint32_t outstanding, event_count, published;
    size_t raw_bytes;
    int64_t received_ns;
    bool whole; /* all of it has been handed to the publisher */
    bool fork;  /* has the stream's FORK */
};

int shard_new(struct shard **out, const struct shard_options *options)
{
    struct shard *shard = vd_calloc(1, sizeof *shard);
    if (shard == NULL)
        return VD_ENOMEM;
    shard->options = *options;
    vd_buffer_init(&shard->notice, NOTICE_MAX_BYTES);
    struct score_options score_options = {.max_entities = options->entities_max};
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

/* ---- An event's way */

struct passage {
    struct batch *batch;
    struct outlet_record record; /* what is the same in all of the batch's */
    struct shard_time now;
};

static struct passage passage_of(struct batch *b, struct shard_time now)
{
    return (struct passage){.batch = b,
                            .record = {.partition = b->shard->options.partition,
                                       .key = stream_key(b->stream),
                                       .tenant = stream_tenant(b->stream),
                                       .opaque = b},
                            .now = now};
}

static int hand_over(struct batch *b, const struct outlet_record *record)
{
    const struct outlet *outlet = b->shard->options.outlet;
    b->outstanding++; /* before it is handed over, and taken back where that fails */
    int rc = outlet->send(outlet->self, record);
    if (rc != 0)
        b->outstanding--;
    return rc;
}

/* What the shard's notice says. */
static int send_notice(struct passage *p)
{
    struct batch *b = p->batch;
    struct vd_bytes notice = vd_buffer_bytes(&b->shard->notice);
    uint8_t *value = blocks_reserve(b->shard->options.blocks, &b->blocks, notice.len);
    if (value == NULL)
        return VD_ENOMEM;
    memcpy(value, notice.data, notice.len);
    b->blocks->used += notice.len;
    struct outlet_record record = p->record;
    record.value = vd_bytes_of(value, notice.len);
    return hand_over(b, &record);
}

static bool letter_allowed(struct stream *stream, int64_t now_ns)
{
    int64_t second = now_ns / 1000000000;
    if (stream->letters_second != second) {
        stream->letters_second = second;
        stream->letters = 0;
    }
    return stream->letters++ < LETTERS_A_SECOND;
}

static int send_letter(struct passage *p, struct vd_bytes event, const struct vd_refusal *why)
{
    struct batch *b = p->batch;
    struct shard_options *o = &b->shard->options;
    size_t path_bytes = strlen(why->path) + 1;
    uint8_t *value = blocks_reserve(o->blocks, &b->blocks, event.len + path_bytes);
    if (value == NULL)
        return VD_ENOMEM;
    memcpy(value, event.data, event.len);
    char *path = memcpy(value + event.len, why->path, path_bytes);
    b->blocks->used += event.len + path_bytes;
    struct outlet_record record = p->record;
    record.value = vd_bytes_of(value, event.len);
    record.reason = why->reason;
    record.path = path;
    return hand_over(b, &record);
}

/* A GAP takes the event's number, so that the events partition alone tells how far each stream is kept. */
static int refuse(struct passage *p, struct vd_bytes event, const struct vd_refusal *why, uint64_t seq)
{
    struct batch *b = p->batch;
    struct shard *shard = b->shard;
    struct metrics *metrics = shard->options.metrics;
    bool letter = letter_allowed(b->stream, p->now.monotonic_ns);
    metrics->events_refused++;
    metrics->letters_withheld += !letter;
    vd_log_debug("event refused", VD_F_BYTES("agent", p->record.key), VD_F_STR("reason", why->reason),
                 VD_F_STR("path", why->path));
    vd_buffer_clear(&shard->notice);
    int rc = notice_refusal(&shard->notice, b->stream, seq, why, letter, p->now.real_ms);
    /* The letter first: sent twice it is only a letter, but the GAP's number must not be. */
    if (rc == 0 && letter)
        rc = send_letter(p, event, why);
    return rc == 0 ? send_notice(p) : rc;
}

static int score_and_publish(struct passage *p, struct vd_bytes event, const struct vd_event_view *view,
                             uint64_t seq)
{
    struct batch *b = p->batch;
    struct shard_options *o = &b->shard->options;
    struct vd_score score;
    char sentence[SCORE_SENTENCE_BYTES];
    uint8_t ours[VD_SPLICE_MAX_BYTES];
    struct score_input input =
        score_input_of(view, stream_tenant(b->stream), stream_agent(b->stream), p->now.real_ms);
    int rc = score_event(b->shard->score, &input, &score);
    if (rc < 0)
        return rc;
    size_t sentence_len = score_sentence(&score, sentence, sizeof sentence);
    struct vd_splice splice = {.tenant = stream_tenant(b->stream),
                               .agent = stream_agent(b->stream),
                               .stream = b->stream->id,
                               .seq = seq,
                               .processed_time_ms = p->now.real_ms,
                               .class_uid = view->class_uid,
                               .activity_id = view->activity_id,
                               .score = &score,
                               .risk_details = vd_bytes_of(sentence, sentence_len)};
    /* By way of the stack: room for the longest there is would leave blocks half empty. */
    size_t ours_len = vd_event_splice_write(&splice, ours), len = event.len + ours_len;
    uint8_t *value = blocks_reserve(o->blocks, &b->blocks, len);
    if (value == NULL)
        return VD_ENOMEM;
    memcpy(value, event.data, event.len);
    memcpy(value + event.len, ours, ours_len);
    b->blocks->used += len;
    o->metrics->risk_levels[score.risk_level_id]++;
    o->metrics->events_alerted += score.is_alert;
    b->published++;
    struct outlet_record record = p->record;
    record.value = vd_bytes_of(value, len);
    record.class_uid = view->class_uid;
    return hand_over(b, &record);
}

static int pass(struct passage *p, struct vd_bytes event, uint64_t seq)
{
    struct vd_event_view view;
    struct vd_refusal why;
    struct vd_validate_limits limits = {.event_max_bytes = p->batch->shard->options.event_max_bytes};
    int rc = vd_event_validate(&view, event, &limits, p->now.real_ms, &why);
    return rc != 0 ? refuse(p, event, &why, seq) : score_and_publish(p, event, &view, seq);
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
            stream->quarantined = false;
        free_batch(b);
    }
    if (stream->oldest == NULL) {
        stream->newest = NULL;
        stream->taken = stream->mark;
        stream->chain = stream->mark_chain;
        stream->in_doubt = false;
    }
}

static void complete(struct stream *stream, int64_t now_ns)
{
    while (stream->oldest != NULL && stream->oldest->whole && stream->oldest->outstanding == 0) {
        struct batch *b = stream->oldest;
        struct attachment *from = b->from;
        size_t raw_bytes = b->raw_bytes;
        struct metrics *metrics = b->shard->options.metrics;
        if (b->last_seq > stream->mark) { /* a batch that came again may end below */
            stream->mark = b->last_seq;
            stream->mark_chain = b->last_chain;
        }
        stream->oldest = b->next;
        if (stream->oldest == NULL)
            stream->newest = NULL;
        metrics->events_published += b->published;
        metrics_latency(metrics, now_ns - b->received_ns);
        free_batch(b);
        if (stream->attachment != NULL)
            stream->attachment->kept(stream->attachment, stream->mark,
                                     from == stream->attachment ? raw_bytes : 0);
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

/* SHARD_FORKED, or an error and it is as it was. */
static int quarantine(struct passage *p, const struct notice_fork *fork)
{
    struct batch *b = p->batch;
    struct stream *stream = b->stream;
    vd_buffer_clear(&b->shard->notice);
    int rc = notice_fork(&b->shard->notice, stream, fork, p->now.real_ms);
    if (rc == 0)
        rc = send_notice(p);
    if (rc != 0)
        return rc;
    stream->quarantined = b->fork = true;
    b->shard->options.metrics->streams_forked++;
    vd_log_warn("stream forked and quarantined", VD_F_BYTES("agent", p->record.key),
                VD_F_STR("detail", fork->detail), VD_F_UINT("kept_to", stream->taken),
                VD_F_UINT("first", fork->first), VD_F_UINT("next", fork->next));
    take_away(stream, SHARD_FORKED);
    return SHARD_FORKED;
}

/* A number is sent only when it is on the agent's disk, so whoever has fewer than were taken is a copy, or
 * was put back to an earlier state. */
static int quarantine_behind(struct shard *shard, struct stream *stream, const struct vd_stream_offer *offer,
                             struct shard_time now)
{
    struct batch *b = begin(shard, stream, NULL, 0, 0, now);
    if (b == NULL)
        return VD_ENOMEM;
    struct passage p = passage_of(b, now);
    int rc = quarantine(
        &p, &(struct notice_fork){.detail = "behind the mark", .first = offer->first, .next = offer->next});
    end(b, now.monotonic_ns);
    return rc;
}

int shard_attach(struct shard *shard, struct attachment *a, const struct vd_identity *agent,
                 const struct vd_stream_offer *offer, struct shard_time now, uint64_t *mark)
{
    struct stream *stream = streams_get(&shard->streams, agent, offer->stream);
    if (stream == NULL)
        return VD_EFULL;
    if (stream->in_doubt)
        return VD_EUNAVAILABLE;
    *mark = stream->taken;
    if (stream->quarantined)
        return SHARD_FORKED;
    if (offer->next <= stream->taken)
        return quarantine_behind(shard, stream, offer, now);
    take_away(stream, VD_EEXISTS);
    /* What lies below `first` the agent has let go of, because a collector told it that it was kept. */
    if (stream->oldest == NULL && stream->taken < offer->first - 1) {
        stream->taken = stream->mark = offer->first - 1;
        stream->chain = stream->mark_chain = 0;
    }
    a->shard = shard;
    a->stream = stream;
    stream->attachment = a;
    *mark = stream->mark;
    return 0;
}

/* Whether the event before which the chain stands follows one that this shard never had. */
static bool other_history(const struct stream *stream, uint64_t seq, uint64_t chain)
{
    return stream->chain != 0 && chain != 0 && seq == stream->taken + 1 && chain != stream->chain;
}

/* What is new of the batch: what was taken before only leads the chain to there. */
static int pass_new(struct passage *p, struct vd_batch *in)
{
    struct stream *stream = p->batch->stream;
    struct metrics *metrics = p->batch->shard->options.metrics;
    uint64_t seq = in->head.first_seq, chain = in->head.chain;
    int rc = 0;
    for (struct vd_bytes event; rc == 0 && vd_batch_next(in, &event); seq++) {
        uint64_t after = chain != 0 || seq == 1 ? vd_chain_next(chain, event) : 0;
        if (seq <= stream->taken) {
            metrics->events_repeated++; /* under way since an earlier session */
        } else if (other_history(stream, seq, chain)) {
            uint64_t next = in->head.next != 0 ? in->head.next : p->batch->last_seq + 1;
            rc = quarantine(p, &(struct notice_fork){"another history", in->head.first_seq, next});
        } else if ((rc = pass(p, event, seq)) == 0) {
            stream->taken = seq;
            stream->chain = after;
            metrics->events_received++;
        }
        chain = after;
    }
    return rc;
}

int shard_take(struct attachment *a, struct vd_batch *in, size_t raw_bytes, struct shard_time now)
{
    struct stream *stream = a->stream;
    struct metrics *metrics = a->shard->options.metrics;
    struct batch *b = begin(a->shard, stream, a, in->event_count, raw_bytes, now);
    if (b == NULL)
        return VD_ENOMEM;
    b->last_seq = in->head.first_seq + in->event_count - 1;
    struct passage p = passage_of(b, now);
    int rc = pass_new(&p, in);
    metrics->batches_received++;
    metrics->received_bytes += raw_bytes;
    if (rc != 0) {
        b->last_seq = stream->taken; /* what was sent of it cannot be called back: it counts, the rest not */
        take_away(stream, rc);
    }
    b->last_chain = b->last_seq == stream->taken ? stream->chain : 0;
    end(b, now.monotonic_ns);
    return rc;
}
