/* Membership against the embedded cluster: who is told what, and that closing never waits for a broker. What
 * only a real group coordinator does is in tests/integration/test_membership.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/membership.h>

#include "embedded.h"

enum { PARTITIONS = 4, MEMBERS = 2, PATIENCE_MS = 60000, SOON_MS = 5000 };

struct member {
    struct vd_membership *membership;
    bool owned[PARTITIONS];
    int owned_count, assigned, revoked, lost, expelled, waits, closed;
    bool holds; /* does not release by itself */
    bool closes_when_assigned;
    char why[VD_KAFKA_ERROR_BYTES]; /* what it waits for */
};

struct group {
    uv_loop_t loop;
    uv_timer_t patience;
    bool late;
    struct vd_kafka_embedded *embedded;
    struct member members[MEMBERS];
};

static void on_closed(void *arg)
{
    struct member *member = arg;
    member->closed++;
    member->membership = NULL;
}

static void on_assigned(void *arg, int32_t partition)
{
    struct member *member = arg;
    assert_in_range(partition, 0, PARTITIONS - 1);
    assert_false(member->owned[partition]);
    member->owned[partition] = true;
    member->owned_count++;
    member->assigned++;
    if (member->closes_when_assigned)
        vd_membership_close(member->membership, on_closed);
}

static void on_revoked(void *arg, int32_t partition, bool lost)
{
    struct member *member = arg;
    assert_in_range(partition, 0, PARTITIONS - 1);
    assert_true(member->owned[partition]);
    member->owned[partition] = false;
    member->owned_count--;
    member->revoked++;
    member->lost += lost;
    if (!member->holds)
        vd_membership_released(member->membership, partition);
}

static void on_expelled(void *arg, const char *why)
{
    struct member *member = arg;
    assert_string_not_equal(why, "");
    member->expelled++;
}

static void on_waiting(void *arg, const char *why)
{
    struct member *member = arg;
    snprintf(member->why, sizeof member->why, "%s", why == NULL ? "" : why);
    member->waits++;
}

static void on_patience(uv_timer_t *timer)
{
    struct group *group = timer->data;
    group->late = true;
}

static void open_group(struct group *group)
{
    char error[VD_KAFKA_ERROR_BYTES];
    *group = (struct group){0};
    assert_int_equal(uv_loop_init(&group->loop), 0);
    uv_timer_init(&group->loop, &group->patience);
    group->patience.data = group;
    assert_int_equal(vd_kafka_embedded_new(&group->embedded, "rig", PARTITIONS, error), 0);
}

static void join(struct group *group, int which, const char *brokers)
{
    char error[VD_KAFKA_ERROR_BYTES];
    static const char *const names[MEMBERS] = {"one", "two"};
    struct vd_membership_options options = {
        .kafka = {.brokers = brokers == NULL ? vd_kafka_embedded_brokers(group->embedded) : brokers,
                  .client_id = names[which]},
        .prefix = "rig",
        .group = "rig-collectors",
        .name = names[which],
        .session_timeout_ms = 6000,
        .heartbeat_ms = 300,
        .loop = &group->loop,
        .callbacks = {on_assigned, on_revoked, on_expelled, on_waiting},
        .arg = &group->members[which],
    };
    assert_int_equal(vd_membership_new(&group->members[which].membership, &options, error), 0);
}

static void run_until(struct group *group, int limit_ms, bool (*done)(const struct group *))
{
    group->late = false;
    uv_update_time(&group->loop);
    uv_timer_start(&group->patience, on_patience, (uint64_t)limit_ms, 0);
    while (!done(group) && !group->late)
        uv_run(&group->loop, UV_RUN_ONCE);
    uv_timer_stop(&group->patience);
}

static void expect(struct group *group, bool (*done)(const struct group *))
{
    run_until(group, PATIENCE_MS, done);
    assert_false(group->late);
}

static bool all_closed(const struct group *group)
{
    for (int i = 0; i < MEMBERS; i++)
        if (group->members[i].membership != NULL)
            return false;
    return true;
}

static void close_group(struct group *group)
{
    for (int i = 0; i < MEMBERS; i++)
        if (group->members[i].membership != NULL)
            vd_membership_close(group->members[i].membership, on_closed);
    run_until(group, SOON_MS, all_closed);
    assert_false(group->late);
    for (int i = 0; i < MEMBERS; i++)
        assert_in_range(group->members[i].closed, 0, 1);
    uv_close((uv_handle_t *)&group->patience, NULL);
    uv_run(&group->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&group->loop), 0);
    vd_kafka_embedded_free(group->embedded);
}

static bool first_has_all(const struct group *group)
{
    return group->members[0].owned_count == PARTITIONS;
}

static bool halved(const struct group *group)
{
    return group->members[0].owned_count == 2 && group->members[1].owned_count == 2;
}

static void test_a_single_member_gets_everything(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    join(&group, 0, NULL);
    expect(&group, first_has_all);
    assert_int_equal(group.members[0].assigned, PARTITIONS);
    assert_string_equal(group.members[0].why, "");
    close_group(&group);
    /* Closing is no revocation: the shards are the owner's to end first. */
    assert_int_equal(group.members[0].revoked, 0);
}

static void test_a_second_member_gets_half(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    join(&group, 0, NULL);
    expect(&group, first_has_all);
    join(&group, 1, NULL);
    expect(&group, halved);
    assert_int_equal(group.members[0].revoked, 2);
    assert_int_equal(group.members[0].lost, 0);
    for (int i = 0; i < PARTITIONS; i++)
        assert_true(group.members[0].owned[i] != group.members[1].owned[i]);
    close_group(&group);
}

static bool first_gives_up_two(const struct group *group)
{
    return group->members[0].owned_count == 2;
}

static bool never(const struct group *group)
{
    (void)group;
    return false;
}

static void test_what_is_not_released_is_not_given_on(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    group.members[0].holds = true;
    join(&group, 0, NULL);
    expect(&group, first_has_all);
    join(&group, 1, NULL);
    expect(&group, first_gives_up_two);
    run_until(&group, 1000, never);
    assert_int_equal(group.members[1].owned_count, 0);
    for (int i = 0; i < PARTITIONS; i++)
        if (!group.members[0].owned[i])
            vd_membership_released(group.members[0].membership, i);
    expect(&group, halved);
    close_group(&group);
}

static void test_close_in_the_midst_of_a_revocation(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    group.members[0].holds = true;
    join(&group, 0, NULL);
    expect(&group, first_has_all);
    join(&group, 1, NULL);
    expect(&group, first_gives_up_two);
    close_group(&group);
}

static void test_close_within_a_callback(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    group.members[0].closes_when_assigned = true;
    join(&group, 0, NULL);
    expect(&group, all_closed);
    assert_int_equal(group.members[0].assigned, 1);
    assert_int_equal(group.members[0].closed, 1);
    close_group(&group);
}

static void test_close_at_once(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    join(&group, 0, NULL);
    close_group(&group);
    assert_int_equal(group.members[0].assigned, 0);
}

/* Joined, and not assigned anything yet: librdkafka before 2.3 cannot destroy that. With so slow a broker it
 * is so from 6.5 to 7.5 s; if ever it is not, then this only tests that closing takes no time. */
static void test_close_while_joining(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    vd_kafka_embedded_slow(group.embedded, 500);
    join(&group, 0, NULL);
    run_until(&group, 7000, never);
    close_group(&group);
    assert_int_equal(group.members[0].assigned, 0);
}

static bool first_waits(const struct group *group)
{
    return group->members[0].why[0] != '\0';
}

static void test_no_broker_is_said_and_waited_for(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    vd_kafka_embedded_set_up(group.embedded, false);
    join(&group, 0, NULL);
    expect(&group, first_waits);
    assert_string_equal(group.members[0].why, "no broker answers");
    vd_kafka_embedded_set_up(group.embedded, true);
    expect(&group, first_has_all);
    assert_string_equal(group.members[0].why, "");
    assert_int_equal(group.members[0].waits, 2);
    close_group(&group);
}

static void test_a_missing_topic_is_said_and_waited_for(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    vd_kafka_embedded_hide_topic(group.embedded, "rig.state.v1", true);
    join(&group, 0, NULL);
    expect(&group, first_waits);
    assert_non_null(strstr(group.members[0].why, "rig.state.v1"));
    close_group(&group);
}

static void test_close_while_no_broker_answers(void **state)
{
    struct group group;
    (void)state;
    open_group(&group);
    join(&group, 0, "127.0.0.1:9");
    expect(&group, first_waits);
    vd_membership_keep(group.members[0].membership, 0, 7);
    close_group(&group);
}

static void test_what_librdkafka_refuses_is_an_error(void **state)
{
    char error[VD_KAFKA_ERROR_BYTES];
    struct vd_membership *membership = NULL;
    struct group group;
    (void)state;
    open_group(&group);
    struct vd_membership_options options = {
        .kafka = {.brokers = "127.0.0.1:9"},
        .prefix = "rig",
        .group = "rig-collectors",
        .name = "one",
        .session_timeout_ms = 4000000, /* an hour is the most */
        .heartbeat_ms = 300,
        .loop = &group.loop,
    };
    assert_int_equal(vd_membership_new(&membership, &options, error), VD_ECONFIG);
    assert_non_null(strstr(error, "session.timeout.ms"));
    static const char *const property = "group.id=another";
    options.session_timeout_ms = 6000;
    options.kafka.properties = &property;
    options.kafka.property_count = 1;
    assert_int_equal(vd_membership_new(&membership, &options, error), VD_ECONFIG);
    assert_non_null(strstr(error, "fixed"));
    assert_null(membership);
    close_group(&group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_single_member_gets_everything),
        cmocka_unit_test(test_a_second_member_gets_half),
        cmocka_unit_test(test_what_is_not_released_is_not_given_on),
        cmocka_unit_test(test_close_in_the_midst_of_a_revocation),
        cmocka_unit_test(test_close_within_a_callback),
        cmocka_unit_test(test_close_at_once),
        cmocka_unit_test(test_close_while_joining),
        cmocka_unit_test(test_no_broker_is_said_and_waited_for),
        cmocka_unit_test(test_a_missing_topic_is_said_and_waited_for),
        cmocka_unit_test(test_close_while_no_broker_answers),
        cmocka_unit_test(test_what_librdkafka_refuses_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
