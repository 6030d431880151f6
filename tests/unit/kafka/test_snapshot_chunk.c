/* Chunks of snapshots: what is written is read; what does not fit is refused, and only whole ones count. */
#include <stdio.h>
#include <vedette/error.h>

#include "snapshot_chunk.h"
#include "unit.h"

enum { SHARD = 7, VERSION_AT = 4, INDEX_AT = 24, COUNT_AT = 28, EVENTS_AT = 32 };

struct record {
    char key[VD_SNAPSHOT_KEY_BYTES];
    uint8_t value[VD_SNAPSHOT_HEAD_BYTES + 8];
    size_t len;
};

static struct vd_snapshot_chunk chunk_of(uint8_t id, uint32_t index, uint32_t count)
{
    return (struct vd_snapshot_chunk){.id = {id}, .index = index, .count = count, .events_offset = 1000 + id};
}

static struct record written(const struct vd_snapshot_chunk *chunk, const char *body)
{
    struct record record = {.len = VD_SNAPSHOT_HEAD_BYTES + strlen(body)};
    vd_snapshot_key(SHARD, chunk, record.key);
    vd_snapshot_head(chunk, record.value);
    memcpy(record.value + VD_SNAPSHOT_HEAD_BYTES, body, strlen(body));
    return record;
}

static int read_back(struct vd_snapshot_chunk *out, const struct record *record)
{
    return vd_snapshot_read(out, SHARD, vd_bytes_str(record->key), vd_bytes_of(record->value, record->len));
}

static void test_what_is_written_is_read(void **state)
{
    struct vd_snapshot_chunk out, chunk = chunk_of(9, 4095, 4096);
    struct record record = written(&chunk, "marks");
    (void)state;
    assert_string_equal(record.key, "7/4095");
    assert_int_equal(read_back(&out, &record), 0);
    assert_memory_equal(out.id, chunk.id, sizeof out.id);
    assert_int_equal(out.index, 4095);
    assert_int_equal(out.count, 4096);
    assert_int_equal(out.events_offset, 1009);
    assert_true(vd_bytes_equal(out.body, vd_bytes_str("marks")));
    assert_int_equal(out.generation, 0);
    chunk.generation = 1;
    record = written(&chunk, "");
    assert_string_equal(record.key, "7/8191");
    assert_int_equal(read_back(&out, &record), 0);
    assert_int_equal(out.body.len, 0);
    assert_int_equal(out.index, 4095);
    assert_int_equal(out.generation, 1);
}

static void test_other_records_are_told_apart(void **state)
{
    static const char *const KEYS[] = {
        "",     "7",   "7/",   "7/barrier", "7/-1",  "7/8192", "7/99999999999999999999",
        "70/0", "8/0", "7/0 ", "a7/0",      "7/0/0", "/0",     "7/0000000000000000000000000000000"};
    struct vd_snapshot_chunk out, chunk = chunk_of(1, 0, 1);
    struct record record = written(&chunk, "x");
    (void)state;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        assert_int_equal(
            vd_snapshot_read(&out, SHARD, vd_bytes_str(KEYS[i]), vd_bytes_of(record.value, record.len)),
            VD_SNAPSHOT_OTHER);
    record.len = 0; /* the mark of a deleted key */
    assert_int_equal(read_back(&out, &record), VD_SNAPSHOT_OTHER);
}

static void test_another_version_is_not_misread(void **state)
{
    struct vd_snapshot_chunk out, chunk = chunk_of(1, 0, 1);
    struct record record = written(&chunk, "x");
    (void)state;
    record.value[VERSION_AT] = VD_SNAPSHOT_VERSION + 1;
    assert_int_equal(read_back(&out, &record), VD_EUNSUPPORTED);
    record.len = VERSION_AT + 4; /* it may have another head */
    assert_int_equal(read_back(&out, &record), VD_EUNSUPPORTED);
}

static void test_damage_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } DAMAGE[] = {{0, 'X'},      {INDEX_AT, 1},     {INDEX_AT + 3, 1},
                  {COUNT_AT, 0}, {COUNT_AT + 2, 1}, {EVENTS_AT + 7, 0x80}};
    struct vd_snapshot_chunk out, chunk = chunk_of(1, 0, 3);
    struct record good = written(&chunk, "x");
    (void)state;
    for (size_t i = 0; i < sizeof DAMAGE / sizeof *DAMAGE; i++) {
        struct record bad = good;
        bad.value[DAMAGE[i].at] = DAMAGE[i].value;
        assert_int_equal(read_back(&out, &bad), VD_EMALFORMED);
    }
    for (size_t len = 1; len < VD_SNAPSHOT_HEAD_BYTES; len++) {
        struct record cut = good;
        cut.len = len;
        assert_int_equal(read_back(&out, &cut), VD_EMALFORMED);
    }
}

static void test_a_body_over_its_cap_is_refused(void **state)
{
    static uint8_t value[VD_SNAPSHOT_HEAD_BYTES + VD_SNAPSHOT_CHUNK_MAX_BYTES + 1];
    struct vd_snapshot_chunk out, chunk = chunk_of(1, 0, 1);
    (void)state;
    vd_snapshot_head(&chunk, value);
    assert_int_equal(vd_snapshot_read(&out, SHARD, vd_bytes_str("7/0"), vd_bytes_of(value, sizeof value)),
                     VD_EMALFORMED);
    assert_int_equal(vd_snapshot_read(&out, SHARD, vd_bytes_str("7/0"), vd_bytes_of(value, sizeof value - 1)),
                     0);
}

/* ---- The newest whole one */

static void show(struct vd_snapshot_search *search, int expected, uint8_t id, uint32_t index, uint32_t count,
                 int64_t offset)
{
    struct vd_snapshot_chunk chunk = chunk_of(id, index, count);
    assert_int_equal(vd_snapshot_show(search, &chunk, offset), expected);
}

static void test_the_newest_whole_one_counts(void **state)
{
    struct vd_snapshot_search search = {0};
    (void)state;
    show(&search, 0, 1, 2, 4, 10); /* its beginning was compacted away */
    show(&search, 0, 1, 3, 4, 11);
    assert_false(search.newest.found);
    show(&search, 0, 2, 0, 2, 20);
    assert_false(search.newest.found);
    show(&search, 0, 2, 1, 2, 21);
    assert_true(search.newest.found);
    assert_int_equal(search.newest.state_offset, 20);
    show(&search, 0, 3, 0, 1, 30);
    assert_int_equal(search.newest.state_offset, 30);
    assert_int_equal(search.newest.events_offset, 1003);
    show(&search, 0, 4, 0, 2, 40); /* never finished */
    show(&search, 0, 5, 0, 3, 50);
    show(&search, 0, 5, 1, 3, 51);
    assert_int_equal(search.newest.state_offset, 30);
    assert_int_equal(search.newest.count, 1);
    assert_int_equal(search.newest.id[0], 3);
}

static void test_chunks_that_do_not_fit_are_refused(void **state)
{
    struct vd_snapshot_search search = {0};
    (void)state;
    show(&search, 0, 1, 0, 3, 1);
    show(&search, VD_EMALFORMED, 1, 2, 3, 2); /* one is missing */
    search = (struct vd_snapshot_search){0};
    show(&search, 0, 1, 0, 3, 1);
    show(&search, VD_EMALFORMED, 1, 0, 3, 2); /* one comes twice */
    search = (struct vd_snapshot_search){0};
    show(&search, 0, 1, 0, 3, 1);
    show(&search, VD_EMALFORMED, 1, 1, 2, 2); /* another count */
    search = (struct vd_snapshot_search){0};
    show(&search, 0, 1, 0, 3, 1);
    struct vd_snapshot_chunk elsewhere = chunk_of(1, 1, 3);
    elsewhere.events_offset++;
    assert_int_equal(vd_snapshot_show(&search, &elsewhere, 2), VD_EMALFORMED);
    assert_false(search.newest.found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_other_records_are_told_apart),
        cmocka_unit_test(test_another_version_is_not_misread),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_a_body_over_its_cap_is_refused),
        cmocka_unit_test(test_the_newest_whole_one_counts),
        cmocka_unit_test(test_chunks_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
