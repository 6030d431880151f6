/* A quarantined stream becomes a new one, with what was not acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "rig.h"

static const uint8_t NEW_STREAM[VD_STREAM_BYTES] = {7, 7, 7};

/* Events from old number `from` on are number 1 on of the new stream, with a chain of its own. */
static void check_moved(struct rig *r, uint64_t from, uint64_t count)
{
    struct vd_spool_reader *reader;
    char event[RIG_EVENT_BYTES];
    uint64_t chain = 0;
    assert_memory_equal(vd_spool_stream(r->s), NEW_STREAM, VD_STREAM_BYTES);
    assert_int_equal(vd_spool_first(r->s), 1);
    assert_int_equal(vd_spool_next(r->s), count + 1);
    assert_int_equal(vd_spool_reader_new(&reader, r->s), 0);
    for (uint64_t i = 0; i < count; i++, vd_spool_step(reader)) {
        const struct vd_spool_item *item = vd_spool_peek(reader);
        assert_non_null(item);
        assert_int_equal(item->seq, i + 1);
        assert_int_equal(item->chain, chain);
        assert_true(vd_bytes_equal(item->event, rig_event(from + i, event)));
        chain = vd_chain_next(chain, item->event);
    }
    assert_null(vd_spool_peek(reader));
    vd_spool_reader_free(reader);
}

static void what_was_not_acknowledged_moves(void **state)
{
    (void)state;
    struct rig r;
    struct vd_spool_hole lost;
    rig_init(&r);
    rig_open(&r);
    rig_fill(&r, 1500);
    vd_spool_trim(r.s, 100);
    assert_int_equal(rig_append(&r), 0); /* still pending */
    assert_int_equal(vd_spool_fork(r.s, NEW_STREAM, 300, &lost), 0);
    assert_int_equal(lost.from, 101);
    assert_int_equal(lost.to, 300);
    check_moved(&r, 301, 1201);
    rig_close(&r);
    rig_open(&r);
    assert_int_equal(rig_cursor(&r), 1501);
    check_moved(&r, 301, 1201);
    rig_deinit(&r);
}

static void marks_at_the_edges(void **state)
{
    (void)state;
    static const struct {
        uint64_t mark, from, to, moved_from, count;
    } cases[] = {
        {0, 0, 0, 11, 40},     /* below what is held: nothing is lost */
        {10, 0, 0, 11, 40},    /* just what was acknowledged */
        {50, 11, 50, 51, 0},   /* all of it */
        {9999, 11, 50, 51, 0}, /* a host that was rolled back */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        struct vd_spool_hole lost;
        rig_init(&r);
        rig_open(&r);
        rig_fill(&r, 50);
        vd_spool_trim(r.s, 10);
        assert_int_equal(vd_spool_fork(r.s, NEW_STREAM, cases[i].mark, &lost), 0);
        assert_int_equal(lost.from, cases[i].from);
        assert_int_equal(lost.to, cases[i].to);
        check_moved(&r, cases[i].moved_from, cases[i].count);
        assert_int_equal(
            vd_spool_append(r.s, r.source, VD_SPOOL_LOW, vd_bytes_str("event"), vd_bytes_str("cursor"), 1),
            0);
        assert_int_equal(vd_spool_commit_now(r.s), 0);
        rig_deinit(&r);
    }
}

static int operations_left = -1;

int vd_spool_fault(enum spool_operation operation, size_t *len)
{
    (void)operation, (void)len;
    if (operations_left > 0 && --operations_left == 0)
        _exit(1);
    return 0;
}

/* Either all of the old stream, or all of the new one. */
static void killed_anywhere(void **state)
{
    (void)state;
    int status = 1, forked = 0;
    for (int at = 1; status != 0; at++) {
        struct rig r;
        rig_init(&r);
        rig_open(&r);
        rig_fill(&r, 1500);
        rig_close(&r);
        pid_t child = fork();
        if (child == 0) {
            struct vd_spool_hole lost;
            rig_open(&r);
            operations_left = at;
            _exit(vd_spool_fork(r.s, NEW_STREAM, 300, &lost) == 0 ? 0 : 2);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        status = WEXITSTATUS(status);
        assert_int_not_equal(status, 2);
        rig_open(&r);
        assert_int_equal(r.recovery.holes, 0);
        assert_int_equal(rig_cursor(&r), 1500);
        if (vd_spool_stream(r.s)[0] == NEW_STREAM[0]) {
            check_moved(&r, 301, 1200);
            forked++;
        } else {
            assert_int_equal(rig_check_from(&r, 1), 0);
            assert_int_equal(vd_spool_next(r.s), 1501);
        }
        rig_deinit(&r);
    }
    assert_true(forked > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_acknowledged_moves),
        cmocka_unit_test(marks_at_the_edges),
        cmocka_unit_test(killed_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
