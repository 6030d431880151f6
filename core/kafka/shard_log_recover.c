/* Reading a shard's history back, on the log's thread: the newest snapshot, then the events since.
 *
 * Happy path: from where the group's committed offset of the state partition says that the newest snapshot
 * begins, up to our own barrier, behind which nobody else has written → the newest whole snapshot among what
 * was read, read once more and handed to `restore`: so a snapshot is never held in memory → the events
 * partition from the snapshot's offset to its end, to `replay`. Behind the barrier all of it is decided,
 * unless a broker forgot how a transaction ended; then that is committed, and read as well, before anybody
 * serves.
 *
 * Failure: while no broker answers it waits, and says so. An offset that leads past every snapshot (somebody
 * set it by hand) costs a second reading from the beginning. A chunk that is not understood, or an owner who
 * does not understand what he is given, fails the log: skipping it could lose what it says. */
#include <inttypes.h>
#include <stdio.h>
#include <vedette/clock.h>
#include <vedette/error.h>

#include "consumer.h"
#include "shard_log_inside.h"

enum { OPEN_MS = 500, POLL_MS = 100, CERTAIN_MS = 1000, LOOK_AGAIN_MS = 20 };

struct recovery {
    struct vd_shard_log *log;
    struct vd_shard_log_trouble *trouble;
    struct vd_consumer *state, *events;
    char state_name[VD_TOPIC_NAME_BYTES], events_name[VD_TOPIC_NAME_BYTES];
    struct vd_snapshot_search search;
};

static int refuse(struct recovery *r, const char *what, const char *topic, int64_t offset)
{
    r->trouble->failure = VD_SHARD_LOG_TROUBLE;
    snprintf(r->trouble->why, sizeof r->trouble->why,
             "%s: topic %.80s, partition %" PRId32 ", offset %" PRId64, what, topic, r->log->options.shard,
             offset);
    return VD_EKAFKA;
}

/* What Kafka refused is told, and tried again after a pause: 0, or VD_ECLOSED. */
static int wait_out(struct recovery *r, const char *why)
{
    vd_shard_log_say(r->log, why);
    return vd_shard_log_pause(r->log, VD_SHARD_LOG_AGAIN_MS) ? VD_ECLOSED : 0;
}

static int open_reader(struct recovery *r, struct vd_consumer **out, const char *topic, const char *group)
{
    char error[VD_KAFKA_ERROR_BYTES];
    int closed = 0;
    while (closed == 0) {
        int result = vd_consumer_open(out, &r->log->options.kafka, topic, group, OPEN_MS, error);
        if (result == 0)
            return 0;
        closed = wait_out(r, error);
    }
    return closed;
}

static int start(struct recovery *r, struct vd_consumer *reader, int64_t offset)
{
    if (vd_consumer_start(reader, r->log->options.shard, offset, r->trouble->why) == 0)
        return 0;
    r->trouble->failure = VD_SHARD_LOG_TROUBLE;
    return VD_EKAFKA;
}

/* 0: a record; VD_KAFKA_END; VD_ECLOSED. */
static int next(struct recovery *r, struct vd_consumer *reader, const char *topic, struct vd_consumed *record)
{
    char why[VD_KAFKA_ERROR_BYTES];
    int64_t begun_ms = 0;
    while (!vd_shard_log_stopped(r->log)) {
        int result = vd_consumer_poll(reader, POLL_MS, record, why);
        if (result == 0 || result == VD_KAFKA_END) {
            vd_shard_log_say(r->log, "");
            return result;
        }
        if (result == VD_KAFKA_NOTHING)
            snprintf(why, sizeof why, "no broker sends topic %.100s", topic);
        int64_t now_ms = vd_clock_monotonic_ms();
        if (begun_ms == 0)
            begun_ms = now_ms;
        if (now_ms - begun_ms >= VD_SHARD_LOG_PATIENCE_MS)
            vd_shard_log_say(r->log, why);
    }
    return VD_ECLOSED;
}

/* ---- The snapshot */

static bool is_barrier(const struct recovery *r, const struct vd_consumed *record)
{
    return vd_bytes_equal(record->value, vd_bytes_str(r->log->opening.nonce));
}

/* A chunk of the shard, VD_SNAPSHOT_OTHER, or VD_EKAFKA. */
static int read_chunk(struct recovery *r, const struct vd_consumed *record, struct vd_snapshot_chunk *chunk)
{
    int result = vd_snapshot_read(chunk, r->log->options.shard, record->key, record->value);
    if (result == VD_EUNSUPPORTED)
        return refuse(r, "a snapshot of another version of Vedette", r->state_name, record->offset);
    if (result < 0)
        return refuse(r, "a chunk of a snapshot is malformed", r->state_name, record->offset);
    return result;
}

/* Reads up to the barrier, and notes the newest whole snapshot in between. */
static int search_from(struct recovery *r, int64_t offset)
{
    int result = start(r, r->state, offset);
    r->search = (struct vd_snapshot_search){0};
    while (result >= 0) {
        struct vd_consumed record;
        struct vd_snapshot_chunk chunk;
        result = next(r, r->state, r->state_name, &record);
        /* The end may be told before the barrier's commit is visible. */
        if (result != 0)
            continue;
        if (is_barrier(r, &record))
            break;
        result = read_chunk(r, &record, &chunk);
        if (result == 0 && vd_snapshot_show(&r->search, &chunk, record.offset) < 0)
            result = refuse(r, "a chunk does not fit its snapshot", r->state_name, record.offset);
    }
    vd_consumer_stop(r->state);
    return result;
}

static int search(struct recovery *r)
{
    char error[VD_KAFKA_ERROR_BYTES];
    int64_t offset;
    while (vd_consumer_committed(r->state, r->log->options.shard, 2 * OPEN_MS, &offset, error) < 0) {
        int closed = wait_out(r, error);
        if (closed != 0)
            return closed;
    }
    int result = search_from(r, offset);
    if (result == 0 && !r->search.newest.found && offset > 0)
        result = search_from(r, 0);
    return result;
}

static int restore(struct recovery *r)
{
    const struct vd_snapshot_place *place = &r->search.newest;
    int result = start(r, r->state, place->state_offset);
    for (uint32_t restored = 0; result >= 0 && restored < place->count;) {
        struct vd_consumed record;
        struct vd_snapshot_chunk chunk;
        result = next(r, r->state, r->state_name, &record);
        if (result != 0)
            continue;
        if (is_barrier(r, &record))
            return refuse(r, "the snapshot is gone", r->state_name, record.offset);
        result = read_chunk(r, &record, &chunk);
        if (result != 0 || chunk.index != restored || memcmp(chunk.id, place->id, sizeof chunk.id) != 0)
            continue;
        restored++;
        if (r->log->options.callbacks.restore(r->log->options.arg, chunk.body) != 0)
            return refuse(r, "the snapshot is not understood", r->state_name, record.offset);
    }
    return result < 0 ? result : 0;
}

/* ---- The events */

static int replay_from(struct recovery *r, int64_t offset)
{
    struct vd_consumed record;
    int result = start(r, r->events, offset);
    while (result == 0 && (result = next(r, r->events, r->events_name, &record)) == 0) {
        if (r->log->options.callbacks.replay(r->log->options.arg, &record) != 0)
            return refuse(r, "an event is not understood", r->events_name, record.offset);
    }
    r->log->end_offset = vd_consumer_end(r->events);
    return result == VD_KAFKA_END ? 0 : result;
}

static bool is_undecided(const struct recovery *r, struct vd_undecided *undecided)
{
    undecided->from = r->log->end_offset;
    undecided->to = vd_consumer_high_watermark(r->events, r->log->options.shard);
    return undecided->from < undecided->to;
}

/* Of what is still undecided after so long. A commit is answered before its markers are written, and a broker
 * that has just become the leader learns late what is replicated: so it is looked at again and again. */
static int settle(struct recovery *r, const struct vd_undecided *undecided, int64_t *since_ms, bool *decided)
{
    int64_t now_ms = vd_clock_monotonic_ms(), waited_ms = now_ms - *since_ms;
    if (waited_ms >= CERTAIN_MS && !*decided) {
        *decided = true;
        *since_ms = now_ms;
        return vd_shard_log_decide(r->log, undecided, r->trouble);
    }
    if (waited_ms >= VD_SHARD_LOG_HANGING_MS)
        return refuse(r, "part of a transaction that does not end", r->events_name, undecided->from);
    if (waited_ms >= VD_SHARD_LOG_PATIENCE_MS)
        return wait_out(r, "records in the events topic are part of a transaction that does not end");
    return vd_shard_log_pause(r->log, LOOK_AGAIN_MS) ? VD_ECLOSED : 0;
}

static int replay(struct recovery *r)
{
    struct vd_undecided undecided;
    int64_t since_ms = 0;
    bool decided = false;
    int result = replay_from(r, r->search.newest.found ? r->search.newest.events_offset : 0);
    while (result == 0 && is_undecided(r, &undecided)) {
        if (since_ms == 0)
            since_ms = vd_clock_monotonic_ms();
        vd_consumer_stop(r->events);
        result = settle(r, &undecided, &since_ms, &decided);
        if (result == 0)
            result = replay_from(r, r->log->end_offset);
    }
    return result;
}

static int recover(struct recovery *r)
{
    int result = open_reader(r, &r->state, r->state_name, r->log->options.group);
    if (result == 0)
        result = search(r);
    if (result == 0 && r->search.newest.found) /* the next one is not to replace it before it is whole */
        r->log->loop.snapshot.next.generation = (r->search.newest.generation + 1) % VD_SNAPSHOT_GENERATIONS;
    if (result == 0 && r->search.newest.found)
        result = restore(r);
    if (result == 0)
        result = open_reader(r, &r->events, r->events_name, NULL);
    return result == 0 ? replay(r) : result;
}

int vd_shard_log_recover(struct vd_shard_log *log, struct vd_shard_log_trouble *trouble)
{
    struct recovery r = {.log = log, .trouble = trouble};
    vd_topic_name(VD_TOPIC_STATE, log->options.prefix, r.state_name);
    vd_topic_name(VD_TOPIC_EVENTS, log->options.prefix, r.events_name);
    int result = recover(&r);
    vd_consumer_free(r.state);
    vd_consumer_free(r.events);
    return result;
}
