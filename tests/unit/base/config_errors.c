/* What the loader refuses, and the one line it says about it. */
#include <stdio.h>
#include <stdlib.h>
#include <vedette/error.h>

#include "config_sample.h"
#include "unit.h"

struct mistake {
    const char *yaml, *error;
};

static const struct mistake MISTAKES[] = {
    {"adress: b\n", "f.yaml:1:1: unknown key 'adress'; allowed: name, listen, peers, sources, colour"},
    {"listen:\n  address: \"a:1\" # here\n  adress: b\n",
     "f.yaml:3:3: unknown key 'adress' in listen; allowed: address, backlog, big_bytes"},
    {"sources:\n- colour: red\n- colour: red\n  path: /x\n",
     "f.yaml:4:3: unknown key 'path' in sources[1]; allowed: colour, paths"},
    {"name: a\nname: b\n", "f.yaml:2:1: name: is here a second time"},
    {"listen: {<<: {backlog: 3}}\n",
     "f.yaml:1:10: unknown key '<<' in listen; allowed: address, backlog, big_bytes"},
    {"listen:\n  backlog: 0\n", "f.yaml:2:12: listen.backlog: expected a number from 1 to 4096, not '0'"},
    {"listen:\n  backlog: 4097\n",
     "f.yaml:2:12: listen.backlog: expected a number from 1 to 4096, not '4097'"},
    {"listen:\n  backlog:\n", "f.yaml:2:11: listen.backlog: expected a number from 1 to 4096, not ''"},
    {"listen: {backlog: -1}", "f.yaml:1:19: listen.backlog: expected a number from 1 to 4096, not '-1'"},
    {"listen: {backlog: 1e3}", "f.yaml:1:19: listen.backlog: expected a number from 1 to 4096, not '1e3'"},
    {"listen: {backlog: [1]}", "f.yaml:1:19: listen.backlog: expected a number"},
    {"listen: {big_bytes: 18446744073709551616}", "f.yaml:1:21: listen.big_bytes: expected a number from 0 "
                                                  "to 18446744073709551615, not '18446744073709551616'"},
    {"colour: blue\n", "f.yaml:1:9: colour: expected one of red, green, not 'blue'"},
    {"colour: Red\n", "f.yaml:1:9: colour: expected one of red, green, not 'Red'"},
    {"colour: 0\n", "f.yaml:1:9: colour: expected one of red, green, not '0'"},
    {"name: 12345678901\n", "f.yaml:1:7: name: must not be longer than 10 bytes"},
    {"name: [a]\n", "f.yaml:1:7: name: expected a text"},
    {"name: {a: b}\n", "f.yaml:1:7: name: expected a text"},
    {"name: \"a\\0b\"\n", "f.yaml:1:7: name: must not hold a NUL byte"},
    {"name: forbidden\n", "f.yaml: name: not this one"},
    {"peers: one\n", "f.yaml:1:8: peers: expected a list"},
    {"peers: [one, '']\n", "f.yaml:1:14: peers[1]: must not be empty"},
    {"peers:\n  - [one]\n", "f.yaml:2:5: peers[0]: expected a text"},
    {"listen: {address: nowhere}\n", "f.yaml:1:19: listen.address: must be host:port, not 'nowhere'"},
    {"listen: 3\n", "f.yaml:1:9: listen: expected keys and values"},
    {"listen:\n - a: b\n", "f.yaml:2:2: listen: expected keys and values"},
    {"sources: [red]\n", "f.yaml:1:11: sources[0]: expected keys and values"},
    {"sources: [{colour: red}, {paths: []}]\n", "f.yaml:1:26: sources[1]: lacks the key 'colour'"},
    {"sources: [{colour: red, paths: [/a, b]}]\n",
     "f.yaml:1:37: sources[0].paths[1]: must be an absolute path, not 'b'"},
    {"sources: [{colour: red}, {colour: red}, {colour: red}, {colour: red}]\n",
     "f.yaml:1:56: sources[3]: has more than the 3 entries allowed"},
    {"foo", "f.yaml:1:1: expected keys and values"},
    {"[]", "f.yaml:1:1: expected keys and values"},
    {"name: a\n---\nname: b\n", "f.yaml:2:1: a second document is not allowed"},
    {"? [a, b]\n: c\n", "f.yaml:1:3: expected the name of a key"},
    {"listen: {? {a: b} : c}\n", "f.yaml:1:12: listen: expected the name of a key"},
    {"name: &x a\n", "f.yaml:1:7: anchors and aliases are not allowed"},
    {"name: *x\n", "f.yaml:1:7: anchors and aliases are not allowed"},
    {"peers: &x [a, *x]\n", "f.yaml:1:8: anchors and aliases are not allowed"},
    {"name: !!int 3\n", "f.yaml:1:7: tags are not allowed"},
    {"listen: !x {}\n", "f.yaml:1:9: tags are not allowed"},
    {"listen:\n\tbacklog: 1\n", "f.yaml:2:1: found character that cannot start any token"},
    {"name: \"abc\n", "f.yaml:2:1: found unexpected end of stream"},
    {"peers: [a, , b]\n", "f.yaml:1:12: did not find expected node content"},
    {"\"ad\\n\\x1b[31m\\u202e\": 1\n", "f.yaml:1:1: unknown key 'ad??[31m??"
                                       "?'; allowed: name, listen, peers, sources, colour"},
};

static void each_mistake_has_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
        struct sample s;
        assert_int_equal(sample_read(&s, MISTAKES[i].yaml, NULL), VD_ECONFIG);
        assert_string_equal(sample_error(), MISTAKES[i].error);
        assert_null(s.name);
        assert_null(s.sources);
        assert_int_equal(s.sources_count, 0);
    }
}

struct bytes_mistake {
    const char *bytes;
    size_t len;
    const char *begin;
};

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct bytes_mistake mistakes[] = {
        {"name: a\nna\0me: b", 16, "f.yaml:2:3: "},
        {"name: \xff\n", 8, "f.yaml:1:7: "},
        {"# \xc3(\n", 5, "f.yaml:1:4: "},
        {"name: a\n# \x1b[2J\n", 15, "f.yaml:2:3: "},
        {"\xff\xfen\0a\0m\0e\0", 10, "f.yaml:1:1: "},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct sample s;
        assert_int_equal(sample_read_bytes(&s, vd_bytes_of(mistakes[i].bytes, mistakes[i].len), NULL),
                         VD_ECONFIG);
        assert_memory_equal(sample_error(), mistakes[i].begin, strlen(mistakes[i].begin));
    }
}

static void a_byte_order_mark_is_no_mistake(void **state)
{
    (void)state;
    struct sample s;
    assert_int_equal(sample_read(&s, "\xef\xbb\xbfname: bom\r\ncolour: green\r\n", NULL), 0);
    assert_string_equal(s.name, "bom");
    assert_int_equal(s.colour, SAMPLE_GREEN);
    vd_config_deinit(&SAMPLE, &s);
}

/* A file of open brackets: refused at the first one that the table does not know. */
static void depth_is_refused_early(void **state)
{
    (void)state;
    static const char *const openings[] = {"[", "{", "- ", "? ", "{a: ", "listen: {", "peers: ["};
    size_t len = 512 * 1024;
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t step = strlen(openings[i]), at = 0;
        for (; at + step <= len; at += step)
            memcpy(text + at, openings[i], step);
        struct sample s;
        assert_int_equal(sample_read_bytes(&s, vd_bytes_of(text, at), NULL), VD_ECONFIG);
    }
    free(text);
}

static void a_long_list_is_refused(void **state)
{
    (void)state;
    struct vd_buffer text;
    struct sample s;
    vd_buffer_init(&text, 1024 * 1024);
    assert_int_equal(vd_buffer_append_str(&text, "peers:\n"), 0);
    for (int i = 0; i < VD_CONFIG_ENTRIES_MAX; i++)
        assert_int_equal(vd_buffer_append_str(&text, "- x\n"), 0);
    assert_int_equal(sample_read_bytes(&s, vd_buffer_bytes(&text), NULL), 0);
    assert_int_equal(s.peers_count, VD_CONFIG_ENTRIES_MAX);
    vd_config_deinit(&SAMPLE, &s);
    assert_int_equal(vd_buffer_append_str(&text, "- x\n"), 0);
    assert_int_equal(sample_read_bytes(&s, vd_buffer_bytes(&text), NULL), VD_ECONFIG);
    assert_string_equal(sample_error(), "f.yaml:1026:3: peers[1024]: has more than the 1024 entries allowed");
    vd_buffer_deinit(&text);
}

static void a_bad_variable_is_named(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"VEDETTE_LISTEN_BACKLOG=many",
         "VEDETTE_LISTEN_BACKLOG: expected a number from 1 to 4096, not 'many'"},
        {"VEDETTE_COLOUR=", "VEDETTE_COLOUR: expected one of red, green, not ''"},
        {"VEDETTE_NAME=\xff", "VEDETTE_NAME: must be UTF-8"},
        {"VEDETTE_PEERS=a,,b", "VEDETTE_PEERS: must not be empty"},
        {"VEDETTE_LISTEN_ADDRESS=x:70000",
         "VEDETTE_LISTEN_ADDRESS: must be host:port with a port from 0 to 65535, not 'x:70000'"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char *environment[] = {(char *)mistakes[i].yaml, NULL};
        struct sample s;
        assert_int_equal(sample_read(&s, "", environment), VD_ECONFIG);
        assert_string_equal(sample_error(), mistakes[i].error);
    }
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"a:1", "0.0.0.0:0", "192.0.2.1:65535", "[::]:7170",
                                       "[2001:db8::1]:7170"};
    static const char *const bad[] = {"",      "a",    ":1",    "a:",    "a:x",     "a:65536", "a:123456",
                                      "::1:1", "[]:1", "[::1]", "a b:1", "a:1,b:2", "a:-1",    "http://a:1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(vd_config_host_port_complaint(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(vd_config_host_port_complaint(bad[i]));
    assert_null(vd_config_property_complaint("linger.ms=5"));
    assert_null(vd_config_property_complaint("client.rack="));
    assert_non_null(vd_config_property_complaint("=5"));
    assert_non_null(vd_config_property_complaint("linger.ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_line),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_byte_order_mark_is_no_mistake),
        cmocka_unit_test(depth_is_refused_early),
        cmocka_unit_test(a_long_list_is_refused),
        cmocka_unit_test(a_bad_variable_is_named),
        cmocka_unit_test(addresses_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
