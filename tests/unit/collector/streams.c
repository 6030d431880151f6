/* What a shard remembers, and what it forgets first. */
#include "unit.h"

#include <stdio.h>
#include <vedette/memory.h>

#include "streams.h"

static struct vd_identity agent_named(const char *tenant, unsigned number)
{
    struct vd_identity agent = {.kind = VD_IDENTITY_AGENT};
    snprintf(agent.tenant, sizeof agent.tenant, "%s", tenant);
    snprintf(agent.name, sizeof agent.name, "host-%u", number);
    return agent;
}

static struct stream *get(struct streams *s, const char *tenant, unsigned number, uint8_t id)
{
    struct vd_identity agent = agent_named(tenant, number);
    uint8_t bytes[VD_STREAM_BYTES];
    memset(bytes, id, sizeof bytes);
    return streams_get(s, &agent, bytes);
}

static void a_stream_is_found_again_by_agent_and_id(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 100), 0);
    struct stream *first = get(&s, "a", 1, 1);
    first->mark = 7;
    assert_ptr_equal(get(&s, "a", 1, 1), first);
    assert_ptr_not_equal(get(&s, "a", 1, 2), first);
    assert_ptr_not_equal(get(&s, "a", 2, 1), first);
    assert_ptr_not_equal(get(&s, "b", 1, 1), first);
    assert_int_equal(s.count, 4);
    assert_string_equal(first->key, "a/host-1");
    assert_int_equal(stream_tenant(first).len, 1);
    assert_int_equal(stream_agent(first).len, 6);
    streams_deinit(&s);
}

static void an_agent_with_ever_new_streams_forgets_its_own_oldest(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 1000), 0);
    struct stream *other = get(&s, "a", 2, 1);
    for (unsigned id = 0; id < 100; id++)
        assert_non_null(get(&s, "a", 1, (uint8_t)id));
    assert_int_equal(s.count, 1 + STREAMS_AN_AGENT);
    assert_ptr_equal(get(&s, "a", 2, 1), other);
    streams_deinit(&s);
}

static void what_is_under_way_or_attached_is_never_forgotten(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 2), 0);
    struct stream *one = get(&s, "a", 1, 1), *two = get(&s, "a", 2, 1);
    one->attachment = (struct attachment *)one;
    two->oldest = (struct batch *)two;
    assert_null(get(&s, "a", 3, 1));
    two->oldest = NULL;
    assert_non_null(get(&s, "a", 3, 1));
    assert_ptr_equal(get(&s, "a", 1, 1), one);
    assert_int_equal(s.count, 2);
    streams_deinit(&s);
}

static void an_agent_cannot_use_more_than_its_own(void **state)
{
    (void)state;
    struct streams s;
    struct stream *mine[STREAMS_AN_AGENT];
    assert_int_equal(streams_init(&s, 1000), 0);
    for (unsigned id = 0; id < STREAMS_AN_AGENT; id++) {
        mine[id] = get(&s, "a", 1, (uint8_t)id);
        mine[id]->attachment = (struct attachment *)mine[id];
    }
    assert_null(get(&s, "a", 1, 100));
    assert_ptr_equal(get(&s, "a", 1, 3), mine[3]);
    assert_non_null(get(&s, "a", 2, 100));
    mine[3]->attachment = NULL;
    assert_non_null(get(&s, "a", 1, 100));
    assert_int_equal(s.count, STREAMS_AN_AGENT + 1);
    streams_deinit(&s);
}

static void the_longest_untouched_goes_first(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 3), 0);
    struct stream *one = get(&s, "a", 1, 1);
    one->mark = 1;
    get(&s, "a", 2, 1);
    get(&s, "a", 3, 1);
    get(&s, "a", 1, 1); /* touched again: 2 is now the oldest */
    get(&s, "a", 4, 1);
    assert_int_equal(get(&s, "a", 1, 1)->mark, 1);
    assert_int_equal(s.count, 3);
    streams_deinit(&s);
}

static void many_are_found_again_after_the_table_has_grown(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 5000), 0);
    for (unsigned number = 0; number < 5000; number++)
        get(&s, "a", number % 2500, (uint8_t)(number / 2500))->mark = number + 1;
    assert_int_equal(s.count, 5000);
    assert_true(s.slot_count >= 4096);
    for (unsigned number = 0; number < 5000; number++)
        assert_int_equal(get(&s, "a", number % 2500, (uint8_t)(number / 2500))->mark, number + 1);
    streams_deinit(&s);
}

static void a_table_that_cannot_grow_goes_on(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 1000), 0);
    for (unsigned number = 0; number < 65; number++) {
        vd_memory_fail_at(number == 64 ? 2 : 0); /* the stream itself, then the larger table */
        assert_non_null(get(&s, "a", number, 1));
    }
    vd_memory_fail_at(0);
    assert_int_equal(s.slot_count, 64);
    assert_non_null(get(&s, "a", 65, 1));
    assert_int_equal(s.slot_count, 128);
    assert_int_equal(s.count, 66);
    streams_deinit(&s);
}

static void without_memory_nothing_is_broken(void **state)
{
    (void)state;
    struct streams s;
    assert_int_equal(streams_init(&s, 10), 0);
    vd_memory_fail_at(1);
    assert_null(get(&s, "a", 1, 1));
    assert_non_null(get(&s, "a", 1, 1));
    streams_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_found_again_by_agent_and_id),
        cmocka_unit_test(an_agent_with_ever_new_streams_forgets_its_own_oldest),
        cmocka_unit_test(what_is_under_way_or_attached_is_never_forgotten),
        cmocka_unit_test(an_agent_cannot_use_more_than_its_own),
        cmocka_unit_test(the_longest_untouched_goes_first),
        cmocka_unit_test(many_are_found_again_after_the_table_has_grown),
        cmocka_unit_test(a_table_that_cannot_grow_goes_on),
        cmocka_unit_test(without_memory_nothing_is_broken),
    };
    return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
