/* The directory of owners: what is learnt from which record, and that all agree on who is next. */
#include "unit.h"

#include <stdio.h>
#include <vedette/memory.h>

#include "ownership/owners.h"

enum { SHARDS = 64 };

static int32_t learn_owner(struct owners *o, int32_t shard, const char *collector, const char *address,
                           uint64_t epoch)
{
    char key[OWNER_KEY_BYTES];
    uint8_t value[OWNER_VALUE_BYTES];
    struct owner owner = {.epoch = epoch};
    snprintf(owner.collector, sizeof owner.collector, "%s", collector);
    snprintf(owner.address, sizeof owner.address, "%s", address);
    return owners_learn(o, owner_shard_key(key, shard), owner_write(value, &owner));
}

static void learn_collector(struct owners *o, const char *name, bool there)
{
    char key[OWNER_KEY_BYTES];
    struct vd_bytes value = {0};
    if (there)
        value = vd_bytes_str("x");
    assert_int_equal(owners_learn(o, owner_collector_key(key, name), value), -1);
}

static void what_is_written_is_learnt(void **state)
{
    (void)state;
    struct owners o;
    assert_int_equal(owners_init(&o, SHARDS), 0);
    assert_int_equal(learn_owner(&o, 63, "c-1", "host.example:7170", 9), 63);
    assert_string_equal(o.shards[63].collector, "c-1");
    assert_string_equal(o.shards[63].address, "host.example:7170");
    assert_int_equal(o.shards[63].epoch, 9);
    assert_false(owner_let_go(&o.shards[63]));
    assert_false(owner_let_go(&o.shards[0]));
    assert_int_equal(learn_owner(&o, 63, "c-1", "", 10), 63);
    assert_true(owner_let_go(&o.shards[63]));
    char key[OWNER_KEY_BYTES];
    assert_int_equal(owners_learn(&o, owner_shard_key(key, 63), (struct vd_bytes){0}), 63);
    assert_string_equal(o.shards[63].collector, "");
    owners_deinit(&o);
}

static void what_is_no_record_of_ours_changes_nothing(void **state)
{
    (void)state;
    struct owners o;
    const char *const keys[] = {"",         "shard/",   "shard/64",  "shard/-1", "shard/1x", "shard/9999999",
                                "sharding", "shards/1", "collector", "shard"};
    assert_int_equal(owners_init(&o, SHARDS), 0);
    learn_owner(&o, 1, "c-1", "a:1", 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_int_equal(owners_learn(&o, vd_bytes_str(keys[i]), vd_bytes_str("\x0a\x01x")), -1);
    /* Values: cut off, of the wrong type, without a name, with an impossible one, with a NUL in an address.
     */
    const struct vd_bytes values[] = {vd_bytes_of("\x0a\x05x", 3),
                                      vd_bytes_of("\x08\x05", 2),
                                      vd_bytes_of("\x12\x01x", 3),
                                      vd_bytes_of("\x0a\x01/", 3),
                                      vd_bytes_of("\x0a\x01x\x12\x01\0", 6),
                                      vd_bytes_of("\x0a\x01x\x1a\x01x", 6),
                                      vd_bytes_of("", 0)};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_int_equal(owners_learn(&o, vd_bytes_str("shard/1"), values[i]), -1);
    assert_string_equal(o.shards[1].address, "a:1");
    char long_name[300];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    char key[400];
    snprintf(key, sizeof key, "collector/%s", long_name);
    assert_int_equal(owners_learn(&o, vd_bytes_str(key), vd_bytes_str("x")), -1);
    assert_int_equal(o.collector_count, 0);
    owners_deinit(&o);
}

static void collectors_come_and_go(void **state)
{
    (void)state;
    struct owners o;
    assert_int_equal(owners_init(&o, SHARDS), 0);
    assert_false(owners_has_others(&o, "a"));
    learn_collector(&o, "a", true);
    learn_collector(&o, "a", true);
    assert_int_equal(o.collector_count, 1);
    assert_false(owners_has_others(&o, "a"));
    assert_true(owners_has_others(&o, "b"));
    learn_collector(&o, "b", true);
    assert_true(owners_has_others(&o, "a"));
    learn_collector(&o, "c", false);
    learn_collector(&o, "a", false);
    learn_collector(&o, "b", false);
    assert_int_equal(o.collector_count, 0);
    for (int i = 0; i < OWNERS_COLLECTORS_MAX + 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        learn_collector(&o, name, true);
    }
    assert_int_equal(o.collector_count, OWNERS_COLLECTORS_MAX);
    owners_deinit(&o);
}

/* However each learnt of the others: exactly one is first, one second and so on, and the leaver is none. */
static void all_agree_on_who_is_next(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c", "d"};
    struct owners seen[4];
    unsigned firsts[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(owners_init(&seen[i], SHARDS), 0);
        for (size_t j = 0; j < 4; j++)
            learn_collector(&seen[i], NAMES[(i + j) % 4], true);
        for (int32_t shard = 0; shard < SHARDS; shard++)
            learn_owner(&seen[i], shard, "d", "", 2);
    }
    for (int32_t shard = 0; shard < SHARDS; shard++) {
        unsigned ranks = 0;
        for (size_t i = 0; i < 3; i++) {
            size_t rank = owners_rank(&seen[i], shard, NAMES[i]);
            ranks |= 1u << rank;
            firsts[i] += rank == 0;
        }
        assert_int_equal(ranks, 7);
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(firsts[i] > SHARDS / 10); /* they spread */
    for (size_t i = 0; i < 4; i++)
        owners_deinit(&seen[i]);
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    struct owners o;
    for (size_t n = 1; n <= 2; n++) {
        vd_memory_fail_at(n);
        assert_true(owners_init(&o, SHARDS) < 0);
        vd_memory_fail_at(0);
        owners_deinit(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_learnt),
        cmocka_unit_test(what_is_no_record_of_ours_changes_nothing),
        cmocka_unit_test(collectors_come_and_go),
        cmocka_unit_test(all_agree_on_who_is_next),
        cmocka_unit_test(without_memory_nothing_is_left),
    };
    return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
