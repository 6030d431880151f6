/* The ledger's counting, and what it prints: each kind of trouble by itself, told apart from what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "ledger_print.h"

static const int64_t HOUR_MS = 3600000, EVENING_MS = 1795377600000; /* 2026-11-22 20:00:00 UTC */
#define STREAM_A "00112233445566778899aabbccddeeff"
#define STREAM_B "ffeeddccbbaa99887766554433221100"

static void take(struct ledger *ledger, const char *agent, const char *stream, uint64_t sequence,
                 const struct vd_gap *gap)
{
    struct ledger_event event = {.agent = vd_bytes_str(agent),
                                 .stream = vd_bytes_str(stream),
                                 .sequence = sequence,
                                 .published_ms = EVENING_MS,
                                 .gap = gap};
    assert_int_equal(ledger_take(ledger, &event), 0);
}

static void take_range(struct ledger *ledger, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++)
        take(ledger, "acme/web-1", STREAM_A, i, NULL);
}

static struct ledger_account total(struct ledger *ledger)
{
    assert_int_equal(ledger_close(ledger), 0);
    return ledger_sum(ledger);
}

static void test_a_whole_stream(void **state)
{
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 1000);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.published, 1000);
    assert_int_equal(ledger_taken(&sum), 1000);
    assert_true(ledger_whole(&sum));
    assert_int_equal(ledger.stream_count, 1);
    assert_int_equal(ledger.streams[0]->accounts[0].first, 1);
    assert_int_equal(ledger.streams[0]->accounts[0].last, 1000);
    assert_int_equal(ledger.streams[0]->seen.count, 1);
    ledger_deinit(&ledger);
}

static void test_the_edges_are_no_holes(void **state)
{
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 500, 600);
    struct ledger_account sum = total(&ledger);
    assert_true(ledger_whole(&sum));
    assert_int_equal(ledger_taken(&sum), 101);
    ledger_deinit(&ledger);
}

static void test_a_hole_without_a_gap(void **state)
{
    struct ledger ledger;
    struct interval hole;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 10);
    take_range(&ledger, 14, 20);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.unexplained, 3);
    assert_int_equal(sum.covered, 0);
    assert_false(ledger_whole(&sum));
    assert_true(ledger_hole(ledger.streams[0], 0, &hole));
    assert_int_equal(hole.from, 11);
    assert_int_equal(hole.to, 13);
    assert_false(ledger_hole(ledger.streams[0], 14, &hole));
    ledger_deinit(&ledger);
}

static void test_a_gap_explains_what_it_tells_of(void **state)
{
    /* As the agent writes it: the GAP takes the last of the numbers that are missing. */
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_DAMAGED, .count = 5, .from = 11, .to = 15};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 10);
    take(&ledger, "acme/web-1", STREAM_A, 15, &gap);
    take_range(&ledger, 16, 20);
    struct ledger_account sum = total(&ledger);
    assert_true(ledger_whole(&sum));
    assert_int_equal(sum.published, 15);
    assert_int_equal(sum.covered, 5);
    assert_int_equal(sum.notices, 0);
    assert_int_equal(ledger_told(&sum, LEDGER_LOST), 5);
    assert_int_equal(ledger_taken(&sum), 20);
    ledger_deinit(&ledger);
}

static void test_a_gap_that_tells_of_less_leaves_a_hole(void **state)
{
    const struct vd_gap gap = {.reason = VD_GAP_SPOOL_DAMAGED, .from = 12, .to = 15};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 10);
    take(&ledger, "acme/web-1", STREAM_A, 16, &gap);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.unexplained, 1);
    assert_int_equal(sum.covered, 4);
    assert_int_equal(sum.notices, 1);
    assert_int_equal(sum.told[VD_GAP_SPOOL_DAMAGED], 4);
    assert_int_equal(ledger_taken(&sum), 15);
    ledger_deinit(&ledger);
}

static void test_refused_and_dropped(void **state)
{
    const struct vd_gap refused = {.reason = VD_GAP_REFUSED, .count = 1, .from = 3, .to = 3};
    const struct vd_gap dropped = {.reason = VD_GAP_SOURCE_OVERRUN, .count = 70};
    const struct vd_gap unknown = {.reason = VD_GAP_SOURCE_ROTATED};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 2);
    take(&ledger, "acme/web-1", STREAM_A, 3, &refused);
    take(&ledger, "acme/web-1", STREAM_A, 4, &dropped);
    take(&ledger, "acme/web-1", STREAM_A, 5, &unknown);
    struct ledger_account sum = total(&ledger);
    assert_true(ledger_whole(&sum));
    assert_int_equal(ledger_told(&sum, LEDGER_REFUSED), 1);
    assert_int_equal(ledger_told(&sum, LEDGER_DROPPED), 70);
    assert_int_equal(ledger_told(&sum, LEDGER_LOST), 0);
    assert_int_equal(sum.untold, 1);
    assert_int_equal(sum.notices, 2);
    assert_int_equal(ledger_taken(&sum), 3);
    ledger_deinit(&ledger);
}

static void test_the_numbers_of_a_forked_stream_excuse_nothing_here(void **state)
{
    const struct vd_gap gap = {.reason = VD_GAP_FORKED, .count = 4, .from = 3, .to = 6};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 2);
    take_range(&ledger, 7, 7);
    take(&ledger, "acme/web-1", STREAM_A, 8, &gap);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.unexplained, 4);
    assert_int_equal(ledger_told(&sum, LEDGER_LOST), 4);
    ledger_deinit(&ledger);
}

static void test_what_an_agent_makes_up_turns_no_sum_over(void **state)
{
    const struct vd_gap absurd = {.reason = VD_GAP_SPOOL_FULL, .count = UINT64_MAX - 1};
    const struct vd_gap real = {.reason = VD_GAP_SOURCE_OVERRUN, .count = 70};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take(&ledger, "evil/web-1", STREAM_A, 1, &absurd);
    take(&ledger, "evil/web-1", STREAM_A, 2, &absurd);
    take(&ledger, "acme/web-1", STREAM_B, 1, &real);
    struct ledger_account sum = total(&ledger);
    assert_true(ledger_told(&sum, LEDGER_DROPPED) == UINT64_MAX);
    ledger_deinit(&ledger);
}

static void test_twice_and_late(void **state)
{
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 5);
    take_range(&ledger, 3, 4);
    take_range(&ledger, 8, 8);
    take_range(&ledger, 6, 7);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.twice, 2);
    assert_int_equal(sum.late, 2);
    assert_int_equal(sum.published, 8);
    assert_int_equal(sum.unexplained, 0);
    assert_false(ledger_whole(&sum));
    ledger_deinit(&ledger);
}

static void test_a_fork_has_no_number(void **state)
{
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 5);
    struct ledger_event fork = {.agent = vd_bytes_str("acme/web-1"),
                                .stream = vd_bytes_str(STREAM_A),
                                .published_ms = EVENING_MS,
                                .fork = true};
    assert_int_equal(ledger_take(&ledger, &fork), 0);
    fork.stream = vd_bytes_str(STREAM_B);
    assert_int_equal(ledger_take(&ledger, &fork), 0);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(sum.forks, 2);
    assert_true(ledger_whole(&sum));
    ledger_deinit(&ledger);
}

static void test_records_without_a_place(void **state)
{
    const struct vd_gap vast = {.reason = VD_GAP_REFUSED, .from = 1, .to = UINT64_MAX};
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    take(&ledger, "acme/web-1", STREAM_A, 0, NULL);
    take(&ledger, "acme/web-1", STREAM_A, UINT64_MAX, NULL);
    take(&ledger, "acme/web-1", "", 1, NULL);
    take(&ledger, "", STREAM_A, 1, NULL);
    take(&ledger, "acme/web-1", STREAM_A, 1, &vast);
    assert_int_equal(ledger.unnumbered, 5);
    struct ledger_account sum = total(&ledger);
    assert_int_equal(ledger.stream_count, 0);
    assert_true(ledger_whole(&sum));
    ledger_deinit(&ledger);
}

static void test_streams_are_apart_and_in_order(void **state)
{
    char agent[32];
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, 0);
    for (int i = 999; i >= 0; i--) {
        snprintf(agent, sizeof agent, "acme/web-%03d", i);
        take(&ledger, agent, STREAM_B, 7, NULL);
        take(&ledger, agent, STREAM_A, 7, NULL);
    }
    struct ledger_account sum = total(&ledger);
    assert_int_equal(ledger.stream_count, 2000);
    assert_int_equal(sum.published, 2000);
    assert_int_equal(sum.twice, 0);
    for (size_t i = 0; i < 2000; i++) {
        snprintf(agent, sizeof agent, "acme/web-%03zu", i / 2);
        assert_string_equal(ledger.streams[i]->agent, agent);
        assert_string_equal(ledger.streams[i]->stream, i % 2 == 0 ? STREAM_A : STREAM_B);
    }
    ledger_deinit(&ledger);
}

static void test_a_hole_belongs_to_the_hour_of_what_came_behind_it(void **state)
{
    struct ledger ledger;
    (void)state;
    ledger_init(&ledger, HOUR_MS);
    struct ledger_event event = {.agent = vd_bytes_str("acme/web-1"), .stream = vd_bytes_str(STREAM_A)};
    for (event.sequence = 1; event.sequence <= 30; event.sequence++) {
        event.published_ms = EVENING_MS + (int64_t)(event.sequence - 1) / 10 * HOUR_MS + 60000;
        if (event.sequence != 10 && event.sequence != 11 && event.sequence != 25)
            assert_int_equal(ledger_take(&ledger, &event), 0);
    }
    struct ledger_account sum = total(&ledger);
    const struct ledger_account *accounts = ledger.streams[0]->accounts;
    assert_int_equal(ledger.streams[0]->count, 3);
    assert_int_equal(sum.unexplained, 3);
    assert_int_equal(accounts[0].unexplained, 0);
    assert_int_equal(accounts[1].unexplained, 2);
    assert_int_equal(accounts[2].unexplained, 1);
    assert_int_equal(accounts[1].since_ms, EVENING_MS + HOUR_MS);
    assert_int_equal(accounts[1].first, 12);
    assert_int_equal(accounts[1].last, 20);
    ledger_deinit(&ledger);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct ledger ledger;
        struct ledger_event event = {
            .agent = vd_bytes_str("acme/web-1"), .stream = vd_bytes_str(STREAM_A), .sequence = 1};
        ledger_init(&ledger, 0);
        vd_memory_fail_at(n);
        int result = ledger_take(&ledger, &event);
        if (result == 0)
            result = ledger_close(&ledger);
        vd_memory_fail_at(0);
        ledger_deinit(&ledger);
        if (result == 0) {
            assert_true(n > 5);
            return;
        }
        assert_int_equal(result, VD_ENOMEM);
    }
}

/* ---- Printing */

static struct ledger a_bad_day(void)
{
    static const struct vd_gap refused = {.reason = VD_GAP_REFUSED, .count = 1, .from = 6, .to = 6};
    struct ledger ledger;
    ledger_init(&ledger, 0);
    take_range(&ledger, 1, 5);
    take(&ledger, "acme/web-1", STREAM_A, 6, &refused);
    take_range(&ledger, 9, 10);
    take_range(&ledger, 10, 10);
    take(&ledger, "acme/\x1b[2J\"", STREAM_B, INTERVALS_NUMBER_MAX - 1, NULL);
    assert_int_equal(ledger_close(&ledger), 0);
    return ledger;
}

static char *printed(void (*print)(const struct ledger *, FILE *), const struct ledger *ledger)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    print(ledger, out);
    fclose(out);
    return text;
}

static void test_the_table(void **state)
{
    struct ledger ledger = a_bad_day();
    ledger.words = 3;
    char *text = printed(ledger_print_table, &ledger);
    (void)state;
    assert_non_null(strstr(text, "\nbeside them 3 of the collectors' own words, which are of no stream\n"));
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "without a GAP: 7-8\n"));
    assert_non_null(strstr(text, "refused 1: the collector refused an event\n"));
    assert_non_null(strstr(text, "NOT whole: 2 missing without a GAP, 1 published twice, 0 late\n"));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strstr(line, "922337") == NULL) /* nobody has so many */
            assert_true(strlen(line) <= 100);
    free(text);
    ledger_deinit(&ledger);
}

static void test_json(void **state)
{
    struct ledger ledger = a_bad_day();
    char *text = printed(ledger_print_json, &ledger);
    (void)state;
    assert_non_null(strstr(text, "\"agent\":\"\\u001b[2J\\\"\""));
    assert_non_null(strstr(text, "\"tenant\":\"acme\",\"agent\":\"web-1\",\"stream\":\"" STREAM_A "\","
                                 "\"first\":1,\"last\":10,\"taken\":10,\"published\":7,\"covered\":1,"
                                 "\"unexplained\":2,\"twice\":1,\"late\":0,"));
    assert_non_null(strstr(text, "\"holes\":[[7,8]]}\n"));
    assert_non_null(strstr(text, "\"whole\":false}}\n"));
    free(text);
    ledger_deinit(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_stream),
        cmocka_unit_test(test_the_edges_are_no_holes),
        cmocka_unit_test(test_a_hole_without_a_gap),
        cmocka_unit_test(test_a_gap_explains_what_it_tells_of),
        cmocka_unit_test(test_a_gap_that_tells_of_less_leaves_a_hole),
        cmocka_unit_test(test_refused_and_dropped),
        cmocka_unit_test(test_the_numbers_of_a_forked_stream_excuse_nothing_here),
        cmocka_unit_test(test_what_an_agent_makes_up_turns_no_sum_over),
        cmocka_unit_test(test_twice_and_late),
        cmocka_unit_test(test_a_fork_has_no_number),
        cmocka_unit_test(test_records_without_a_place),
        cmocka_unit_test(test_streams_are_apart_and_in_order),
        cmocka_unit_test(test_a_hole_belongs_to_the_hour_of_what_came_behind_it),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
