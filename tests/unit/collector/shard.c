/* A shard with an outlet made of an array: what goes out, what is told as kept, and what happens when
 * deliveries fail, come late, or never, and when agents come back in the middle. */
#include "unit.h"

#include <vedette/error.h>
#include <vedette/event_view.h>

#include <vedette/wire.h>

#include "shard_rig.h"

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
    assert_true(vd_bytes_equal(records[0].key, vd_bytes_str("acme/web-1")));
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

/* Events wait in small groups for their scores; one that is refused must not overtake those before it. */
static void what_goes_out_is_in_the_order_of_what_came(void **state)
{
    (void)state;
    struct world w;
    struct vd_event_view view;
    enum { COUNT = 20, BAD = 12 };
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, COUNT, BAD), 0);
    assert_int_equal(record_count, COUNT + 1);
    uint64_t seq = 0;
    for (size_t i = 0; i < record_count; i++) {
        if (records[i].refused) {
            assert_int_equal(seq, BAD - 1);
            continue;
        }
        assert_int_equal(vd_event_view_read(&view, records[i].value), 0);
        assert_int_equal(view.sequence, ++seq);
    }
    assert_int_equal(w.metrics.events_received, COUNT);
    deliver(0, COUNT + 1, 0);
    assert_int_equal(w.mark, COUNT);
    teardown(&w);
}

static void a_failed_delivery_puts_the_stream_in_doubt_until_all_is_back(void **state)
{
    (void)state;
    struct world w;
    struct attachment later;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 2, 0), 0);
    deliver(0, 2, 0);
    assert_int_equal(take(&w.attachment, 3, 2, 0), 0);
    assert_int_equal(take(&w.attachment, 5, 2, 0), 0);
    deliver(2, 3, VD_EKAFKA);
    assert_int_equal(w.lost, VD_EKAFKA);
    assert_null(w.attachment.stream);
    assert_int_equal(offer(&w, &later, 1, 1000, &mark), VD_EUNAVAILABLE);
    deliver(3, 6, 0);
    assert_int_equal(w.mark, 2);
    assert_int_equal(offer(&w, &later, 1, 1000, &mark), 0);
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
    send_answer_from = 10;
    assert_int_equal(take(&w.attachment, 1, 12, 0), VD_EUNAVAILABLE);
    assert_int_equal(w.lost, VD_EUNAVAILABLE);
    assert_int_equal(batches_sent, 1);
    send_answer = 0;
    deliver(0, 10, 0);
    assert_int_equal(attach(&w, &later, 1), 10);
    assert_int_equal(take(&later, 11, 2, 0), 0);
    assert_int_equal(record_count, 12);
    deliver(10, 12, 0);
    shard_detach(&later);
    teardown(&w);
}

/* One event, at its own time; what came of it is not delivered yet. */
static void take_at(struct world *w, struct attachment *a, uint64_t seq, int64_t time_ms)
{
    uint8_t event[EVENT_BYTES], *end = vd_wire_put_uint(event, 5, (uint64_t)time_ms);
    struct vd_batch_head head = {.first_seq = seq, .next = seq + 1};
    record_count = 0;
    w->mark = 0; /* of whichever agent */
    assert_int_equal(take_batch(a, &head, vd_bytes_of(event, (size_t)(end - event)), 1,
                                (struct shard_time){.real_ms = time_ms, .monotonic_ns = 1}),
                     0);
}

static void who_goes_quiet_is_told_among_the_events(void **state)
{
    (void)state;
    struct world w;
    struct vd_event_view view;
    struct attachment other;
    const struct vd_identity agent = {.kind = VD_IDENTITY_AGENT, .tenant = "acme", .name = "db-1"};
    const struct vd_stream_offer stream = {.first = 1, .next = 1000};
    struct vd_stream_mark mark;
    enum { TWO_DAYS = 288, PAUSE_MS = 600000 };
    setup(&w);
    attach(&w, &w.attachment, 1);
    attachment_init(&other, &w);
    assert_int_equal(shard_attach(w.shard, &other, &agent, &stream, NOW, &mark), 0);
    for (uint64_t seq = 1; seq <= TWO_DAYS; seq++) {
        take_at(&w, &other, seq, NOW_REAL_MS + (int64_t)seq * PAUSE_MS);
        assert_int_equal(record_count, 1);
        deliver(0, 1, 0);
        take_at(&w, &w.attachment, seq, NOW_REAL_MS + (int64_t)seq * PAUSE_MS);
        assert_int_equal(record_count, 1);
        deliver(0, 1, 0);
    }
    uint64_t seq = TWO_DAYS;
    for (record_count = 1; record_count == 1 && seq < 2 * TWO_DAYS; deliver(0, record_count == 1, 0)) {
        seq++;
        take_at(&w, &w.attachment, seq, NOW_REAL_MS + (int64_t)seq * PAUSE_MS);
    }
    assert_int_equal(record_count, 2);
    assert_true(vd_bytes_equal(records[1].key, vd_bytes_str("acme/db-1")));
    assert_int_equal(vd_event_view_read(&view, records[1].value), 0);
    assert_true(vd_bytes_equal(view.event_code, vd_bytes_str("SILENCE")));
    assert_true(vd_bytes_equal(view.device_uid, vd_bytes_str("db-1")));
    assert_true(view.risk_score > 0 && view.risk_details.len > 0);
    deliver(0, 2, 0);
    assert_int_equal(w.mark, seq);
    shard_detach(&other);
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
        cmocka_unit_test(what_goes_out_is_in_the_order_of_what_came),
        cmocka_unit_test(a_failed_delivery_puts_the_stream_in_doubt_until_all_is_back),
        cmocka_unit_test(an_agent_that_comes_back_does_not_repeat_what_is_under_way),
        cmocka_unit_test(a_newer_session_takes_the_stream_over),
        cmocka_unit_test(a_publisher_that_takes_nothing_costs_the_session),
        cmocka_unit_test(of_a_batch_cut_short_what_was_sent_counts),
        cmocka_unit_test(who_goes_quiet_is_told_among_the_events),
        cmocka_unit_test(the_flow_stops_and_resumes),
        cmocka_unit_test(without_memory_the_session_ends_and_nothing_leaks),
    };
    return cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
