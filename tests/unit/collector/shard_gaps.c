/* A shard where something is missing or forked: a GAP stands where an event was refused, and a stream that
 * two hosts continue is found by its chain or by its numbers, told of once, and quarantined. */
#include "unit.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/event_view.h>
#include <vedette/gap.h>

#include "shard_rig.h"

/* ---- Refused */

static void a_refused_event_leaves_a_gap_in_its_place(void **state)
{
    (void)state;
    struct world w;
    struct vd_gap gap;
    struct vd_event_view view;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 3, 2), 0);
    assert_int_equal(record_count, 4);
    assert_true(records[1].refused);
    assert_false(records[2].refused);
    assert_true(vd_gap_read(&gap, records[2].value));
    assert_int_equal(gap.reason, VD_GAP_REFUSED);
    assert_int_equal(gap.count, 1);
    assert_int_equal(gap.from, 2);
    assert_int_equal(gap.to, 2);
    assert_true(vd_bytes_equal(gap.detail, vd_bytes_str("only the collector may set it in risk_score")));
    assert_int_equal(vd_event_view_read(&view, records[2].value), 0);
    assert_int_equal(view.sequence, 2);
    assert_true(vd_bytes_equal(view.uid, vd_bytes_str("09090909090909090909090909090909-2")));
    assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("acme")));
    assert_true(vd_bytes_equal(view.device_uid, vd_bytes_str("web-1")));
    deliver(0, 4, 0);
    assert_int_equal(w.mark, 3);
    teardown(&w);
}

/* An agent's clock may be wrong just when its disk was damaged. */
static void a_refused_gap_still_has_its_hole_told(void **state)
{
    (void)state;
    struct world w;
    struct vd_gap gap;
    uint8_t event[EVENT_BYTES];
    struct vd_bytes bad = vd_bytes_of(event, make_event(event, false));
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 3, 0), 0);
    struct vd_batch_head head = {.first_seq = 9, .lost = 5};
    assert_int_equal(take_batch(&w.attachment, &head, bad, 1, NOW), 0);
    assert_true(vd_gap_read(&gap, records[record_count - 1].value));
    assert_int_equal(gap.reason, VD_GAP_REFUSED);
    assert_int_equal(gap.from, 4);
    assert_int_equal(gap.to, 9);
    assert_int_equal(gap.count, 6);
    deliver(0, record_count, 0);
    assert_int_equal(w.mark, 9);
    teardown(&w);
}

/* The letter is in Kafka, the GAP is not: the number is not kept. */
static void without_its_gap_a_refused_event_is_not_kept(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    send_answer = VD_EUNAVAILABLE;
    send_answer_from = 1;
    assert_int_equal(take(&w.attachment, 1, 1, 1), VD_EUNAVAILABLE);
    assert_int_equal(record_count, 1);
    deliver(0, 1, 0);
    send_answer = 0;
    assert_int_equal(attach(&w, &w.attachment, 1), 0);
    teardown(&w);
}

static size_t letters(size_t from)
{
    size_t count = 0;
    for (size_t i = from; i < record_count; i++)
        count += records[i].refused;
    return count;
}

static void dead_letters_are_few_a_second_and_gaps_tell_of_the_rest(void **state)
{
    (void)state;
    struct world w;
    struct vd_gap gap;
    uint8_t event[EVENT_BYTES];
    struct vd_bytes bad = vd_bytes_of(event, make_event(event, false));
    struct shard_time later = {.real_ms = NOW_REAL_MS, .monotonic_ns = 1000000000};
    setup(&w);
    w.flow.events_max = 1000;
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_batch(&w.attachment, &(struct vd_batch_head){.first_seq = 1}, bad, 120, NOW), 0);
    assert_int_equal(record_count, 120 + 100);
    assert_int_equal(letters(0), 100);
    assert_int_equal(w.metrics.letters_withheld, 20);
    assert_true(vd_gap_read(&gap, records[record_count - 1].value));
    assert_int_equal(gap.from, 120);
    assert_non_null(memmem(gap.detail.data, gap.detail.len, "not in the dead letter topic", 28));
    deliver(0, record_count, 0);
    size_t before = record_count;
    assert_int_equal(take_batch(&w.attachment, &(struct vd_batch_head){.first_seq = 121}, bad, 1, later), 0);
    assert_int_equal(letters(before), 1);
    deliver(before, record_count, 0);
    assert_int_equal(w.mark, 121);
    teardown(&w);
}

/* ---- Forked */

static struct vd_bytes good(uint8_t event[EVENT_BYTES])
{
    return vd_bytes_of(event, make_event(event, true));
}

/* The chain over count events of that kind, from the one given on. */
static uint64_t chain_over(uint64_t chain, uint32_t count)
{
    uint8_t event[EVENT_BYTES];
    for (uint32_t i = 0; i < count; i++)
        chain = vd_chain_next(chain, good(event));
    return chain;
}

static int take_chained(struct world *w, uint64_t first_seq, uint64_t lost, uint64_t chain, uint32_t count)
{
    uint8_t event[EVENT_BYTES];
    struct vd_batch_head head = {
        .first_seq = first_seq, .lost = lost, .chain = chain, .next = first_seq + count + 5};
    return take_batch(&w->attachment, &head, good(event), count, NOW);
}

static void fork_is(struct vd_bytes event, const char *uid, const char *detail)
{
    struct vd_event_view view;
    assert_true(vd_fork_is(event));
    assert_int_equal(vd_event_view_read(&view, event), 0);
    assert_true(vd_bytes_equal(view.uid, vd_bytes_str(uid)));
    assert_true(vd_bytes_equal(view.stream_uid, vd_bytes_str("09090909090909090909090909090909")));
    assert_int_equal(view.sequence, 0);
    assert_true(vd_bytes_equal(view.tenant_uid, vd_bytes_str("acme")));
    assert_true(vd_bytes_equal(view.device_uid, vd_bytes_str("web-1")));
    assert_non_null(memmem(event.data, event.len, detail, strlen(detail)));
}

static void one_history_is_no_fork(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    assert_int_equal(take_chained(&w, 4, 0, chain_over(0, 3), 2), 0);
    shard_detach(&w.attachment);
    assert_int_equal(attach(&w, &w.attachment, 1), 0); /* nothing is kept yet: all of it comes again */
    assert_int_equal(take_chained(&w, 1, 0, 0, 4), 0);
    assert_int_equal(take_chained(&w, 5, 0, chain_over(0, 4), 3), 0); /* 5 again, 6 and 7 new */
    assert_int_equal(record_count, 7);
    deliver(0, 7, 0);
    assert_int_equal(w.mark, 7);
    teardown(&w);
}

static void another_history_is_a_fork(void **state)
{
    (void)state;
    struct world w;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    assert_int_equal(take_chained(&w, 4, 0, 4711, 2), 0);
    assert_int_equal(take_chained(&w, 6, 0, 4712, 2), 0);
    assert_int_equal(record_count, 4); /* none of its events */
    fork_is(records[3].value, "09090909090909090909090909090909-fork-3", "another history");
    deliver(0, 3, 0);
    assert_int_equal(w.lost, 0); /* told once the FORK is kept */
    deliver(3, 4, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    assert_int_equal(w.forked_mark, 3);
    assert_int_equal(w.mark, 3);
    assert_int_equal(w.metrics.streams_forked, 1);
    /* Whoever comes with it now, the host that was first included, is told the same; no second event. */
    assert_int_equal(offer(&w, &w.attachment, 1, 1000, &mark), SHARD_FORKED);
    assert_int_equal(mark, 3);
    assert_null(w.attachment.stream);
    assert_int_equal(record_count, 4);
    teardown(&w);
}

/* A copy sends what was taken already, and then differs: found where the new begins. */
static void a_copy_is_compared_where_the_new_begins(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    shard_detach(&w.attachment);
    attach(&w, &w.attachment, 1);
    uint8_t event[EVENT_BYTES];
    struct vd_bytes other = vd_bytes_of(event, make_event(event, false));
    struct vd_batch_head head = {.first_seq = 1};
    assert_int_equal(take_batch(&w.attachment, &head, other, 5, NOW), 0);
    assert_int_equal(record_count, 4);
    deliver(0, 4, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    teardown(&w);
}

static void who_has_fewer_than_were_taken_is_a_fork(void **state)
{
    (void)state;
    struct world w;
    struct attachment second;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 3, 0), 0);
    assert_int_equal(offer(&w, &second, 2, 3, &mark), VD_EUNAVAILABLE);
    assert_int_equal(offer(&w, &second, 2, 3, &mark), VD_EUNAVAILABLE); /* its FORK is under way */
    assert_int_equal(record_count, 4);
    fork_is(records[3].value, "09090909090909090909090909090909-fork-3", "behind the mark");
    deliver(0, 4, 0);
    assert_int_equal(w.lost, SHARD_FORKED); /* the one that was on it, too */
    assert_int_equal(offer(&w, &second, 2, 3, &mark), SHARD_FORKED);
    assert_int_equal(mark, 3);
    assert_null(second.stream);
    assert_int_equal(record_count, 4);
    teardown(&w);
}

static void an_empty_agent_is_no_fork(void **state)
{
    (void)state;
    struct world w;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 3, 0), 0);
    deliver(0, 3, 0);
    shard_detach(&w.attachment);
    assert_int_equal(offer(&w, &w.attachment, 4, 4, &mark), 0);
    assert_int_equal(mark, 3);
    teardown(&w);
}

static void a_chain_nobody_tells_is_not_compared(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    assert_int_equal(take_chained(&w, 4, 0, 0, 1), 0);     /* not told */
    assert_int_equal(take_chained(&w, 5, 0, 4711, 1), 0);  /* told from here on */
    assert_int_equal(take_chained(&w, 9, 3, 4711, 1), 0);  /* 6 to 8 are lost: a GAP, whatever it tells */
    assert_int_equal(take_chained(&w, 10, 0, 4712, 1), 0); /* told again */
    assert_int_equal(take_chained(&w, 11, 0, 4713, 1), 0);
    deliver(0, record_count, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    teardown(&w);
}

/* A FORK that did not get into Kafka: it is told again. */
static void a_fork_that_was_lost_is_found_again(void **state)
{
    (void)state;
    struct world w;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    deliver(0, 3, 0);
    assert_int_equal(take_chained(&w, 4, 0, 4711, 1), 0);
    deliver(3, 4, VD_EKAFKA);
    assert_int_equal(w.lost, VD_EKAFKA);
    assert_int_equal(w.metrics.streams_forked, 0);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 4, 0, 4711, 1), 0);
    assert_int_equal(record_count, 5);
    fork_is(records[4].value, "09090909090909090909090909090909-fork-3", "another history");
    deliver(4, 5, 0);
    assert_int_equal(offer(&w, &w.attachment, 1, 1000, &mark), SHARD_FORKED);
    teardown(&w);
}

/* After a failed delivery the chain is that of the mark, not of what was taken. */
static void in_doubt_the_chain_goes_back_with_the_mark(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 2), 0);
    deliver(0, 2, 0);
    assert_int_equal(take_chained(&w, 3, 0, chain_over(0, 2), 3), 0);
    deliver(2, 5, VD_EKAFKA);
    assert_int_equal(attach(&w, &w.attachment, 1), 2);
    assert_int_equal(take_chained(&w, 3, 0, chain_over(0, 2), 1), 0);
    assert_int_equal(take_chained(&w, 4, 0, 4711, 1), 0);
    deliver(5, record_count, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    teardown(&w);
}

static void a_fork_that_cannot_be_told_is_none_yet(void **state)
{
    (void)state;
    struct world w;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take(&w.attachment, 1, 3, 0), 0);
    deliver(0, 3, 0);
    send_answer = VD_EUNAVAILABLE;
    struct attachment second;
    assert_int_equal(offer(&w, &second, 1, 3, &mark), VD_EUNAVAILABLE);
    assert_int_equal(w.lost, 0);
    assert_int_equal(record_count, 3);
    send_answer = 0;
    assert_int_equal(offer(&w, &second, 1, 3, &mark), VD_EUNAVAILABLE);
    assert_int_equal(record_count, 4);
    deliver(3, 4, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    teardown(&w);
}

/* Found by the agent, from what WELCOME told: with nothing to send there is no BATCH to find it by. */
static void the_agent_finds_another_history(void **state)
{
    (void)state;
    struct world w;
    uint64_t mark;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(w.told_chain, 0);
    assert_int_equal(take_chained(&w, 1, 0, 0, 3), 0);
    deliver(0, 3, 0);
    shard_detach(&w.attachment);
    assert_int_equal(offer(&w, &w.attachment, 1, 4, &mark), 0);
    assert_true(w.told_chain == chain_over(0, 3));
    const struct vd_stream_offer offered = {.first = 1, .next = 4};
    assert_int_equal(shard_fork(&w.attachment, &offered, NOW), 0);
    assert_int_equal(shard_fork(&w.attachment, &offered, NOW), 0); /* it is under way: no second one */
    shard_detach(&w.attachment);
    assert_int_equal(shard_fork(&w.attachment, &offered, NOW), 0);
    assert_int_equal(record_count, 4);
    fork_is(records[3].value, "09090909090909090909090909090909-fork-3", "another history");
    assert_int_equal(offer(&w, &w.attachment, 1, 4, &mark), VD_EUNAVAILABLE);
    deliver(3, 4, 0);
    assert_int_equal(offer(&w, &w.attachment, 1, 4, &mark), SHARD_FORKED);
    assert_int_equal(mark, 3);
    teardown(&w);
}

static void a_fork_that_the_agent_found_may_fail(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    const struct vd_stream_offer offered = {.first = 1, .next = 4};
    send_answer = VD_EUNAVAILABLE;
    assert_int_equal(shard_fork(&w.attachment, &offered, NOW), VD_EUNAVAILABLE);
    send_answer = 0;
    assert_int_equal(take_chained(&w, 1, 0, 0, 1), 0); /* the stream is as it was */
    deliver(0, record_count, 0);
    assert_int_equal(w.mark, 1);
    teardown(&w);
}

/* A clone's events are still under way when the host comes: its own of the same numbers are not acknowledged
 * before the two have been compared. */
static void what_a_clone_has_under_way_acknowledges_nothing(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(take_chained(&w, 1, 0, 0, 6), 0);
    shard_detach(&w.attachment);
    attach(&w, &w.attachment, 1);
    uint8_t event[EVENT_BYTES];
    struct vd_bytes other = vd_bytes_of(event, make_event(event, false));
    uint64_t chain = 0;
    for (int i = 0; i < 4; i++)
        chain = vd_chain_next(chain, other);
    assert_int_equal(take_batch(&w.attachment, &(struct vd_batch_head){.first_seq = 1}, other, 4, NOW), 0);
    deliver(0, 6, 0);
    assert_int_equal(w.mark, 0);
    assert_true(w.raw_bytes_freed > 0); /* credit comes back all the same */
    struct vd_batch_head rest = {.first_seq = 5, .chain = chain};
    assert_int_equal(take_batch(&w.attachment, &rest, other, 2, NOW), 0);
    assert_int_equal(record_count, 7);
    fork_is(records[6].value, "09090909090909090909090909090909-fork-6", "another history");
    deliver(6, 7, 0);
    assert_int_equal(w.lost, SHARD_FORKED);
    assert_int_equal(w.mark, 0);
    teardown(&w);
}

/* The GAP of a hole that is number 1 alone is no event of the agent's: its chain is over what was lost. */
static void a_hole_at_the_very_first_has_no_chain(void **state)
{
    (void)state;
    struct world w;
    struct vd_buffer event;
    uint64_t mark;
    const struct vd_gap gap = {
        .reason = VD_GAP_SPOOL_DAMAGED, .count = 1, .from = 1, .to = 1, .time_ms = NOW_REAL_MS};
    vd_buffer_init(&event, 1024);
    setup(&w);
    attach(&w, &w.attachment, 1);
    assert_int_equal(vd_gap_write(&event, &gap), 0);
    struct vd_batch_head head = {.first_seq = 1};
    assert_int_equal(take_batch(&w.attachment, &head, vd_buffer_bytes(&event), 1, NOW), 0);
    deliver(0, 1, 0);
    shard_detach(&w.attachment);
    assert_int_equal(offer(&w, &w.attachment, 1, 9, &mark), 0);
    assert_int_equal(mark, 1);
    assert_int_equal(w.told_chain, 0);
    assert_int_equal(take_chained(&w, 2, 0, 4711, 1), 0);
    assert_int_equal(record_count, 2);
    assert_false(vd_fork_is(records[1].value));
    deliver(1, 2, 0);
    vd_buffer_deinit(&event);
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_event_leaves_a_gap_in_its_place),
        cmocka_unit_test(a_refused_gap_still_has_its_hole_told),
        cmocka_unit_test(without_its_gap_a_refused_event_is_not_kept),
        cmocka_unit_test(dead_letters_are_few_a_second_and_gaps_tell_of_the_rest),
        cmocka_unit_test(one_history_is_no_fork),
        cmocka_unit_test(another_history_is_a_fork),
        cmocka_unit_test(a_copy_is_compared_where_the_new_begins),
        cmocka_unit_test(who_has_fewer_than_were_taken_is_a_fork),
        cmocka_unit_test(an_empty_agent_is_no_fork),
        cmocka_unit_test(a_chain_nobody_tells_is_not_compared),
        cmocka_unit_test(a_fork_that_was_lost_is_found_again),
        cmocka_unit_test(in_doubt_the_chain_goes_back_with_the_mark),
        cmocka_unit_test(a_fork_that_cannot_be_told_is_none_yet),
        cmocka_unit_test(the_agent_finds_another_history),
        cmocka_unit_test(a_fork_that_the_agent_found_may_fail),
        cmocka_unit_test(what_a_clone_has_under_way_acknowledges_nothing),
        cmocka_unit_test(a_hole_at_the_very_first_has_no_chain),
    };
    return cmocka_run_group_tests_name("shard_gaps", tests, NULL, NULL);
}
