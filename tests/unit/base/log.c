/* The log: its form, what it escapes, what it cuts, and a destination that is full. */
#include <vedette/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/error.h>

#include "unit.h"

static char line[4096];
static int lines;

static void keep(void *arg, enum vd_log_level level, const char *text, size_t len)
{
    (void)arg;
    (void)level;
    lines++;
    assert_true(len < sizeof line);
    memcpy(line, text, len);
    line[len] = '\0';
}

static int begin(void **state)
{
    (void)state;
    lines = 0;
    vd_log_set_sink(keep, NULL);
    vd_log_set_level(VD_LOG_INFO);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vd_log_set_sink(NULL, NULL);
    return 0;
}

/* The line without its time. */
static const char *rest(void)
{
    static const char form[] = "ts=2026-11-22T20:00:00.123Z ";
    assert_true(strlen(line) > sizeof form);
    assert_memory_equal(line, "ts=", 3);
    return line + sizeof form - 1;
}

static void fields_are_logfmt(void **state)
{
    (void)state;
    vd_log_warn("session refused", VD_F_STR("peer", "a"), VD_F_INT("code", -7),
                VD_F_UINT("bytes", UINT64_MAX), VD_F_FLOAT("share", 0.25), VD_F_ERROR(VD_ETIMEOUT));
    assert_string_equal(rest(),
                        "level=warn msg=\"session refused\" peer=a code=-7 bytes=18446744073709551615 "
                        "share=0.25 error=\"timed out\"\n");
    vd_log_info("plain");
    assert_string_equal(rest(), "level=info msg=plain\n");
}

static void what_a_peer_sent_is_escaped(void **state)
{
    (void)state;
    static const struct {
        struct vd_bytes value;
        const char *shown;
    } cases[] = {
        {{(const uint8_t *)"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{(const uint8_t *)"a b", 3}, "\"a b\""},
        {{(const uint8_t *)"a=b", 3}, "\"a=b\""},
        {{(const uint8_t *)"\"\\", 2}, "\"\\\"\\\\\""},
        {{(const uint8_t *)"x\nlevel=error", 13}, "\"x\\nlevel=error\""},
        {{(const uint8_t *)"\t\r\0\x1b\x7f\x9b", 6}, "\"\\t\\x0d\\x00\\x1b\\x7f\\x9b\""},
        {{(const uint8_t *)"\xc3\xa9", 2}, "\"\\xc3\\xa9\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[256];
        snprintf(wanted, sizeof wanted, "level=info msg=m v=%s\n", cases[i].shown);
        vd_log_info("m", VD_F_BYTES("v", cases[i].value));
        assert_string_equal(rest(), wanted);
    }
}

static void a_long_value_is_cut_and_the_line_ends(void **state)
{
    (void)state;
    static uint8_t long_value[100000];
    memset(long_value, 0x1b, sizeof long_value);
    struct vd_bytes value = vd_bytes_of(long_value, sizeof long_value);
    vd_log_info("m", VD_F_BYTES("v", value));
    assert_true(strlen(line) <= 2048);
    assert_int_equal(line[strlen(line) - 1], '\n');
    memset(long_value, 'a', sizeof long_value);
    vd_log_info("m", VD_F_BYTES("v", value), VD_F_INT("after", 1));
    assert_non_null(strstr(line, "aaa...\" after=1\n"));
}

static void the_level_is_a_threshold(void **state)
{
    (void)state;
    vd_log_debug("m");
    assert_int_equal(lines, 0);
    vd_log_set_level(VD_LOG_ERROR);
    vd_log_warn("m");
    assert_int_equal(lines, 0);
    vd_log_error("m");
    assert_int_equal(lines, 1);
    assert_int_equal(vd_log_level_now(), VD_LOG_ERROR);
}

/* A disk that is full costs the line, and the line is counted. */
static void a_line_that_cannot_be_written_is_counted(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY), kept = dup(STDERR_FILENO);
    if (full < 0)
        skip();
    uint64_t before = vd_log_lost();
    vd_log_set_sink(NULL, NULL);
    assert_int_equal(dup2(full, STDERR_FILENO), STDERR_FILENO);
    vd_log_info("lost");
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    close(full);
    close(kept);
    assert_int_equal(vd_log_lost(), before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_logfmt, begin, end),
        cmocka_unit_test_setup_teardown(what_a_peer_sent_is_escaped, begin, end),
        cmocka_unit_test_setup_teardown(a_long_value_is_cut_and_the_line_ends, begin, end),
        cmocka_unit_test_setup_teardown(the_level_is_a_threshold, begin, end),
        cmocka_unit_test_setup_teardown(a_line_that_cannot_be_written_is_counted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
