/* Cursors for people, as the sources of an agent write them; and whatever else stands in their place. */
#include "spool_cursor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vedette/hash.h>

#include "tail_cursor.h"

#include "unit.h"

enum { PATH_BYTES = 256, HEAD_BYTES = 256 };

struct rig {
    char folder[PATH_BYTES], log[PATH_BYTES], source[PATH_BYTES], *text;
};

static int setup(void **state)
{
    static struct rig rig;
    rig = (struct rig){.folder = "/tmp/vedette-cursor-XXXXXX"};
    if (mkdtemp(rig.folder) == NULL)
        return -1;
    snprintf(rig.log, sizeof rig.log, "%.64s/auth.log", rig.folder);
    snprintf(rig.source, sizeof rig.source, "tail:%.128s", rig.log);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    char rotated[PATH_BYTES + 8];
    snprintf(rotated, sizeof rotated, "%s.1", rig->log);
    unlink(rotated);
    unlink(rig->log);
    free(rig->text);
    return rmdir(rig->folder);
}

static const char *printed(struct rig *rig, const char *source, struct vd_bytes cursor)
{
    size_t len;
    free(rig->text);
    FILE *out = open_memstream(&rig->text, &len);
    assert_non_null(out);
    spool_cursor_print(source, cursor, out);
    fclose(out);
    return rig->text;
}

/* As a tail tells files apart. */
static struct tail_place place_in(const char *path, size_t size, uint64_t offset)
{
    static uint8_t content[4096];
    struct stat st;
    memset(content, 'x', sizeof content);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    fclose(file);
    assert_int_equal(stat(path, &st), 0);
    size_t head = offset < HEAD_BYTES ? (size_t)offset : HEAD_BYTES;
    return (struct tail_place){vd_hash64(vd_bytes_of(content, head), st.st_ino), offset};
}

static void test_a_file_and_one_that_is_gone(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[TAIL_CURSOR_MAX_BYTES];
    char rotated[PATH_BYTES + 8], expected[8 * PATH_BYTES];
    snprintf(rotated, sizeof rotated, "%s.1", rig->log);
    struct tail_cursor cursor = {.count = 4};
    cursor.places[0] = place_in(rotated, 1000, 999);
    cursor.places[1] = place_in(rig->log, 300, 17);
    cursor.places[2] = (struct tail_place){0xabcdef, 5};
    cursor.places[3] = cursor.places[1];
    cursor.places[3].offset = 18; /* the hash is over other bytes, so it is another file */
    const char *text = printed(rig, rig->source, vd_bytes_of(bytes, tail_cursor_write(&cursor, bytes)));
    snprintf(expected, sizeof expected,
             "cursor  %s  byte 999 of 1000 of %s\n"
             "cursor  %s  byte 17 of 300 of %s\n"
             "cursor  %s  byte 5 of a file that is not found here, 0000000000abcdef\n"
             "cursor  %s  byte 18 of a file that is not found here, %016llx\n",
             rig->source, rotated, rig->source, rig->log, rig->source, rig->source,
             (unsigned long long)cursor.places[3].identity);
    assert_string_equal(text, expected);
}

static void test_one_of_several_paths(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[TAIL_CURSOR_MAX_BYTES];
    char source[PATH_BYTES + 32];
    struct tail_cursor cursor = {.count = 1};
    cursor.places[0] = place_in(rig->log, 300, 300);
    snprintf(source, sizeof source, "%s#0123456789abcdef", rig->source);
    assert_non_null(strstr(printed(rig, source, vd_bytes_of(bytes, tail_cursor_write(&cursor, bytes))),
                           "  byte 300 of 300 of /"));
}

static void test_the_journal(void **state)
{
    static const char cursor[] = "s=8c1f;i=4d2;b=77aa;m=5f5e100;t=660e2ec15f000;x=1a2b";
    (void)state;
    assert_string_equal(printed(*state, "journal", vd_bytes_str(cursor)),
                        "cursor  journal  entry of 2026-11-22 20:00:00, "
                        "s=8c1f;i=4d2;b=77aa;m=5f5e100;t=660e2ec15f000;x=1a2b\n");
}

static void test_anything_else_is_as_it_is(void **state)
{
    static const struct {
        const char *source, *cursor, *shown;
        size_t len;
    } cases[] = {
        {"tail:/nowhere/a", "\x01\x01short", "cursor  tail:/nowhere/a  \\x01\\x01short\n", 7},
        {"tail:/nowhere/a", "\x02\x00", "cursor  tail:/nowhere/a  \\x02\\x00\n", 2},
        {"tail:/nowhere/a", "\x01\x00", "cursor  tail:/nowhere/a  \\x01\\x00\n", 2},
        {"tail:/nowhere/a", "", "cursor  tail:/nowhere/a  \n", 0},
        {"tail:",
         "\x01\x01"
         "12345678123456",
         "cursor  tail:  byte 59602136937009 of a file that is not found here, 3837363534333231\n", 16},
        {"journal", "s=8c1f", "cursor  journal  s=8c1f\n", 6},
        {"journal", "s=8c1f;t=", "cursor  journal  s=8c1f;t=\n", 9},
        {"journal", "s=8c1f;t=11112222333344445", "cursor  journal  s=8c1f;t=11112222333344445\n", 26},
        {"jour\x1bnal", "\x1b[2J", "cursor  jour\\x1bnal  \\x1b[2J\n", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(printed(*state, cases[i].source, vd_bytes_of(cases[i].cursor, cases[i].len)),
                            cases[i].shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_and_one_that_is_gone),
        cmocka_unit_test(test_one_of_several_paths),
        cmocka_unit_test(test_the_journal),
        cmocka_unit_test(test_anything_else_is_as_it_is),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, setup, teardown);
}
