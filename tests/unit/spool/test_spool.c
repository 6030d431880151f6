/* The spool in good order: in, out, cursors, trimming, room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "rig.h"

static void events_come_back(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    assert_int_equal(vd_spool_first(r.s), 1);
    assert_int_equal(vd_spool_next(r.s), 1);
    rig_fill(&r, 3000); /* several segments */
    assert_int_equal(vd_spool_durable(r.s), 3001);
    assert_int_equal(rig_check_from(&r, 1), 0);
    rig_close(&r);
    rig_open(&r);
    assert_int_equal(r.recovery.events, 3000);
    assert_int_equal(r.recovery.holes, 0);
    assert_int_equal(r.recovery.cut_bytes, 0);
    assert_int_equal(r.recovery.set_aside_files, 0);
    assert_int_equal(vd_spool_next(r.s), 3001);
    assert_int_equal(rig_cursor(&r), 3000);
    rig_fill(&r, 25);
    assert_int_equal(rig_check_from(&r, 1), 0);
    assert_int_equal(rig_check_from(&r, 2990), 0);
    rig_deinit(&r);
}

/* A chain does not depend on where a reader began, nor on how the records were cut. */
static void chains_go_on(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool_reader *reader;
    char event[RIG_EVENT_BYTES];
    uint64_t chain = 0;
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 15);
    rig_close(&r);
    rig_open(&r);
    rig_fill(&r, 15);
    assert_int_equal(vd_spool_reader_new(&reader, r.s), 0);
    for (uint64_t seq = 1; seq <= 30; seq++) {
        vd_spool_seek(reader, seq);
        const struct vd_spool_item *item = vd_spool_peek(reader);
        assert_non_null(item);
        assert_int_equal(item->chain, chain);
        assert_ptr_equal(vd_spool_peek(reader), item);
        chain = vd_chain_next(chain, rig_event(seq, event));
    }
    vd_spool_step(reader);
    assert_null(vd_spool_peek(reader));
    vd_spool_reader_free(reader);
    rig_deinit(&r);
}

/* Wherever it is asked for: in a record, at the end on disk, with more pending, while a commit runs. */
static void the_chain_is_known_at_every_number(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool_reader *reader;
    char event[RIG_EVENT_BYTES];
    uint64_t chains[32] = {0};
    for (uint64_t seq = 1; seq < 31; seq++)
        chains[seq + 1] = vd_chain_next(chains[seq], rig_event(seq, event));
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 15);
    rig_close(&r);
    rig_open(&r);
    rig_fill(&r, 13);
    assert_int_equal(rig_append(&r), 0);
    assert_int_equal(vd_spool_reader_new(&reader, r.s), 0);
    for (uint64_t seq = 1; seq <= 29; seq++)
        assert_true(vd_spool_chain_at(reader, seq) == chains[seq]);
    struct vd_spool_commit *c = vd_spool_commit_begin(r.s);
    assert_int_equal(rig_append(&r), 0);
    assert_true(vd_spool_chain_at(reader, 29) == chains[29]);
    vd_spool_commit_run(c);
    assert_int_equal(vd_spool_commit_end(r.s, c), 0);
    assert_true(vd_spool_chain_at(reader, 30) == chains[30]);
    vd_spool_reader_free(reader);
    rig_deinit(&r);
}

/* As after kill -9: what a commit wrote is there, nothing is tidied up. */
static void commit_and_die(struct rig *r, const char *cursor)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        rig_open(r);
        int rc = vd_spool_note(r->s, r->source, vd_bytes_str(cursor), 1);
        if (rc == 0)
            rc = vd_spool_commit_now(r->s);
        _exit(rc == 0 && !vd_spool_pending(r->s) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_cursor_is_kept_without_an_event(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    commit_and_die(&r, "0 at the end");
    rig_open(&r);
    assert_int_equal(r.recovery.holes, 0);
    assert_true(vd_bytes_equal(vd_spool_cursor(r.s, r.source), vd_bytes_str("0 at the end")));
    assert_int_equal(vd_spool_next(r.s), 1);
    assert_int_equal(vd_spool_oldest_ms(r.s), 0);
    rig_fill(&r, 20);
    rig_close(&r);
    commit_and_die(&r, "20 and more");
    rig_open(&r);
    assert_true(vd_bytes_equal(vd_spool_cursor(r.s, r.source), vd_bytes_str("20 and more")));
    rig_fill(&r, 20); /* in the order that appends have it, whatever was noted between */
    assert_int_equal(vd_spool_note(r.s, r.source, vd_bytes_str("40, pending"), 1), 0);
    assert_int_equal(rig_append(&r), 0);
    rig_close(&r);
    rig_open(&r);
    assert_int_equal(rig_cursor(&r), 41);
    assert_int_equal(rig_check_from(&r, 1), 0);
    char much[VD_SPOOL_CURSOR_MAX_BYTES + 1] = {0};
    assert_int_equal(vd_spool_note(r.s, r.source, vd_bytes_of(much, sizeof much), 1), VD_ELIMIT);
    rig_deinit(&r);
}

static void nothing_is_read_before_it_is_durable(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool_reader *reader;
    rig_init(&r);
    rig_open(&r);
    assert_int_equal(vd_spool_reader_new(&reader, r.s), 0);
    assert_int_equal(rig_append(&r), 0);
    assert_null(vd_spool_peek(reader));
    struct vd_spool_commit *c = vd_spool_commit_begin(r.s);
    assert_non_null(c);
    assert_null(vd_spool_commit_begin(r.s));
    assert_int_equal(rig_append(&r), 0);
    vd_spool_commit_run(c);
    assert_null(vd_spool_peek(reader));
    assert_int_equal(vd_spool_commit_end(r.s, c), 0);
    assert_non_null(vd_spool_peek(reader));
    vd_spool_step(reader);
    assert_null(vd_spool_peek(reader));
    assert_int_equal(vd_spool_durable(r.s), 2);
    assert_int_equal(vd_spool_next(r.s), 3);
    vd_spool_reader_free(reader);
    rig_deinit(&r);
}

static void a_commit_is_due_by_age_and_bytes(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    r.options.commit_bytes = 500;
    rig_open(&r);
    assert_false(vd_spool_commit_due(r.s, 5000));
    assert_int_equal(rig_append(&r), 0); /* at 1000 */
    assert_false(vd_spool_commit_due(r.s, 1049));
    assert_true(vd_spool_commit_due(r.s, 1050));
    assert_true(vd_spool_commit_due(r.s, 999)); /* the clock was set back */
    for (int i = 0; i < 20; i++)
        assert_int_equal(rig_append(&r), 0);
    assert_true(vd_spool_commit_due(r.s, 1001));
    rig_deinit(&r);
}

static void trimming_forgets(void **state)
{
    (void)state;
    struct rig r;
    char oldest[256];
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 3000);
    rig_segment(&r, false, oldest, sizeof oldest);
    vd_spool_trim(r.s, 2500);
    assert_int_equal(vd_spool_first(r.s), 2501);
    assert_int_not_equal(access(oldest, F_OK), 0);
    assert_int_equal(rig_check_from(&r, 2501), 0);
    assert_true(vd_spool_bytes(r.s) > 0);
    assert_int_equal(vd_spool_oldest_ms(r.s) / 10000, 250);
    vd_spool_trim(r.s, 2400); /* marks that fall are nothing */
    assert_int_equal(vd_spool_first(r.s), 2501);
    vd_spool_trim(r.s, 9999);
    assert_int_equal(vd_spool_first(r.s), 3001);
    assert_int_equal(vd_spool_bytes(r.s), 0);
    assert_int_equal(vd_spool_oldest_ms(r.s), 0);
    rig_close(&r);
    rig_open(&r);
    assert_int_equal(vd_spool_next(r.s), 3001);
    assert_int_equal(rig_cursor(&r), 3000);
    assert_int_equal(r.recovery.holes, 0);
    rig_deinit(&r);
}

static void an_empty_spool_keeps_its_stream(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    rig_close(&r);
    memset(r.options.new_stream, 1, VD_STREAM_BYTES);
    rig_open(&r);
    assert_int_equal(vd_spool_stream(r.s)[0], 0xa5);
    assert_int_equal(vd_spool_next(r.s), 1);
    rig_deinit(&r);
}

static void two_processes_never_share(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool *other;
    char error[VD_SPOOL_ERROR_BYTES];
    rig_init(&r);
    rig_open(&r);
    assert_int_equal(vd_spool_open(&other, &r.options, &r.recovery, error), VD_EEXISTS);
    assert_non_null(strstr(error, "another process"));
    rig_deinit(&r);
}

static void another_agents_spool_is_set_aside(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 10);
    rig_close(&r);
    r.options.agent = "acme/web-2";
    memset(r.options.new_stream, 1, VD_STREAM_BYTES);
    rig_open(&r);
    assert_int_equal(r.recovery.set_aside_files, 1);
    assert_int_equal(vd_spool_stream(r.s)[0], 1);
    assert_int_equal(vd_spool_next(r.s), 1);
    assert_int_equal(rig_cursor(&r), 0);
    rig_deinit(&r);
}

/* Events that do not get smaller, up to the last byte that each claim may have. */
static void claims_share_the_room(void **state)
{
    (void)state;
    static const unsigned PERCENT[] = {80, 90, 95, 100};
    struct rig r;
    uint8_t event[1000];
    uint64_t x = 1;
    rig_init(&r);
    rig_open(&r);
    for (int claim = VD_SPOOL_LOW; claim <= VD_SPOOL_RESERVE; claim++) {
        int rc;
        do {
            for (size_t i = 0; i < sizeof event; i++) {
                x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
                event[i] = (uint8_t)(x >> 56);
            }
            rc = vd_spool_append(r.s, r.source, (enum vd_spool_claim)claim, vd_bytes_of(event, sizeof event),
                                 vd_bytes_str("c"), 1);
            if (vd_spool_next(r.s) % 7 == 0)
                assert_int_equal(vd_spool_commit_now(r.s), 0);
        } while (rc == 0);
        assert_int_equal(rc, VD_SPOOL_FULL);
        assert_int_equal(vd_spool_commit_now(r.s), 0);
        double share = (double)vd_spool_bytes(r.s) / (15.0 / 16 * VD_SPOOL_LEAST_BYTES) * 100;
        assert_true(share > PERCENT[claim] - 8 && share <= PERCENT[claim]);
    }
    assert_int_equal(rig_append(&r), VD_SPOOL_FULL);
    vd_spool_trim(r.s, vd_spool_next(r.s) / 2);
    assert_int_equal(rig_append(&r), 0);
    rig_deinit(&r);
}

static void sizes_have_limits(void **state)
{
    (void)state;
    static uint8_t large[VD_EVENT_MAX_BYTES + 1];
    struct rig r;
    rig_init(&r);
    rig_open(&r);
    struct vd_bytes cursor = vd_bytes_str("");
    assert_int_equal(
        vd_spool_append(r.s, r.source, VD_SPOOL_LOW, vd_bytes_of(large, sizeof large), cursor, 1), VD_ELIMIT);
    assert_int_equal(vd_spool_append(r.s, r.source, VD_SPOOL_LOW, vd_bytes_of(large, 0), cursor, 1),
                     VD_ELIMIT);
    assert_int_equal(vd_spool_append(r.s, r.source, VD_SPOOL_LOW, vd_bytes_of(large, 1),
                                     vd_bytes_of(large, VD_SPOOL_CURSOR_MAX_BYTES + 1), 1),
                     VD_ELIMIT);
    assert_int_equal(vd_spool_next(r.s), 1);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * i >> 3);
    assert_int_equal(
        vd_spool_append(r.s, r.source, VD_SPOOL_LOW, vd_bytes_of(large, VD_EVENT_MAX_BYTES), cursor, 1), 0);
    assert_int_equal(vd_spool_commit_now(r.s), 0);
    struct vd_spool_reader *reader;
    assert_int_equal(vd_spool_reader_new(&reader, r.s), 0);
    assert_true(vd_bytes_equal(vd_spool_peek(reader)->event, vd_bytes_of(large, VD_EVENT_MAX_BYTES)));
    vd_spool_reader_free(reader);
    rig_deinit(&r);
}

/* Sources are found by name, whatever their order; one that is gone makes room for the 33rd. */
static void sources_have_names(void **state)
{
    (void)state;
    struct rig r;
    char name[VD_SPOOL_SOURCE_NAME_BYTES];
    rig_init(&r);
    rig_open(&r);
    for (int i = 0; i < VD_SPOOL_SOURCES_MAX - 1; i++) {
        snprintf(name, sizeof name, "source %d", i);
        int source = vd_spool_source(r.s, name);
        assert_true(source >= 0);
        assert_int_equal(vd_spool_source(r.s, name), source);
        assert_int_equal(
            vd_spool_append(r.s, source, VD_SPOOL_LOW, vd_bytes_str("event"), vd_bytes_str(name), 1), 0);
    }
    assert_int_equal(vd_spool_source(r.s, "one more"), VD_EFULL);
    rig_close(&r);
    rig_open(&r);
    for (int i = VD_SPOOL_SOURCES_MAX - 3; i >= 0; i--) {
        snprintf(name, sizeof name, "source %d", i);
        struct vd_bytes cursor = vd_spool_cursor(r.s, vd_spool_source(r.s, name));
        assert_true(vd_bytes_equal(cursor, vd_bytes_str(name)));
    }
    int more = vd_spool_source(r.s, "one more");
    assert_true(more >= 0);
    assert_int_equal(vd_spool_cursor(r.s, more).len, 0);
    rig_deinit(&r);
}

/* Below the floor nothing begins, and all goes on above it. */
static void free_space_has_a_floor(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r);
    r.options.free_floor_bytes = UINT64_C(1) << 60;
    rig_open(&r);
    assert_int_equal(rig_append(&r), VD_SPOOL_FULL);
    assert_int_equal(vd_spool_next(r.s), 1);
    rig_close(&r);
    r.options.free_floor_bytes = 0;
    rig_open(&r);
    rig_fill(&r, 10);
    rig_close(&r);
    r.options.free_floor_bytes = UINT64_C(1) << 60;
    rig_open(&r);
    for (int rc = 0; rc == 0;) { /* what is allocated is still filled */
        rc = rig_append(&r);
        assert_true(rc == 0 || rc == VD_SPOOL_FULL);
        assert_int_equal(vd_spool_commit_now(r.s), 0);
    }
    assert_true(vd_spool_next(r.s) > 200);
    assert_int_equal(rig_check_from(&r, 1), 0);
    rig_deinit(&r);
}

/* The n-th allocation fails: whatever says so can be called again. */
static void memory_may_run_out(void **state)
{
    (void)state;
    enum { ALLOCATIONS = 40, EVENTS = 600 };
    for (size_t at = 1; at < ALLOCATIONS; at++) {
        struct rig r;
        char error[VD_SPOOL_ERROR_BYTES];
        rig_init(&r);
        vd_memory_fail_at(at);
        int rc = vd_spool_open(&r.s, &r.options, &r.recovery, error);
        assert_true(rc == 0 || rc == VD_ENOMEM);
        if (rc != 0)
            assert_int_equal(vd_spool_open(&r.s, &r.options, &r.recovery, error), 0);
        r.source = vd_spool_source(r.s, "tail:/var/log/auth.log");
        for (int tries = 0; vd_spool_next(r.s) <= EVENTS; tries++) {
            rc = rig_append(&r);
            assert_true(rc == 0 || rc == VD_ENOMEM || rc == VD_EIO);
            assert_true(tries < 2 * EVENTS);
            if (rc != 0 || vd_spool_next(r.s) % 50 == 0)
                vd_spool_commit_now(r.s);
        }
        vd_memory_fail_at(0);
        assert_int_equal(vd_spool_commit_now(r.s), 0);
        assert_int_equal(rig_check_from(&r, 1), 0);
        assert_int_equal(vd_spool_next(r.s), EVENTS + 1);
        rig_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_back),
        cmocka_unit_test(chains_go_on),
        cmocka_unit_test(the_chain_is_known_at_every_number),
        cmocka_unit_test(a_cursor_is_kept_without_an_event),
        cmocka_unit_test(nothing_is_read_before_it_is_durable),
        cmocka_unit_test(a_commit_is_due_by_age_and_bytes),
        cmocka_unit_test(trimming_forgets),
        cmocka_unit_test(an_empty_spool_keeps_its_stream),
        cmocka_unit_test(two_processes_never_share),
        cmocka_unit_test(another_agents_spool_is_set_aside),
        cmocka_unit_test(claims_share_the_room),
        cmocka_unit_test(sizes_have_limits),
        cmocka_unit_test(sources_have_names),
        cmocka_unit_test(free_space_has_a_floor),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
