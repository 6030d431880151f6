/* Snapshots and the reading back of a shard: what was written comes back, chunk by chunk; what is no snapshot
 * is refused; events since raise the marks. */
#include "unit.h"

#include <assert.h>
#include <stdio.h>
#include <vedette/batch.h>
#include <vedette/error.h>
#include <vedette/event_splice.h>
#include <vedette/gap.h>
#include <vedette/memory.h>

#include "notice.h"
#include "ownership/recovery.h"
#include "ownership/snapshot.h"

static struct snapshot_mark mark_of(const char *key, uint8_t stream, uint64_t mark)
{
    struct snapshot_mark m = {.key = vd_bytes_str(key), .mark = mark};
    memset(m.stream, stream, sizeof m.stream);
    return m;
}

static void restore(struct recovery *r, const struct snapshot *s)
{
    for (uint32_t i = 0; i < s->chunk_count; i++)
        assert_int_equal(recovery_restore(r, snapshot_chunk(s, i)), 0);
}

static struct stream *stream_at(struct recovery *r, const char *key, uint8_t id)
{
    uint8_t bytes[VD_STREAM_BYTES];
    memset(bytes, id, sizeof bytes);
    return streams_at(&r->streams, vd_bytes_str(key), (size_t)(strchr(key, '/') - key), bytes);
}

static void replay(struct recovery *r, const char *key, uint8_t stream, uint64_t seq)
{
    uint8_t value[VD_SPLICE_MAX_BYTES], id[VD_STREAM_BYTES];
    memset(id, stream, sizeof id);
    struct vd_splice splice = {
        .tenant = vd_bytes_str("t"), .agent = vd_bytes_str("a"), .stream = id, .seq = seq};
    struct vd_consumed event = {.key = vd_bytes_str(key),
                                .value = vd_bytes_of(value, vd_event_splice_write(&splice, value))};
    assert_int_equal(recovery_replay(r, &event), 0);
}

static void a_snapshot_comes_back(void **state)
{
    (void)state;
    struct snapshot s;
    struct recovery r;
    assert_int_equal(snapshot_init(&s, 0), 0);
    struct snapshot_mark one = mark_of("t/a", 1, 7), two = mark_of("t/b", 2, UINT64_MAX);
    one.chain = UINT64_MAX;
    two.quarantined = true;
    assert_int_equal(snapshot_put_mark(&s, &one), 0);
    assert_int_equal(snapshot_put_mark(&s, &two), 0);
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    restore(&r, &s);
    assert_int_equal(r.streams.count, 2);
    assert_int_equal(r.marks, 2);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark, 7);
    assert_int_equal(stream_at(&r, "t/a", 1)->taken, 7);
    assert_true(stream_at(&r, "t/a", 1)->mark_chain == UINT64_MAX);
    assert_false(stream_at(&r, "t/a", 1)->quarantined);
    assert_true(stream_at(&r, "t/b", 2)->mark == UINT64_MAX);
    assert_true(stream_at(&r, "t/b", 2)->quarantined);
    assert_int_equal(stream_at(&r, "t/b", 2)->tenant_len, 1);
    recovery_deinit(&r);
    recovery_deinit(&r);
    snapshot_deinit(&s);
}

static void an_empty_shard_has_a_snapshot_too(void **state)
{
    (void)state;
    struct snapshot s;
    struct recovery r;
    assert_int_equal(snapshot_init(&s, 0), 0);
    assert_int_equal(s.chunk_count, 1);
    assert_true(snapshot_chunk(&s, 0).len > 0);
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    restore(&r, &s);
    assert_int_equal(r.streams.count, 0);
    recovery_deinit(&r);
    snapshot_deinit(&s);
}

static void a_large_one_is_divided(void **state)
{
    (void)state;
    enum { COUNT = 30000 };
    struct snapshot s;
    struct recovery r;
    char key[64];
    assert_int_equal(snapshot_init(&s, 0), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "t/host-%u", i);
        struct snapshot_mark mark = mark_of(key, 1, i + 1);
        assert_int_equal(snapshot_put_mark(&s, &mark), 0);
    }
    assert_true(s.chunk_count > 1);
    for (uint32_t i = 0; i < s.chunk_count; i++)
        assert_true(snapshot_chunk(&s, i).len <= SNAPSHOT_CHUNK_BYTES);
    assert_int_equal(recovery_init(&r, COUNT, NULL), 0);
    restore(&r, &s);
    assert_int_equal(r.streams.count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "t/host-%u", i);
        assert_int_equal(stream_at(&r, key, 1)->mark, i + 1);
    }
    recovery_deinit(&r);
    snapshot_deinit(&s);
}

static void what_is_no_snapshot_is_refused(void **state)
{
    (void)state;
    struct recovery r;
    const struct {
        struct vd_bytes chunk;
        int rc;
    } cases[] = {
        {vd_bytes_of("", 0), VD_EMALFORMED},
        {vd_bytes_of("\x08\x00", 2), VD_EMALFORMED},
        {vd_bytes_of("\x08\x02", 2), VD_EUNSUPPORTED},
        {vd_bytes_of("\x12\x00\x08\x01", 4), VD_EMALFORMED},            /* the version comes first */
        {vd_bytes_of("\x08\x01\x12\x00", 4), VD_EMALFORMED},            /* a mark of nothing */
        {vd_bytes_of("\x08\x01\x12\x09xx", 6), VD_EMALFORMED},          /* cut off */
        {vd_bytes_of("\x08\x01\x10\x01", 4), VD_EMALFORMED},            /* marks of the wrong type */
        {vd_bytes_of("\x08\x01\x12\x05\x0a\x03t/a", 9), VD_EMALFORMED}, /* no stream */
        {vd_bytes_of("\x08\x01\x12\x03\x12\x01x", 7), VD_EMALFORMED},   /* a stream too short */
        {vd_bytes_of("\x08\x01\x12\x04\x0a\x02/a", 8), VD_EMALFORMED},  /* no tenant */
        {vd_bytes_of("\x08\x01\x1a\x02xx", 6), 0},                      /* a later section */
        {vd_bytes_of("\x08\x01", 2), 0},
    };
    assert_int_equal(recovery_init(&r, 10, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(recovery_restore(&r, cases[i].chunk), cases[i].rc);
    assert_int_equal(r.streams.count, 0);
    recovery_deinit(&r);
}

static void events_since_raise_the_marks(void **state)
{
    (void)state;
    struct snapshot s;
    struct recovery r;
    struct snapshot_mark one = mark_of("t/a", 1, 7);
    one.chain = 5;
    assert_int_equal(snapshot_init(&s, 0), 0);
    assert_int_equal(snapshot_put_mark(&s, &one), 0);
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    restore(&r, &s);
    replay(&r, "t/a", 1, 6); /* the offset of a snapshot may be older than its marks */
    replay(&r, "t/a", 1, 7);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark, 7);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark_chain, 5);
    replay(&r, "t/a", 1, 8);
    replay(&r, "t/a", 2, 1);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark, 8);
    assert_int_equal(stream_at(&r, "t/a", 1)->taken, 8);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark_chain, 0);
    assert_int_equal(stream_at(&r, "t/a", 2)->mark, 1);
    assert_int_equal(r.streams.count, 2);
    assert_int_equal(r.events, 4);
    recovery_deinit(&r);
    snapshot_deinit(&s);
}

/* As a shard publishes it: what the agent sent, and our fields behind. */
static void replay_event(struct recovery *r, uint64_t seq, struct vd_bytes sent)
{
    uint8_t value[VD_SPLICE_MAX_BYTES + 256], id[VD_STREAM_BYTES];
    memset(id, 1, sizeof id);
    assert(sent.data != NULL);
    memcpy(value, sent.data, sent.len);
    struct vd_splice splice = {
        .tenant = vd_bytes_str("t"), .agent = vd_bytes_str("a"), .stream = id, .seq = seq};
    size_t ours = vd_event_splice_write(&splice, value + sent.len);
    struct vd_consumed event = {.key = vd_bytes_str("t/a"), .value = vd_bytes_of(value, sent.len + ours)};
    assert_int_equal(recovery_replay(r, &event), 0);
}

static void the_chain_is_followed_over_the_agents_own_bytes(void **state)
{
    (void)state;
    struct recovery r;
    struct vd_buffer gap;
    const struct vd_bytes sent = vd_bytes_of("\x08\xba\x17\x10\x01", 5);
    const struct vd_gap drop = {.reason = VD_GAP_SPOOL_FULL, .count = 3, .time_ms = 1};
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    uint64_t chain = 0;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        replay_event(&r, seq, sent);
        chain = vd_chain_next(chain, sent);
    }
    replay_event(&r, 2, sent); /* seen already: as it was */
    assert_true(stream_at(&r, "t/a", 1)->mark_chain == chain);
    assert_true(stream_at(&r, "t/a", 1)->chain == chain);
    /* A GAP of events that had no number is an event like any other. */
    vd_buffer_init(&gap, 1024);
    assert_int_equal(vd_gap_write(&gap, &drop), 0);
    replay_event(&r, 4, vd_buffer_bytes(&gap));
    assert_true(stream_at(&r, "t/a", 1)->mark_chain == vd_chain_next(chain, vd_buffer_bytes(&gap)));
    vd_buffer_deinit(&gap);
    recovery_deinit(&r);
}

static void a_chain_ends_at_a_hole_and_where_a_gap_stands_for_an_event(void **state)
{
    (void)state;
    static const struct vd_gap refused = {
        .reason = VD_GAP_REFUSED, .count = 1, .from = 2, .to = 2, .time_ms = 1};
    static const struct vd_gap hole = {
        .reason = VD_GAP_SPOOL_DAMAGED, .count = 1, .from = 2, .to = 2, .time_ms = 1};
    const struct vd_bytes sent = vd_bytes_of("\x08\xba\x17\x10\x01", 5);
    const struct vd_gap *gaps[] = {&refused, &hole, NULL};
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        struct recovery r;
        struct vd_buffer gap;
        vd_buffer_init(&gap, 1024);
        assert_int_equal(recovery_init(&r, 100, NULL), 0);
        replay_event(&r, 1, sent);
        assert_true(stream_at(&r, "t/a", 1)->mark_chain != 0);
        if (gaps[i] != NULL) {
            assert_int_equal(vd_gap_write(&gap, gaps[i]), 0);
            replay_event(&r, 2, vd_buffer_bytes(&gap));
        }
        replay_event(&r, 3, sent);
        assert_int_equal(stream_at(&r, "t/a", 1)->mark, 3);
        assert_int_equal(stream_at(&r, "t/a", 1)->mark_chain, 0);
        recovery_deinit(&r);
        vd_buffer_deinit(&gap);
    }
}

static void a_fork_quarantines_and_has_no_number(void **state)
{
    (void)state;
    struct recovery r;
    struct vd_buffer event;
    vd_buffer_init(&event, 1 << 16);
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    replay(&r, "t/a", 1, 3);
    const struct notice_fork fork = {"behind the mark", 1, 2};
    assert_int_equal(notice_fork(&event, stream_at(&r, "t/a", 1), &fork, 1), 0);
    struct vd_consumed record = {.key = vd_bytes_str("t/a"), .value = vd_buffer_bytes(&event)};
    assert_int_equal(recovery_replay(&r, &record), 0);
    assert_true(stream_at(&r, "t/a", 1)->quarantined);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark, 3);
    assert_int_equal(r.streams.count, 1);
    recovery_deinit(&r);
    vd_buffer_deinit(&event);
}

static void what_a_broker_forgot_is_told_as_an_event_of_nobody(void **state)
{
    (void)state;
    struct recovery r;
    struct vd_record record;
    const struct vd_undecided undecided = {.from = 40, .to = 43};
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    assert_int_equal(recovery_undecided(&r, 3, &undecided, &record), 0);
    assert_int_equal(record.topic, VD_TOPIC_EVENTS);
    assert_int_equal(record.partition, 3);
    assert_int_equal(record.key.len, 0);
    assert_int_equal(record.header_count, 2); /* there is no tenant to name */
    assert_true(vd_bytes_equal(record.headers[1].value, vd_bytes_str("0")));
    assert_true(vd_takeover_is(record.value));
    /* It comes back at once, and says nothing of any stream. */
    const struct vd_consumed event = {.value = record.value, .partition = 3, .offset = 43};
    assert_int_equal(recovery_replay(&r, &event), 0);
    assert_int_equal(r.ignored, 1);
    assert_int_equal(r.streams.count, 0);
    recovery_deinit(&r);
}

static void a_fork_that_an_agent_made_up_quarantines_nothing(void **state)
{
    (void)state;
    struct recovery r;
    struct vd_buffer event;
    const struct vd_fork fork = {
        .stream = "01010101010101010101010101010101", .mark = 1, .detail = "", .time_ms = 1};
    vd_buffer_init(&event, 4096);
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    assert_int_equal(vd_fork_write(&event, &fork), 0);
    replay_event(&r, 1, vd_buffer_bytes(&event));
    assert_false(stream_at(&r, "t/a", 1)->quarantined);
    assert_int_equal(stream_at(&r, "t/a", 1)->mark, 1);
    recovery_deinit(&r);
    vd_buffer_deinit(&event);
}

static void what_is_no_event_of_a_collector_is_stepped_over(void **state)
{
    (void)state;
    struct recovery r;
    assert_int_equal(recovery_init(&r, 100, NULL), 0);
    const struct vd_consumed records[] = {
        {.key = vd_bytes_str("t/a"), .value = vd_bytes_str("\xff\xff")},
        {.key = vd_bytes_str("t/a")},
        {.key = vd_bytes_str("nobody"), .value = vd_bytes_str("")},
        {.value = vd_bytes_str("")},
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_int_equal(recovery_replay(&r, &records[i]), 0);
    assert_int_equal(r.ignored, 4);
    assert_int_equal(r.streams.count, 0);
    recovery_deinit(&r);
}

static void without_memory_it_is_told(void **state)
{
    (void)state;
    struct recovery r;
    struct snapshot s;
    struct snapshot_mark one = mark_of("t/a", 1, 7);
    vd_memory_fail_at(1);
    assert_int_equal(snapshot_init(&s, 0), VD_ENOMEM);
    vd_memory_fail_at(0);
    snapshot_deinit(&s);
    assert_int_equal(snapshot_init(&s, 0), 0);
    assert_int_equal(snapshot_put_mark(&s, &one), 0);
    assert_int_equal(s.chunk_count, 1);
    assert_int_equal(recovery_init(&r, 10, NULL), 0);
    vd_memory_fail_at(1);
    assert_int_equal(recovery_restore(&r, snapshot_chunk(&s, 0)), VD_ENOMEM);
    vd_memory_fail_at(0);
    recovery_deinit(&r);
    snapshot_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_comes_back),
        cmocka_unit_test(an_empty_shard_has_a_snapshot_too),
        cmocka_unit_test(a_large_one_is_divided),
        cmocka_unit_test(what_is_no_snapshot_is_refused),
        cmocka_unit_test(events_since_raise_the_marks),
        cmocka_unit_test(the_chain_is_followed_over_the_agents_own_bytes),
        cmocka_unit_test(a_chain_ends_at_a_hole_and_where_a_gap_stands_for_an_event),
        cmocka_unit_test(a_fork_quarantines_and_has_no_number),
        cmocka_unit_test(what_a_broker_forgot_is_told_as_an_event_of_nobody),
        cmocka_unit_test(a_fork_that_an_agent_made_up_quarantines_nothing),
        cmocka_unit_test(what_is_no_event_of_a_collector_is_stepped_over),
        cmocka_unit_test(without_memory_it_is_told),
    };
    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
