/* The outlet that keeps records in an array, and the session whose callbacks take notes. */
#include "unit.h"

#include "shard_rig.h"

#include <stdio.h>
#include <vedette/memory.h>
#include <vedette/wire.h>

/* ---- The outlet */

struct record records[RECORDS_MAX];
size_t record_count, batches_sent, send_answer_from, fail_at;
int send_answer;

static int keep(void *self, const struct outlet_record *record)
{
    (void)self;
    if (send_answer != 0 && send_answer_from <= record_count)
        return send_answer;
    assert_true(record_count < RECORDS_MAX);
    assert_int_equal(record->partition, 3);
    assert_true(record->is_finding || (record->key.len > 5 && memcmp(record->key.data, "acme/", 5) == 0));
    assert_true(vd_bytes_equal(record->tenant, vd_bytes_str("acme")));
    assert_true(record->time_ms >= NOW_REAL_MS);
    struct record *r = &records[record_count++];
    *r = (struct record){.key = record->key,
                         .value = record->value,
                         .opaque = record->opaque,
                         .refused = record->reason != NULL,
                         .finding = record->is_finding};
    snprintf(r->reason, sizeof r->reason, "%s", record->reason != NULL ? record->reason : "");
    return 0;
}

static void batch_sent(void *self)
{
    (void)self;
    batches_sent++;
}

static struct outlet outlet = {.send = keep, .batch_sent = batch_sent};

/* ---- The shard and its session */

static void on_stop(void *arg)
{
    struct world *w = arg;
    w->stopped++;
}

static void on_resume(void *arg)
{
    struct world *w = arg;
    w->resumed++;
}

static void on_kept(struct attachment *a, uint64_t mark, size_t raw_bytes)
{
    struct world *w = a->owner;
    assert_true(mark >= w->mark);
    w->mark = mark;
    w->raw_bytes_freed += raw_bytes;
}

static void on_lost(struct attachment *a, int error)
{
    struct world *w = a->owner;
    w->lost = error;
    w->forked_mark = a->forked_mark;
}

static const struct vd_identity AGENT = {.kind = VD_IDENTITY_AGENT, .tenant = "acme", .name = "web-1"};

void attachment_init(struct attachment *a, struct world *w)
{
    *a = (struct attachment){.owner = w, .kept = on_kept, .lost = on_lost};
}

int offer(struct world *w, struct attachment *a, uint64_t first, uint64_t next, uint64_t *mark)
{
    struct vd_stream_offer stream = {.first = first, .next = next};
    memset(stream.stream, 9, sizeof stream.stream);
    attachment_init(a, w);
    struct vd_stream_mark told = {0};
    int rc = shard_attach(w->shard, a, &AGENT, &stream, NOW, &told);
    *mark = told.mark;
    w->told_chain = told.chain;
    return rc;
}

uint64_t attach(struct world *w, struct attachment *a, uint64_t first)
{
    uint64_t mark = 12345;
    assert_int_equal(offer(w, a, first, 1000, &mark), 0);
    return mark;
}

void setup(struct world *w)
{
    *w = (struct world){
        .flow = {.bytes_max = 1 << 20, .events_max = 100, .stop = on_stop, .resume = on_resume}};
    w->flow.arg = w;
    record_count = 0;
    send_answer = 0;
    send_answer_from = batches_sent = 0;
    blocks_init(&w->blocks, 4);
    struct shard_options options = {.partition = 3,
                                    .outlet = &outlet,
                                    .flow = &w->flow,
                                    .blocks = &w->blocks,
                                    .metrics = &w->metrics,
                                    .entities_max = 1024,
                                    .streams_max = 16,
                                    .event_max_bytes = 4096};
    assert_int_equal(shard_new(&w->shard, &options), 0);
}

void teardown(struct world *w)
{
    assert_int_equal(w->flow.events, 0);
    assert_int_equal(w->flow.bytes, 0);
    shard_detach(&w->attachment);
    shard_free(w->shard);
    blocks_deinit(&w->blocks);
    assert_int_equal(w->blocks.held_bytes, 0);
}

size_t make_event(uint8_t out[EVENT_BYTES], bool good)
{
    uint8_t *at = vd_wire_put_uint(out, 1, 3002);
    at = vd_wire_put_uint(at, 2, 1);
    at = vd_wire_put_uint(at, 5, (uint64_t)NOW_REAL_MS);
    if (!good)
        at = vd_wire_put_uint(at, 50, 99); /* risk_score: not the agent's to set */
    return (size_t)(at - out);
}

static int hand_over(struct attachment *a, struct vd_buffer *payload, struct shard_time now)
{
    struct vd_batch batch;
    struct vd_batch_limits limits = {1000, 4096};
    assert_int_equal(vd_batch_read(&batch, vd_buffer_bytes(payload), &limits), 0);
    vd_memory_fail_at(fail_at);
    int rc = shard_take(a, &batch, vd_buffer_len(payload), now);
    vd_memory_fail_at(0);
    vd_buffer_deinit(payload);
    return rc;
}

int take(struct attachment *a, uint64_t first_seq, uint32_t count, uint32_t bad)
{
    struct vd_buffer payload;
    uint8_t event[EVENT_BYTES];
    vd_buffer_init(&payload, 1 << 20);
    assert_int_equal(vd_batch_write_head(&payload, &(struct vd_batch_head){.first_seq = first_seq}), 0);
    for (uint32_t i = 1; i <= count; i++)
        assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, make_event(event, i != bad))), 0);
    return hand_over(a, &payload, NOW);
}

int take_batch(struct attachment *a, const struct vd_batch_head *head, struct vd_bytes event, uint32_t count,
               struct shard_time now)
{
    struct vd_buffer payload;
    vd_buffer_init(&payload, 1 << 20);
    assert_int_equal(vd_batch_write_head(&payload, head), 0);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(vd_batch_write_event(&payload, event), 0);
    return hand_over(a, &payload, now);
}

void deliver(size_t from, size_t to, int error)
{
    for (size_t i = from; i < to; i++)
        shard_delivered(records[i].opaque, 1, error, 2);
}
