/* How long it takes to take a shard over: a snapshot with 100,000 agents and 500,000 events since, read back
 * from a real Kafka. recovery BROKERS PREFIX: topics with that prefix (vedette topics create), which it
 * fills. */
#include <stdio.h>
#include <stdlib.h>

#include <vedette/clock.h>
#include <vedette/event_splice.h>
#include <vedette/memory.h>
#include <vedette/shard_log.h>

#include "ownership/recovery.h"
#include "ownership/snapshot.h"

enum { AGENTS = 100000, EVENTS = 500000, EVENT_BYTES = 300, PER_COMMIT = 10000 };

struct bench {
    uv_loop_t loop;
    struct vd_shard_log *log;
    struct recovery recovery;
    struct snapshot snapshot;
    uint8_t *values; /* of one transaction */
    int sent;
    bool reading;
    int64_t restored_ms, first_event_ms; /* when */
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench-recovery: %s\n", what);
    exit(1);
}

static struct vd_bytes key_of(int agent, char text[64])
{
    return vd_bytes_of(text, (size_t)snprintf(text, 64, "tenant/host-%06d.example.internal", agent));
}

/* Each agent's stream begins with its number. */
static void stream_of(int agent, uint8_t id[VD_STREAM_BYTES])
{
    memset(id, 7, VD_STREAM_BYTES);
    memcpy(id, &agent, sizeof agent);
}

static void put_snapshot(struct bench *b)
{
    static struct vd_bytes chunks[SNAPSHOT_CHUNKS_MAX];
    char key[64];
    const char *why;
    must(snapshot_init(&b->snapshot) == 0, "out of memory");
    for (int i = 0; i < AGENTS; i++) {
        struct snapshot_mark mark = {.key = key_of(i, key), .tenant_len = 6, .mark = 1000};
        stream_of(i, mark.stream);
        must(snapshot_put_mark(&b->snapshot, &mark) == 0, "a mark does not fit");
    }
    uint32_t count = snapshot_chunks(&b->snapshot, chunks);
    must(vd_shard_log_snapshot(b->log, 0, chunks, count, &why) == 0, "snapshot");
    vd_shard_log_commit(b->log);
}

static void put_events(struct bench *b)
{
    char key[64];
    const char *why;
    for (int i = 0; i < PER_COMMIT; i++, b->sent++) {
        uint8_t id[VD_STREAM_BYTES], *value = b->values + (size_t)i * VD_SPLICE_MAX_BYTES;
        char padding[EVENT_BYTES];
        memset(padding, 'a' + b->sent % 26, sizeof padding);
        stream_of(b->sent % AGENTS, id);
        struct vd_splice splice = {.tenant = vd_bytes_str("tenant"),
                                   .agent = vd_bytes_str("host"),
                                   .stream = id,
                                   .seq = 1001 + (uint64_t)(b->sent / AGENTS),
                                   .risk_details = vd_bytes_of(padding, EVENT_BYTES)};
        struct vd_record record = {.topic = VD_TOPIC_EVENTS,
                                   .key = key_of(b->sent % AGENTS, key),
                                   .value = vd_bytes_of(value, vd_event_splice_write(&splice, value))};
        must(vd_shard_log_send(b->log, &record, &why) == 0, "send");
    }
    vd_shard_log_commit(b->log);
}

static void on_closed(void *arg)
{
    struct bench *b = arg;
    uv_stop(&b->loop);
}

static void on_opened(void *arg)
{
    struct bench *b = arg;
    if (b->reading)
        vd_shard_log_close(b->log, on_closed);
    else
        put_snapshot(b);
}

static void on_committed(void *arg, int64_t end_offset)
{
    struct bench *b = arg;
    (void)end_offset;
    if (b->sent < EVENTS)
        put_events(b);
    else
        vd_shard_log_close(b->log, on_closed);
}

static int on_restore(void *arg, struct vd_bytes chunk)
{
    struct bench *b = arg;
    b->restored_ms = vd_clock_monotonic_ms();
    return recovery_restore(&b->recovery, chunk);
}

static int on_replay(void *arg, const struct vd_consumed *event)
{
    struct bench *b = arg;
    if (b->first_event_ms == 0)
        b->first_event_ms = vd_clock_monotonic_ms();
    return recovery_replay(&b->recovery, event);
}

static void on_snapshotted(void *arg, int64_t state_offset)
{
    (void)arg, (void)state_offset;
}

static void on_failed(void *arg, enum vd_shard_log_failure failure, const char *why)
{
    (void)arg, (void)failure;
    must(false, why);
}

static void on_waiting(void *arg, const char *why)
{
    (void)arg;
    if (why != NULL)
        fprintf(stderr, "waiting: %s\n", why);
}

static void run(struct bench *b, char **argv)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_shard_log_options options = {
        .kafka = {.brokers = argv[1], .client_id = "bench"},
        .prefix = argv[2],
        .group = "bench-recovery",
        .loop = &b->loop,
        .callbacks = {on_restore, on_replay, on_opened, on_committed, on_snapshotted, on_failed, on_waiting},
        .arg = b};
    must(recovery_init(&b->recovery, 2 * AGENTS) == 0, "out of memory");
    must(vd_shard_log_open(&b->log, &options, error) == 0, error);
    uv_run(&b->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    struct bench b = {.values = malloc((size_t)PER_COMMIT * VD_SPLICE_MAX_BYTES)};
    must(argc == 3 && b.values != NULL, "arguments: BROKERS PREFIX");
    uv_loop_init(&b.loop);
    run(&b, argv);
    recovery_deinit(&b.recovery);
    b.reading = true;
    int64_t begun_ms = vd_clock_monotonic_ms();
    run(&b, argv);
    int64_t took_ms = vd_clock_monotonic_ms() - begun_ms;
    must(b.recovery.streams.count == AGENTS && b.recovery.marks == AGENTS, "not all agents came back");
    must(b.recovery.events == EVENTS, "not all events came back");
    for (const struct stream *s = b.recovery.streams.oldest; s != NULL; s = s->newer)
        must(s->mark == 1000 + EVENTS / AGENTS, "a wrong mark");
    printf(
        "%d agents, %d events since the snapshot: %.2f s (snapshot after %.2f s, first event after %.2f s)\n",
        AGENTS, EVENTS, (double)took_ms / 1000, (double)(b.restored_ms - begun_ms) / 1000,
        (double)(b.first_event_ms - begun_ms) / 1000);
    recovery_deinit(&b.recovery);
    snapshot_deinit(&b.snapshot);
    free(b.values);
    return 0;
}
