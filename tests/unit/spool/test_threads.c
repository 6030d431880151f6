/* commit_run on a thread of its own, beside everything else; for ThreadSanitizer, above all. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static void *run(void *commit)
{
    vd_spool_commit_run(commit);
    return NULL;
}

/* Reads on to what is durable; returns the next number. */
static uint64_t read_on(struct vd_spool_reader *reader, uint64_t seq)
{
    char event[RIG_EVENT_BYTES];
    for (const struct vd_spool_item *item; (item = vd_spool_peek(reader)) != NULL; vd_spool_step(reader)) {
        assert_int_equal(item->seq, seq);
        assert_true(vd_bytes_equal(item->event, rig_event(seq, event)));
        seq++;
    }
    return seq;
}

static void commits_beside_everything(void **state)
{
    (void)state;
    enum { ROUNDS = 40, PER_ROUND = 60 };
    struct rig r;
    struct vd_spool_reader *reader;
    uint64_t seq = 1;
    rig_init(&r);
    rig_open(&r);
    assert_int_equal(vd_spool_reader_new(&reader, r.s), 0);
    assert_int_equal(rig_append(&r), 0);
    for (int round = 0; round < ROUNDS; round++) {
        char name[VD_SPOOL_SOURCE_NAME_BYTES] = "source a";
        pthread_t thread;
        struct vd_spool_commit *c = vd_spool_commit_begin(r.s);
        assert_non_null(c);
        assert_int_equal(pthread_create(&thread, NULL, run, c), 0);
        name[7] = (char)('a' + round % 20);
        assert_true(vd_spool_source(r.s, name) >= 0);
        for (int i = 0; i < PER_ROUND; i++)
            assert_int_equal(rig_append(&r), 0);
        seq = read_on(reader, seq);
        vd_spool_trim(r.s, seq / 2);
        (void)vd_spool_commit_due(r.s, 1);
        pthread_join(thread, NULL);
        assert_int_equal(vd_spool_commit_end(r.s, c), 0);
    }
    assert_int_equal(vd_spool_commit_now(r.s), 0);
    seq = read_on(reader, seq);
    assert_int_equal(seq, 2 + ROUNDS * PER_ROUND);
    vd_spool_reader_free(reader);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(commits_beside_everything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
