/* Tail through everything that happens to a log file. */
#include "pulled.h"

#include <sys/stat.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "tail_cursor.h"

static char *in_folder(struct pulled *p, const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", p->folder, name);
    return path;
}

static void put(struct pulled *p, const char *name, const char *mode, const char *text, size_t len)
{
    FILE *file = fopen(in_folder(p, name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void append(struct pulled *p, const char *name, const char *text)
{
    put(p, name, "a", text, strlen(text));
}

static void rewrite(struct pulled *p, const char *name, const char *text)
{
    put(p, name, "w", text, strlen(text));
}

static void move(struct pulled *p, const char *from, const char *to)
{
    assert_int_equal(rename(in_folder(p, from), in_folder(p, to)), 0);
}

static int try_open(struct pulled *p, const char *pattern, struct tail_config config, struct vd_bytes cursor)
{
    const struct source_host host = pulled_host(p);
    const char *path = in_folder(p, pattern);
    char why[SOURCE_ERROR_BYTES] = "";
    config.paths = &path;
    config.path_count = 1;
    /* The poll is slow on purpose: the tests pull by hand, or wait for inotify. */
    if (config.poll_ms == 0)
        config.poll_ms = 60000;
    int rc = tail_open(&p->source, &host, &config, cursor, why);
    assert_true(rc == 0 ? why[0] == '\0' : p->source == NULL && strstr(why, "tail: ") == why);
    return rc;
}

static void open_at(struct pulled *p, const char *pattern, struct tail_config config)
{
    assert_int_equal(try_open(p, pattern, config, vd_bytes_of(p->cursor, p->cursor_len)), 0);
}

static void on_ready(struct source *s)
{
    struct pulled *p = s->owner;
    p->readies++;
    pulled_all(p);
    if (p->count > 0)
        uv_stop(&p->loop);
}

/* Lets the directory's event arrive, as in the agent. */
static void wait_for_events(struct pulled *p)
{
    p->source->owner = p;
    p->source->ready = on_ready;
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

static void test_follows(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "a\nb\r\n\n");
    open_at(&p, "log", (struct tail_config){0});
    assert_int_equal(pulled_all(&p), SOURCE_IDLE);
    pulled_expect(&p, "a|b");
    append(&p, "log", "c\n");
    wait_for_events(&p);
    pulled_expect(&p, "c");
    assert_int_equal(p.source->counters.events, 3);
    assert_int_equal(p.source->counters.bytes, 8);
    pulled_deinit(&p);
}

static void test_poll_sees_what_inotify_does_not(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    assert_int_equal(mkdir(in_folder(&p, "d1"), 0700), 0);
    append(&p, "d1/log", "a\n");
    open_at(&p, "d?/log", (struct tail_config){.poll_ms = 20});
    pulled_all(&p);
    pulled_forget(&p);
    append(&p, "d1/log", "b\n");
    wait_for_events(&p);
    pulled_expect(&p, "b");
    pulled_deinit(&p);
}

static void test_partial_line_waits(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "a\nhal");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "a");
    append(&p, "log", "f");
    pulled_all(&p);
    pulled_expect(&p, "");
    append(&p, "log", "\nb\n");
    pulled_all(&p);
    pulled_expect(&p, "half|b");
    pulled_deinit(&p);
}

static void test_from_end(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "old\n");
    open_at(&p, "*og", (struct tail_config){.from_end = true});
    pulled_all(&p);
    append(&p, "log", "new\n");
    /* A file that comes up later is new as a whole. */
    append(&p, "blog", "first\n");
    wait_for_events(&p);
    pulled_all(&p);
    pulled_expect(&p, "new|first");
    pulled_deinit(&p);
}

static void test_rotation_by_rename(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "a\n");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    append(&p, "log", "b\n");
    move(&p, "log", "log.1");
    append(&p, "log", "d\n");
    /* The daemon has the old file open still. */
    append(&p, "log.1", "c\n");
    wait_for_events(&p);
    pulled_expect(&p, "a|b|c|d");
    pulled_deinit(&p);
}

static void test_rotated_while_away(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "a\n");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    append(&p, "log", "b\n");
    move(&p, "log", "log.1");
    append(&p, "log.2", "not ours\n");
    append(&p, "log", "c\n");
    open_at(&p, "log", (struct tail_config){.from_end = true});
    pulled_all(&p);
    pulled_expect(&p, "a|b|c");
    pulled_deinit(&p);
}

static void test_truncation(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "first line\nsecond line\n");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    rewrite(&p, "log", "third\n");
    pulled_all(&p);
    pulled_expect(&p, "third");
    pulled_deinit(&p);
}

/* copytruncate, and then as much written as there was before: only the first bytes tell. */
static void test_truncation_and_more(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "1111\n");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_forget(&p);
    append(&p, "log.1", "1111\n");
    rewrite(&p, "log", "2222\n3333\n");
    pulled_all(&p);
    pulled_expect(&p, "2222|3333");
    pulled_deinit(&p);
}

/* The cursor's inode with other first bytes is another file. */
static void test_recreated_in_the_same_inode(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "old one\n");
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_close(&p);
    pulled_forget(&p);
    rewrite(&p, "log", "new one\nnew two\n");
    open_at(&p, "log", (struct tail_config){.from_end = true});
    pulled_all(&p);
    pulled_expect(&p, "new one|new two");
    pulled_deinit(&p);
}

static void test_cursor_at_every_line(void **state)
{
    (void)state;
    for (int stop = 1; stop < 8; stop++) {
        struct pulled p;
        pulled_init(&p);
        append(&p, "a.log", "1\n2\n3\n4\n");
        append(&p, "b.log", "5\n6\n7\n8\n");
        open_at(&p, "*.log", (struct tail_config){0});
        p.room = stop;
        assert_int_equal(pulled_all(&p), SOURCE_FULL);
        pulled_close(&p);
        p.room = PULLED_MAX;
        open_at(&p, "*.log", (struct tail_config){0});
        pulled_all(&p);
        pulled_expect(&p, "1|2|3|4|5|6|7|8");
        pulled_deinit(&p);
    }
}

static void test_full_then_goes_on(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "1\n2\n3\n4\n");
    open_at(&p, "log", (struct tail_config){0});
    for (int i = 0; i < 4; i++) {
        p.room = 1;
        assert_int_equal(pulled_all(&p), i < 3 ? SOURCE_FULL : SOURCE_IDLE);
        assert_int_equal(p.count, i + 1);
    }
    pulled_expect(&p, "1|2|3|4");
    pulled_deinit(&p);
}

static void test_once(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "1\n2");
    open_at(&p, "log", (struct tail_config){.once = true});
    p.room = 1;
    assert_int_equal(pulled_all(&p), SOURCE_FULL);
    p.room = PULLED_MAX;
    assert_int_equal(pulled_all(&p), SOURCE_END);
    pulled_expect(&p, "1|2");
    pulled_deinit(&p);
}

static void test_a_mebibyte_does_no_harm(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    size_t len = 1 << 20;
    char *line = malloc(len);
    memset(line, 'x', len);
    append(&p, "log", "before\n");
    put(&p, "log", "a", line, len);
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    pulled_expect(&p, "before");
    put(&p, "log", "a", line, len);
    append(&p, "log", "\nafter\n");
    pulled_all(&p);
    assert_int_equal(p.count, 2);
    assert_in_range(strlen(p.messages[0]), 4000, 4096);
    assert_string_equal(p.messages[1], "after");
    free(line);
    pulled_deinit(&p);
}

/* Around the line's cap nothing is lost or doubled. */
static void test_lines_at_the_cap(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "123456789\n1234567890\n12345678901\n123456789012\nx\n");
    open_at(&p, "log", (struct tail_config){.line_max_bytes = 10});
    pulled_all(&p);
    pulled_expect(&p, "123456789|1234567890|1234567890|1234567890|x");
    pulled_deinit(&p);
}

static void test_many_lines_over_many_windows(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    char line[1001];
    memset(line, 'y', sizeof line);
    line[1000] = '\n';
    for (int i = 0; i < 300; i++) {
        line[0] = (char)('A' + i % 26);
        put(&p, "log", "a", line, sizeof line);
    }
    open_at(&p, "log", (struct tail_config){0});
    pulled_all(&p);
    assert_int_equal(p.count, 300);
    for (int i = 0; i < p.count; i++)
        assert_true(p.messages[i][0] == 'A' + i % 26 && strlen(p.messages[i]) == 1000);
    pulled_deinit(&p);
}

static void test_more_files_than_a_cursor_holds(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    for (int i = 0; i < TAIL_FILES_MAX + 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%02d.log", i);
        append(&p, name, "x\n");
    }
    open_at(&p, "*.log", (struct tail_config){0});
    pulled_all(&p);
    assert_int_equal(p.count, TAIL_FILES_MAX);
    pulled_deinit(&p);
}

static void test_refused_openings(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    const struct tail_config once = {.once = true};
    assert_int_equal(try_open(&p, "absent", once, (struct vd_bytes){0}), VD_ENOTFOUND);
    assert_int_equal(try_open(&p, ".", (struct tail_config){0}, (struct vd_bytes){0}), VD_EUNSUPPORTED);
    assert_int_equal(try_open(&p, "log", (struct tail_config){0}, vd_bytes_str("junk")), VD_EMALFORMED);
    /* Every truncation of a good cursor, and one that promises too much. */
    uint8_t good[TAIL_CURSOR_MAX_BYTES] = {1, 1}, bad[2] = {1, 200};
    struct tail_cursor cursor;
    assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(good, 2 + TAIL_CURSOR_ENTRY_BYTES)), 0);
    for (size_t len = 1; len < 2 + TAIL_CURSOR_ENTRY_BYTES; len++)
        assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(good, len)), VD_EMALFORMED);
    assert_int_equal(tail_cursor_read(&cursor, vd_bytes_of(bad, 2)), VD_EMALFORMED);
    pulled_deinit(&p);
}

static void test_waits_for_a_file(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    open_at(&p, "log", (struct tail_config){.from_end = true});
    assert_int_equal(pulled_all(&p), SOURCE_IDLE);
    append(&p, "log", "a\n");
    wait_for_events(&p);
    pulled_expect(&p, "a");
    pulled_deinit(&p);
}

static void test_every_allocation_of_opening_fails(void **state)
{
    (void)state;
    struct pulled p;
    pulled_init(&p);
    append(&p, "log", "a\n");
    int rc = VD_ENOMEM;
    for (size_t n = 1; n < 32 && rc != 0; n++) {
        vd_memory_fail_at(n);
        rc = try_open(&p, "log", (struct tail_config){0}, (struct vd_bytes){0});
        vd_memory_fail_at(0);
        assert_true(rc == 0 || rc == VD_ENOMEM);
    }
    assert_int_equal(rc, 0);
    pulled_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows),
        cmocka_unit_test(test_poll_sees_what_inotify_does_not),
        cmocka_unit_test(test_partial_line_waits),
        cmocka_unit_test(test_from_end),
        cmocka_unit_test(test_rotation_by_rename),
        cmocka_unit_test(test_rotated_while_away),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_truncation_and_more),
        cmocka_unit_test(test_recreated_in_the_same_inode),
        cmocka_unit_test(test_cursor_at_every_line),
        cmocka_unit_test(test_full_then_goes_on),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_a_mebibyte_does_no_harm),
        cmocka_unit_test(test_lines_at_the_cap),
        cmocka_unit_test(test_many_lines_over_many_windows),
        cmocka_unit_test(test_more_files_than_a_cursor_holds),
        cmocka_unit_test(test_refused_openings),
        cmocka_unit_test(test_waits_for_a_file),
        cmocka_unit_test(test_every_allocation_of_opening_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
