/* How long it takes to take a shard over: a snapshot with the marks and windows of 100,000 agents and 500,000
 * events since, read back from a real Kafka and scored again. recovery BROKERS PREFIX: topics with that
 * prefix (vedette topics create), which it fills. */
#include <stdio.h>
#include <stdlib.h>

#include <vedette/clock.h>
#include <vedette/event_splice.h>
#include <vedette/event_view.h>
#include <vedette/memory.h>
#include <vedette/shard_log.h>
#include <vedette/wire.h>

#include "ownership/recovery.h"
#include "ownership/scribe.h"
#include "score/published.h"

enum { AGENTS = 100000, EVENTS = 500000, TEXT_BYTES = 200, PER_COMMIT = 10000, ENTITIES = 1000000 };
enum { EVENT_BYTES = 512 + VD_SPLICE_MAX_BYTES };
static const int64_t BEGIN_MS = 1700438400000;

struct bench {
    uv_loop_t loop;
    struct vd_shard_log *log;
    struct recovery recovery;
    struct scribe scribe;
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

/* A login as an agent sends it: times go on, users and sources differ, each host has its own. */
static size_t event_write(int number, uint8_t *out)
{
    enum { CLASS = 1, ACTIVITY = 2, STATUS = 4, TIME = 5, MESSAGE = 15, ACTOR = 11, SOURCE = 12 };
    char user[16], address[24], text[TEXT_BYTES];
    uint8_t inner[64], *end = out;
    memset(text, 'a' + number % 26, sizeof text);
    snprintf(user, sizeof user, "user%d", number % 3000);
    snprintf(address, sizeof address, "10.%d.%d.%d", number % 7, number / 7 % 250, number % 250);
    end = vd_wire_put_uint(end, CLASS, 3002);
    end = vd_wire_put_uint(end, ACTIVITY, 1);
    end = vd_wire_put_uint(end, STATUS, 1 + (number % 10 == 0));
    end = vd_wire_put_uint(end, TIME, (uint64_t)(BEGIN_MS + number / 100));
    end = vd_wire_put_bytes(end, MESSAGE, vd_bytes_of(text, sizeof text));
    uint8_t *name = vd_wire_put_bytes(inner, 1, vd_bytes_str(user));
    end = vd_wire_put_bytes(end, ACTOR, vd_bytes_of(inner, (size_t)(name - inner)));
    name = vd_wire_put_bytes(inner, 1, vd_bytes_str(address));
    return (size_t)(vd_wire_put_bytes(end, SOURCE, vd_bytes_of(inner, (size_t)(name - inner))) - out);
}

/* The same with the collector's fields behind it. */
static struct vd_bytes published_write(int number, uint64_t seq, uint8_t *out)
{
    uint8_t id[VD_STREAM_BYTES];
    char agent[64];
    int agent_len = snprintf(agent, sizeof agent, "host-%06d.example.internal", number % AGENTS);
    const struct vd_score score = {.configuration = 1};
    stream_of(number % AGENTS, id);
    struct vd_splice splice = {.tenant = vd_bytes_str("tenant"),
                               .agent = vd_bytes_of(agent, (size_t)agent_len),
                               .stream = id,
                               .seq = seq,
                               .processed_time_ms = BEGIN_MS + number / 100 + 50,
                               .class_uid = 3002,
                               .activity_id = 1,
                               .score = &score,
                               .risk_details = vd_bytes_str("nothing unusual")};
    size_t len = event_write(number, out);
    return vd_bytes_of(out, len + vd_event_splice_write(&splice, out + len));
}

/* Each agent has been heard before. */
static void fill(struct bench *b)
{
    uint8_t value[EVENT_BYTES];
    char key[64];
    for (int i = 0; i < AGENTS; i++) {
        struct vd_consumed event = {.key = key_of(i, key), .value = published_write(i, 1000, value)};
        must(recovery_replay(&b->recovery, &event) == 0, "an event is not understood");
    }
    must(b->recovery.scored == AGENTS, "not all were scored");
}

static void go_on_writing(struct bench *b)
{
    const char *why = "";
    must(scribe_go_on(&b->scribe, 4 << 20, &why) >= 0, why);
    vd_shard_log_commit(b->log);
}

static void put_snapshot(struct bench *b)
{
    struct scribe_subject subject = {
        .log = b->log, .streams = &b->recovery.streams, .score = b->recovery.score};
    fill(b);
    must(scribe_begin(&b->scribe, &subject) == 0, "snapshot");
    go_on_writing(b);
}

static void put_events(struct bench *b)
{
    char key[64];
    const char *why;
    for (int i = 0; i < PER_COMMIT; i++, b->sent++) {
        struct vd_record record = {.topic = VD_TOPIC_EVENTS,
                                   .key = key_of(b->sent % AGENTS, key),
                                   .value = published_write(b->sent, 1001 + (uint64_t)(b->sent / AGENTS),
                                                            b->values + (size_t)i * EVENT_BYTES)};
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
    if (scribe_busy(&b->scribe))
        go_on_writing(b);
    else if (b->sent < EVENTS)
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

static int on_undecided(void *arg, const struct vd_undecided *undecided, struct vd_record *record)
{
    struct bench *b = arg;
    return recovery_undecided(&b->recovery, 0, undecided, record);
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
    struct vd_shard_log_options options = {.kafka = {.brokers = argv[1], .client_id = "bench"},
                                           .prefix = argv[2],
                                           .group = "bench-recovery",
                                           .loop = &b->loop,
                                           .callbacks = {on_restore, on_replay, on_undecided, on_opened,
                                                         on_committed, on_snapshotted, on_failed, on_waiting},
                                           .arg = b};
    const struct score_options score = {.max_entities = ENTITIES};
    must(recovery_init(&b->recovery, 2 * AGENTS, &score) == 0, "out of memory");
    must(vd_shard_log_open(&b->log, &options, error) == 0, error);
    uv_run(&b->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    struct bench b = {.values = malloc((size_t)PER_COMMIT * EVENT_BYTES)};
    must(argc == 3 && b.values != NULL, "arguments: BROKERS PREFIX");
    uv_loop_init(&b.loop);
    run(&b, argv);
    recovery_deinit(&b.recovery);
    b.reading = true;
    int64_t begun_ms = vd_clock_monotonic_ms();
    run(&b, argv);
    int64_t took_ms = vd_clock_monotonic_ms() - begun_ms;
    must(b.recovery.streams.count == AGENTS && b.recovery.marks == AGENTS, "not all agents came back");
    must(b.recovery.events == EVENTS && b.recovery.scored == EVENTS, "not all events came back");
    must(b.recovery.windows_lost == NULL && recovery_end(&b.recovery) == 0, "the windows did not come back");
    for (const struct stream *s = b.recovery.streams.oldest; s != NULL; s = s->newer)
        must(s->mark == 1000 + EVENTS / AGENTS, "a wrong mark");
    printf(
        "%d agents, %d events since the snapshot: %.2f s (snapshot after %.2f s, first event after %.2f s)\n",
        AGENTS, EVENTS, (double)took_ms / 1000, (double)(b.restored_ms - begun_ms) / 1000,
        (double)(b.first_event_ms - begun_ms) / 1000);
    recovery_deinit(&b.recovery);
    free(b.values);
    return 0;
}
