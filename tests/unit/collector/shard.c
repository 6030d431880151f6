/* A shard with an outlet made of an array: what goes out, what is told as kept, and what happens when
 * deliveries fail, come late, or never, and when agents come back in the middle. */
#include "unit.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/event_view.h>
#include <vedette/memory.h>
#include <vedette/wire.h>

#include "shard.h"

enum { RECORDS_MAX = 256 };
static const int64_t NOW_REAL_MS = INT64_C(1700000000000);
static const struct shard_time NOW = {.real_ms = INT64_C(1700000000000), .monotonic_ns = 1};

/* ---- The outlet */

struct record {
    struct vd_bytes value;
    void *opaque;
    bool refused;
    char reason[64];
};
static struct record records[RECORDS_MAX];
static size_t record_count;
static int send_answer;
static size_t send_answer_from; /* the number of records that are taken before that answer */
static size_t batches_sent;
static size_t fail_at; /* the allocation inside shard_take that fails; 0: none */

static int keep(void *self, const struct outlet_record *record)
{
    (void)self;
    if (send_answer != 0 && send_answer_from <= record_count)
        return send_answer;
    assert_true(record_count < RECORDS_MAX);
    assert_int_equal(record->partition, 3);
    assert_true(vd_bytes_equal(record->key, vd_bytes_str("acme/web-1")));
    assert_true(vd_bytes_equal(record->tenant, vd_bytes_str("acme")));
    struct record *r = &records[record_count++];
    *r = (struct record){.value = record->value, .opaque = record->opaque, .refused = record->reason != NULL};
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

struct world {
    struct shard *shard;
    struct flow flow;
    struct blocks blocks;
    struct metrics metrics;
    struct attachment attachment;
    uint64_t mark; /* as told by `kept` */
    size_t raw_bytes_freed;
    int lost;
    unsigned stopped, resumed;
};

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
}

static const struct vd_identity AGENT = {.kind = VD_IDENTITY_AGENT, .tenant = "acme", .name = "web-1"};

static void attachment_init(struct attachment *a, struct world *w)
{
    *a = (struct attachment){.owner = w, .kept = on_kept, .lost = on_lost};
}

static uint64_t attach(struct world *w, struct attachment *a, uint64_t first)
{
    struct vd_stream_offer offer = {.first = first, .next = 1000};
    uint64_t mark = 12345;
    memset(offer.stream, 9, sizeof offer.stream);
    attachment_init(a, w);
    assert_int_equal(shard_attach(w->shard, a, &AGENT, &offer, NOW, &mark), 0);
    return mark;
}

static void setup(struct world *w)
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

static void teardown(struct world *w)
{
    assert_int_equal(w->flow.events, 0);
    assert_int_equal(w->flow.bytes, 0);
    shard_detach(&w->attachment);
    shard_free(w->shard);
    blocks_deinit(&w->blocks);
    assert_int_equal(w->blocks.held_bytes, 0);
}

static size_t make_event(uint8_t *out, bool good)
{
    uint8_t *at = vd_wire_put_uint(out, 1, 3002);
    at = vd_wire_put_uint(at, 2, 1);
    at = vd_wire_put_uint(at, 5, (uint64_t)NOW_REAL_MS);
    if (!good)
        at = vd_wire_put_uint(at, 50, 99); /* risk_score: not the agent's to set */
    return (size_t)(at - out);
}

/* A batch of count events, the bad-th of them one that is to be refused (0: none). */
static int take(struct attachment *a, uint64_t first_seq, uint32_t count, uint32_t bad)
{
    struct vd_buffer payload;
    struct vd_batch batch;
    struct vd_batch_limits limits = {100, 4096};
    uint8_t event[64];
    vd_buffer_init(&payload, 1 << 20);
    assert_int_equal(vd_batch_write_head(&payload, &(struct vd_batch_head){.first_seq = first_seq}), 0);
    for (uint32_t i = 1; i <= count; i++)
        assert_int_equal(vd_batch_write_event(&payload, vd_bytes_of(event, make_event(event, i != bad))), 0);
    assert_int_equal(vd_batch_read(&batch, vd_buffer_bytes(&payload), &limits), 0);
    vd_memory_fail_at(fail_at);
    int rc = shard_take(a, &batch, vd_buffer_len(&payload), NOW);
    vd_memory_fail_at(0);
    vd_buffer_deinit(&payload);
    return rc;
}

static void deliver(size_t from, size_t to, int error)
{
    for (size_t i = from; i < to; i++)
        shard_delivered(records[i].opaque, 1, error, 2);
}

static void a_batch_is_kept_when_all_of_it_is(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    assert_int_equal(attach(&w, &w.attachment, 1), 0);
    assert_int_equal(take(&w.attachment, 1, 3, 0), 0);
    assert_int_equal(record_count, 3);
    assert_int_equal(batches_sent, 1);
    shard_delivered(records[0].opaque, 2, 0, 2);
    assert_int_equal(w.mark, 0);
    deliver(2, 3, 0);
    assert_int_equal(w.mark, 3);
    assert_true(w.raw_bytes_freed > 0);
    assert_int_equal(w.metrics.events_published, 3);
    teardown(&w);
}

static void what_goes_out_carries_the_collectors_fields(void **state)
{
    (void)state;
    struct world w;
    struct vd_event_view view;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 1, 0), 0);
    assert_int_equal(vd_event_view_read(&view, records[0].value), 0);
    assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("acme")));
    assert_true(vd_bytes_equal(view.device_uid, vd_bytes_str("web-1")));
    assert_int_equal(view.sequence, 1);
    assert_int_equal(view.uid.len, 32 + 2);
    assert_true(view.risk_details.len > 0);
    deliver(0, 1, 0);
    teardown(&w);
}

static void batches_are_kept_in_order_whatever_order_they_come_back_in(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    /* Its first goes to the dead letter topic: another partition. */
    assert_int_equal(take(&w.attachment, 1, 2, 1), 0);
    assert_int_equal(take(&w.attachment, 3, 2, 0), 0);
    assert_true(records[0].refused);
    deliver(1, 5, 0); /* a GAP has its place among the events */
    assert_int_equal(w.mark, 0);
    deliver(0, 1, 0);
    assert_int_equal(w.mark, 4);
    assert_int_equal(w.metrics.events_refused, 1);
    assert_int_equal(w.metrics.events_published, 3);
    teardown(&w);
}

static void a_failed_delivery_puts_the_stream_in_doubt_until_all_is_back(void **state)
{
    (void)state;
    struct world w;
    struct attachment later;
    uint64_t mark;
    struct vd_stream_offer offer = {.first = 1, .next = 1000};
    memset(offer.stream, 9, sizeof offer.stream);
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 2, 0), 0);
    deliver(0, 2, 0);
    assert_int_equal(take(&w.attachment, 3, 2, 0), 0);
    assert_int_equal(take(&w.attachment, 5, 2, 0), 0);
    deliver(2, 3, VD_EKAFKA);
    assert_int_equal(w.lost, VD_EKAFKA);
    assert_null(w.attachment.stream);
    attachment_init(&later, &w);
    assert_int_equal(shard_attach(w.shard, &later, &AGENT, &offer, NOW, &mark), VD_EUNAVAILABLE);
    deliver(3, 6, 0);
    assert_int_equal(w.mark, 2);
    assert_int_equal(shard_attach(w.shard, &later, &AGENT, &offer, NOW, &mark), 0);
    assert_int_equal(mark, 2);
    assert_int_equal(take(&later, 3, 4, 0), 0); /* all of it again: none is a repeat */
    assert_int_equal(record_count, 10);
    deliver(6, 10, 0);
    assert_int_equal(w.mark, 6);
    shard_detach(&later);
    teardown(&w);
}

static void an_agent_that_comes_back_does_not_repeat_what_is_under_way(void **state)
{
    (void)state;
    struct world w;
    struct attachment later;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 4, 0), 0);
    shard_detach(&w.attachment);
    assert_int_equal(attach(&w, &later, 1), 0); /* nothing is kept yet, so it sends all again */
    assert_int_equal(take(&later, 1, 2, 0), 0);
    assert_int_equal(record_count, 4);
    assert_int_equal(take(&later, 3, 4, 0), 0); /* 3 and 4 are under way, 5 and 6 are new */
    assert_int_equal(record_count, 6);
    assert_int_equal(w.metrics.events_repeated, 4);
    deliver(0, 6, 0);
    assert_int_equal(w.mark, 6);
    shard_detach(&later);
    teardown(&w);
}

static void a_newer_session_takes_the_stream_over(void **state)
{
    (void)state;
    struct world w;
    struct attachment later;
    setup(&w);
    attach(&w, &w.attachment, 1);
    attach(&w, &later, 1);
    assert_int_equal(w.lost, VD_EEXISTS);
    assert_null(w.attachment.stream);
    shard_detach(&later);
    teardown(&w);
}

static void a_publisher_that_takes_nothing_costs_the_session(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    send_answer = VD_EFULL;
    assert_int_equal(take(&w.attachment, 1, 2, 0), VD_EFULL);
    assert_int_equal(w.lost, VD_EFULL);
    teardown(&w);
}

static void of_a_batch_cut_short_what_was_sent_counts(void **state)
{
    (void)state;
    struct world w;
    struct attachment later;
    setup(&w);
    attach(&w, &w.attachment, 1);
    send_answer = VD_EUNAVAILABLE;
    send_answer_from = 2;
    assert_int_equal(take(&w.attachment, 1, 4, 0), VD_EUNAVAILABLE);
    assert_int_equal(w.lost, VD_EUNAVAILABLE);
    assert_int_equal(batches_sent, 1);
    send_answer = 0;
    deliver(0, 2, 0);
    assert_int_equal(attach(&w, &later, 1), 2);
    assert_int_equal(take(&later, 3, 2, 0), 0);
    assert_int_equal(record_count, 4);
    deliver(2, 4, 0);
    shard_detach(&later);
    teardown(&w);
}

static void the_flow_stops_and_resumes(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.flow.events_max = 8;
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 4, 0), 0);
    assert_false(w.flow.stopped);
    assert_int_equal(take(&w.attachment, 5, 4, 0), 0);
    assert_true(w.flow.stopped);
    assert_int_equal(take(&w.attachment, 9, 1, 0), 0);
    assert_int_equal(w.stopped, 1);
    assert_int_equal(w.resumed, 0);
    deliver(0, 4, 0);
    assert_false(w.flow.stopped);
    assert_int_equal(w.resumed, 1);
    deliver(4, 9, 0);
    assert_int_equal(w.resumed, 1);
    teardown(&w);
}

static void without_memory_the_session_ends_and_nothing_leaks(void **state)
{
    (void)state;
    for (size_t n = 1; n < 6; n++) {
        struct world w;
        setup(&w);
        attach(&w, &w.attachment, 1);
        fail_at = n;
        int rc = take(&w.attachment, 1, 2, 0);
        fail_at = 0;
        deliver(0, record_count, 0);
        if (rc == 0)
            assert_int_equal(w.mark, 2);
        teardown(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_kept_when_all_of_it_is),
        cmocka_unit_test(what_goes_out_carries_the_collectors_fields),
        cmocka_unit_test(batches_are_kept_in_order_whatever_order_they_come_back_in),
        cmocka_unit_test(a_failed_delivery_puts_the_stream_in_doubt_until_all_is_back),
        cmocka_unit_test(an_agent_that_comes_back_does_not_repeat_what_is_under_way),
        cmocka_unit_test(a_newer_session_takes_the_stream_over),
        cmocka_unit_test(a_publisher_that_takes_nothing_costs_the_session),
        cmocka_unit_test(of_a_batch_cut_short_what_was_sent_counts),
        cmocka_unit_test(the_flow_stops_and_resumes),
        cmocka_unit_test(without_memory_the_session_ends_and_nothing_leaks),
    };
    return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
