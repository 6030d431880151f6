/* A shard whose events draw together: the finding goes out behind the event that made it, under its own key,
 * and once more if it could not be handed over. */
#include "unit.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/event_view.h>
#include <vedette/finding.h>
#include <vedette/wire.h>

#include "score/finding.h"
#include "shard_rig.h"

enum { MINUTE_MS = 60000, QUIET_MINUTES = 100, LOUD = 1000, FAILURE = 2, LOGIN_BYTES = 128 };

static uint64_t next_seq;

/* Failed logins from one address, as one event, a minute after the one before. */
static int take_failures(struct world *w, const char *source, uint64_t count)
{
    uint8_t event[LOGIN_BYTES], endpoint[64];
    struct shard_time now = {.real_ms = NOW_REAL_MS + (int64_t)next_seq * MINUTE_MS, .monotonic_ns = 1};
    uint8_t *end = vd_wire_put_bytes(endpoint, 1, vd_bytes_str(source));
    uint8_t *at = vd_wire_put_uint(event, 1, 3002);
    at = vd_wire_put_uint(at, 2, 1);
    at = vd_wire_put_uint(at, 4, FAILURE);
    at = vd_wire_put_uint(at, 5, (uint64_t)now.real_ms);
    at = vd_wire_put_bytes(at, 12, vd_bytes_of(endpoint, (size_t)(end - endpoint)));
    at = vd_wire_put_uint(at, 20, count);
    struct vd_batch_head head = {.first_seq = next_seq++};
    return take_batch(&w->attachment, &head, vd_bytes_of(event, (size_t)(at - event)), 1, now);
}

/* One attempt a minute, as habits go. */
static void setup_quiet(struct world *w)
{
    setup(w);
    next_seq = 1;
    attach(w, &w->attachment, 1);
    for (int i = 0; i < QUIET_MINUTES; i++)
        assert_int_equal(take_failures(w, "10.0.0.7", 1), 0);
    for (size_t i = 0; i < record_count; i++)
        assert_false(records[i].finding);
    deliver(0, record_count, 0);
    record_count = 0;
}

static void a_finding_follows_its_event(void **state)
{
    (void)state;
    struct world w;
    struct vd_event_view event, finding;
    setup_quiet(&w);
    assert_int_equal(take_failures(&w, "203.0.113.9", LOUD), 0);
    assert_int_equal(record_count, 2);
    assert_false(records[0].finding);
    assert_true(records[1].finding);
    assert_int_equal(vd_event_view_read(&event, records[0].value), 0);
    assert_true(event.risk_score >= FINDING_LEAST_RISK);
    assert_int_equal(vd_event_view_read(&finding, records[1].value), 0);
    assert_true(vd_finding_is(&finding));
    assert_true(vd_bytes_equal(records[1].key, finding.finding_uid));
    assert_int_equal(finding.activity_id, FINDING_CREATE);
    assert_int_equal(finding.risk_score, event.risk_score);
    assert_true(vd_bytes_equal(finding.tenant_uid, vd_bytes_str("acme")));
    /* The batch is kept when the finding is. */
    deliver(0, 1, 0);
    assert_true(w.mark < next_seq - 1);
    deliver(1, 2, 0);
    assert_int_equal(w.mark, next_seq - 1);
    teardown(&w);
}

static void one_that_was_not_taken_is_told_again(void **state)
{
    (void)state;
    struct world w;
    struct vd_event_view finding;
    setup_quiet(&w);
    send_answer = VD_EFULL;
    send_answer_from = 1; /* the event goes, the finding does not */
    assert_int_equal(take_failures(&w, "203.0.113.9", LOUD), VD_EFULL);
    assert_int_equal(record_count, 1);
    deliver(0, 1, 0);
    send_answer = 0;
    record_count = 0;
    attach(&w, &w.attachment, next_seq);
    assert_int_equal(take_failures(&w, "10.0.0.7", 1), 0);
    assert_int_equal(record_count, 2);
    assert_int_equal(vd_event_view_read(&finding, records[1].value), 0);
    assert_int_equal(finding.activity_id, FINDING_CREATE);
    assert_true(vd_bytes_equal(finding.src_ip, vd_bytes_str("203.0.113.9")));
    deliver(0, 2, 0);
    teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_follows_its_event),
        cmocka_unit_test(one_that_was_not_taken_is_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
