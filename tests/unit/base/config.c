/* The loader: layers, types, printing, and files that are none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "config_sample.h"
#include "unit.h"

static void defaults_stand_where_the_file_is_silent(void **state)
{
    (void)state;
    const char *const silent[] = {"",          "# nothing\n",  "---\n",         "~",
                                  "listen:\n", "listen: {}\n", "listen: null\n"};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
        struct sample s;
        assert_int_equal(sample_read(&s, silent[i], NULL), 0);
        assert_string_equal(s.name, "sample");
        assert_string_equal(s.listen.address, "127.0.0.1:1");
        assert_int_equal(s.listen.backlog, 128);
        assert_int_equal(s.peers_count, 2);
        assert_int_equal(s.sources_count, 1);
        assert_int_equal(s.sources[0].colour, SAMPLE_GREEN);
        assert_string_equal(s.sources[0].paths[1], "/b");
        vd_config_deinit(&SAMPLE, &s);
    }
}

static void the_file_overrides_key_by_key_and_replaces_lists(void **state)
{
    (void)state;
    struct sample s;
    assert_int_equal(
        sample_read(&s,
                    "listen:\n  backlog: 4096\n  big_bytes: 18446744073709551615\n"
                    "peers:\n  - 'three'\nsources:\n"
                    "  - {colour: red}\n  - {paths: [/x], colour: green}\ncolour: green\nname: ''\n",
                    NULL),
        0);
    assert_string_equal(s.listen.address, "127.0.0.1:1");
    assert_int_equal(s.listen.backlog, 4096);
    assert_true(s.listen.big_bytes == UINT64_MAX);
    assert_int_equal(s.peers_count, 1);
    assert_string_equal(s.peers[0], "three");
    assert_int_equal(s.sources_count, 2);
    assert_int_equal(s.sources[0].paths_count, 0);
    assert_string_equal(s.sources[1].paths[0], "/x");
    assert_int_equal(s.colour, SAMPLE_GREEN);
    assert_string_equal(s.name, "");
    vd_config_deinit(&SAMPLE, &s);
}

static void a_list_may_be_emptied(void **state)
{
    (void)state;
    struct sample s;
    assert_int_equal(sample_read(&s, "peers: []\nsources:\n#  - colour: red\n", NULL), 0);
    assert_int_equal(s.peers_count, 0);
    assert_int_equal(s.sources_count, 0);
    vd_config_deinit(&SAMPLE, &s);
}

static char last_line[1024];

static void keep_line(void *arg, enum vd_log_level level, const char *line, size_t len)
{
    (void)arg;
    (void)level;
    snprintf(last_line, sizeof last_line, "%.*s", (int)len, line);
}

static void the_environment_overrides_the_file(void **state)
{
    (void)state;
    char *environment[] = {"PATH=/bin",
                           "VEDETTE_LISTEN_BACKLOG=7",
                           "VEDETTE_LISTEN_BIG_BYTES=8",
                           "VEDETTE_PEERS=x,y,z",
                           "VEDETTE_COLOUR=green",
                           "VEDETTE_NAME=",
                           "XVEDETTE_NAME=no",
                           "VEDETTE",
                           NULL};
    struct sample s;
    last_line[0] = '\0';
    vd_log_set_sink(keep_line, NULL);
    assert_int_equal(sample_read(&s, "name: file\nlisten: {backlog: 3}\npeers: [file]\n", environment), 0);
    vd_log_set_sink(NULL, NULL);
    assert_int_equal(s.listen.backlog, 7);
    assert_int_equal(s.listen.big_bytes, 8);
    assert_int_equal(s.peers_count, 3);
    assert_string_equal(s.peers[2], "z");
    assert_int_equal(s.colour, SAMPLE_GREEN);
    assert_string_equal(s.name, "");
    assert_string_equal(last_line, "");
    vd_config_deinit(&SAMPLE, &s);
}

static void an_unknown_variable_is_a_warning(void **state)
{
    (void)state;
    const char *const unknown[] = {"VEDETTE_LISTEN_ADRESS=a", "VEDETTE_LISTEN=a",
                                   "VEDETTE_SOURCES=a",       "VEDETTE_=a",
                                   "VEDETTE_LISTENADDRESS=a", "VEDETTE_name=a"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char *environment[] = {(char *)unknown[i], NULL};
        struct sample s;
        last_line[0] = '\0';
        vd_log_set_sink(keep_line, NULL);
        assert_int_equal(sample_read(&s, "", environment), 0);
        vd_log_set_sink(NULL, NULL);
        assert_non_null(strstr(last_line, "level=warn"));
        char *name = strndup(unknown[i], strcspn(unknown[i], "="));
        assert_non_null(strstr(last_line, name));
        free(name);
        vd_config_deinit(&SAMPLE, &s);
    }
}

static void what_is_printed_loads_to_the_same(void **state)
{
    (void)state;
    struct sample s, again;
    struct vd_buffer first, second;
    vd_buffer_init(&first, 65536);
    vd_buffer_init(&second, 65536);
    assert_int_equal(
        sample_read(&s,
                    "name: \"a\\\"\\\\\\n\\x01\\N\\u00e9\"\npeers: ['null', '~', 'true', \"12\"]\n"
                    "sources: [{colour: red, paths: [/p]}, {colour: green}]\n",
                    NULL),
        0);
    assert_int_equal(vd_config_print(&SAMPLE, &s, &first), 0);
    assert_int_equal(sample_read_bytes(&again, vd_buffer_bytes(&first), NULL), 0);
    assert_int_equal(vd_config_print(&SAMPLE, &again, &second), 0);
    assert_true(vd_bytes_equal(vd_buffer_bytes(&first), vd_buffer_bytes(&second)));
    assert_string_equal(again.name, "a\"\\\n\x01\xc2\x85\xc3\xa9");
    assert_string_equal(again.peers[1], "~");
    vd_config_deinit(&SAMPLE, &s);
    vd_config_deinit(&SAMPLE, &again);
    vd_buffer_deinit(&first);
    vd_buffer_deinit(&second);
}

static void printing_stops_at_the_buffers_limit(void **state)
{
    (void)state;
    struct sample s;
    assert_int_equal(sample_read(&s, "", NULL), 0);
    struct vd_buffer out;
    vd_buffer_init(&out, 65536);
    assert_int_equal(vd_config_print(&SAMPLE, &s, &out), 0);
    size_t whole = vd_buffer_len(&out);
    vd_buffer_deinit(&out);
    for (size_t limit = 0; limit < whole; limit++) {
        vd_buffer_init(&out, limit);
        assert_int_equal(vd_config_print(&SAMPLE, &s, &out), VD_ELIMIT);
        vd_buffer_deinit(&out);
    }
    vd_config_deinit(&SAMPLE, &s);
}

/* ---- Files */

static char folder[] = "/tmp/vedette-config-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text, size_t repeat)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    for (size_t i = 0; i < repeat; i++)
        assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int load(const char *path, char *error)
{
    struct sample s;
    int rc = vd_config_load(&SAMPLE, path, NULL, &s, error);
    vd_config_deinit(&SAMPLE, &s);
    return rc;
}

static void a_file_is_read(void **state)
{
    (void)state;
    char error[VD_CONFIG_ERROR_BYTES];
    struct sample s;
    write_file("good", "name: file\n", 1);
    assert_int_equal(vd_config_load(&SAMPLE, in_folder("good"), NULL, &s, error), 0);
    assert_string_equal(s.name, "file");
    vd_config_deinit(&SAMPLE, &s);
    assert_int_equal(load(NULL, error), 0);
}

static void what_is_no_such_file_is_refused(void **state)
{
    (void)state;
    char error[VD_CONFIG_ERROR_BYTES];
    assert_int_equal(load(in_folder("absent"), error), VD_ENOTFOUND);
    assert_non_null(strstr(error, "absent: No such file"));
    assert_int_equal(load(folder, error), VD_ECONFIG);
    assert_non_null(strstr(error, "is not a regular file"));
    assert_int_equal(load("/dev/zero", error), VD_ECONFIG);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(load(in_folder("pipe"), error), VD_ECONFIG);
    assert_non_null(strstr(error, "is not a regular file"));
}

static void the_size_of_a_file_is_capped(void **state)
{
    (void)state;
    char error[VD_CONFIG_ERROR_BYTES];
    const size_t line = strlen("#23456789012345\n");
    write_file("full", "#23456789012345\n", VD_CONFIG_FILE_MAX_BYTES / line);
    assert_int_equal(load(in_folder("full"), error), 0);
    write_file("over", "#23456789012345\n", VD_CONFIG_FILE_MAX_BYTES / line + 1);
    assert_int_equal(load(in_folder("over"), error), VD_ECONFIG);
    assert_non_null(strstr(error, "over: is larger than 1 MiB"));
}

/* What another program has in the same file. */
static void what_is_elsewhere_is_passed_over(void **state)
{
    (void)state;
    struct part {
        uint32_t mine;
    } part;
    static const struct vd_config_key keys[] = {VD_CONFIG_KEY_NUMBER(part, mine, 1, 100),
                                                VD_CONFIG_KEY_ELSEWHERE(a), VD_CONFIG_KEY_ELSEWHERE(b),
                                                VD_CONFIG_KEY_ELSEWHERE(c), VD_CONFIG_KEY_END};
    static const struct vd_config_schema schema = {
        .keys = keys, .size = sizeof part, .defaults = "a: 1\nb: [1, {x: y}]\nmine: 7\n"};
    static const char *const wrong[] = {"a: [1\nmine: 9\n", "a: &x 1\n", "a: {b: [*x]}\n",
                                        "a: 1\na: 2\n",     "d: 1\n",    "a: !!str 1\n"};
    char error[VD_CONFIG_ERROR_BYTES];
    static const char yaml[] = "a: text\nb:\n  - x: {y: [[], {}]}\n    z:\n  - 2\nmine: 9\nc:\n";
    assert_int_equal(vd_config_read(&schema, "part", vd_bytes_str(yaml), NULL, &part, error), 0);
    assert_int_equal(part.mine, 9);
    vd_config_deinit(&schema, &part);
    assert_int_equal(vd_config_read(&schema, "part", vd_bytes_str("a: {}\n"), NULL, &part, error), 0);
    assert_int_equal(part.mine, 7);
    vd_config_deinit(&schema, &part);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(vd_config_read(&schema, "part", vd_bytes_str(wrong[i]), NULL, &part, error),
                         VD_ECONFIG);
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    int rc = VD_ENOMEM;
    for (size_t n = 1; rc != 0; n++) {
        struct sample s;
        vd_memory_fail_at(n);
        rc = sample_read(&s, "name: x\nsources: [{colour: red, paths: [/a, /b]}]\n", NULL);
        vd_memory_fail_at(0);
        assert_true(rc == 0 || rc == VD_ENOMEM);
        if (rc != 0) {
            assert_non_null(strstr(sample_error(), "out of memory"));
            assert_null(s.name);
        }
        vd_config_deinit(&SAMPLE, &s);
        assert_true(n < 100);
    }
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *const names[] = {"good", "pipe", "full", "over"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_stand_where_the_file_is_silent),
        cmocka_unit_test(the_file_overrides_key_by_key_and_replaces_lists),
        cmocka_unit_test(a_list_may_be_emptied),
        cmocka_unit_test(the_environment_overrides_the_file),
        cmocka_unit_test(an_unknown_variable_is_a_warning),
        cmocka_unit_test(what_is_printed_loads_to_the_same),
        cmocka_unit_test(printing_stops_at_the_buffers_limit),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(what_is_no_such_file_is_refused),
        cmocka_unit_test(the_size_of_a_file_is_capped),
        cmocka_unit_test(what_is_elsewhere_is_passed_over),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
