/* The line of `vedette tail`: what it shows, and that a hostile event cannot drive the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <vedette/error.h>
#include <vedette/memory.h>

#include "class_names.h"
#include "tail.h"
#include "tail_line.h"

static const struct tail_style PLAIN = {.color = false};

/* 2026-11-22 20:00:00 UTC, and the tests run in UTC. */
enum { LINE_BYTES = 8192 };
static const int64_t EVENING_MS = 1795377600000;

static void write_line(const struct vd_event_view *event, const struct tail_style *style, char *out)
{
    struct vd_buffer buffer;
    vd_buffer_init(&buffer, LINE_BYTES - 1);
    assert_int_equal(tail_line_write(event, style, &buffer), 0);
    struct vd_bytes line = vd_buffer_bytes(&buffer);
    memcpy(out, line.data, line.len);
    out[line.len] = '\0';
    vd_buffer_deinit(&buffer);
}

static struct vd_event_view failed_login(void)
{
    return (struct vd_event_view){
        .class_uid = 3002,
        .status_id = 2,
        .time_ms = EVENING_MS,
        .risk_score = 87,
        .risk_level_id = 3,
        .tenant_uid = vd_bytes_str("acme"),
        .device_hostname = vd_bytes_str("web-1"),
        .user_name = vd_bytes_str("root"),
        .src_ip = vd_bytes_str("203.0.113.9"),
        .process_name = vd_bytes_str("sshd"),
        .message = vd_bytes_str("not shown"),
        .risk_details = vd_bytes_str("47 failed logins in 5 min, expected 0.6"),
        .uid = vd_bytes_str("0b44f5c0a1d84fd8a5ce63d4c9ab1d6e-4711"),
    };
}

/* As a terminal shows it, whoever chose the names in its title. */
static void test_finding(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = {.class_uid = 2004,
                                  .activity_id = 2,
                                  .time_ms = EVENING_MS,
                                  .count = 197,
                                  .risk_score = 100,
                                  .risk_level_id = 4,
                                  .tenant_uid = vd_bytes_str("acme"),
                                  .uid = vd_bytes_str("vedette-finding-00112233445566778899aabbccddeeff-7"),
                                  .finding_uid =
                                      vd_bytes_str("vedette-finding-00112233445566778899aabbccddeeff"),
                                  .message = vd_bytes_str("Many failed logins for \x1b[31mroot on web1"),
                                  .risk_details = vd_bytes_str("47 failed logins in 5 min, expected 0.6")};
    const struct tail_finding finding = {&event, EVENING_MS, EVENING_MS + 199000};
    struct vd_buffer buffer;
    (void)state;
    vd_buffer_init(&buffer, LINE_BYTES - 1);
    assert_int_equal(tail_line_write_finding(&finding, &PLAIN, &buffer), 0);
    struct vd_bytes text = vd_buffer_bytes(&buffer);
    memcpy(line, text.data, text.len);
    line[text.len] = '\0';
    vd_buffer_deinit(&buffer);
    assert_string_equal(line, "goes on 100 Critical acme         11-22 20:00:00 to 20:03:19  197 events  "
                              "Many failed logins for \\x1b[31mroot on web1 | 47 failed logins in 5 min, "
                              "expected 0.6 | finding-00112233\n");
}

static void test_scored_event(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    (void)state;
    write_line(&event, &PLAIN, line);
    assert_string_equal(line,
                        "11-22 20:00:00  87 High     acme/web-1        Authentication   "
                        "failed: root from 203.0.113.9 by sshd | 47 failed logins in 5 min, expected 0.6"
                        " | 0b44f5c0-4711\n");
}

static void test_message_where_nothing_else_is_known(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = {
        .class_uid = 77, .message = vd_bytes_str("something"), .device_uid = vd_bytes_str("h")};
    (void)state;
    write_line(&event, &PLAIN, line);
    assert_non_null(strstr(line, "  0 Info "));
    assert_non_null(strstr(line, "/h "));
    assert_non_null(strstr(line, "class 77 "));
    assert_non_null(strstr(line, " something\n"));
    assert_null(strchr(line, '|'));
}

/* Of a collector or an agent: named for what it is, and of whom it is, if of anybody. */
static void test_a_notice_is_told_by_its_name(void **state)
{
    static const struct {
        const char *code, *tenant, *host, *shown;
        uint64_t sequence;
    } cases[] = {
        {"VOLUME", "acme", "", " acme              Volume           more than usual\n", 0},
        {"SILENCE", "acme", "web-1", " acme/web-1        Silence          more than usual\n", 0},
        {"FORK", "acme", "web-1", " acme/web-1        Fork             more than usual\n", 0},
        {"TAKEOVER", "", "", " -                 Takeover         more than usual\n", 0},
        {"GAP", "acme", "web-1", " acme/web-1        Gap              more than usual\n", 7},
        {"VOLUME", "acme", "web-1", " acme/web-1        Base Event       more than usual\n", 7},
        {"4624", "acme", "web-1", " acme/web-1        Base Event       more than usual\n", 0},
    };
    char line[LINE_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vd_event_view event = {.event_code = vd_bytes_str(cases[i].code),
                                      .tenant_uid = vd_bytes_str(cases[i].tenant),
                                      .device_uid = vd_bytes_str(cases[i].host),
                                      .sequence = cases[i].sequence,
                                      .message = vd_bytes_str("more than usual")};
        write_line(&event, &PLAIN, line);
        assert_non_null(strstr(line, cases[i].shown));
    }
}

static void test_what_is_neither_success_nor_failure_is_told_by_its_message(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    (void)state;
    event.status_id = 0;
    write_line(&event, &PLAIN, line);
    assert_non_null(strstr(line, " not shown | "));
}

static void test_a_process_is_told_by_its_path(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = {.class_uid = 1007,
                                  .activity_id = 1,
                                  .process_path = vd_bytes_str("/usr/bin/id"),
                                  .process_name = vd_bytes_str("id"),
                                  .user_name = vd_bytes_str("anna")};
    (void)state;
    write_line(&event, &PLAIN, line);
    assert_non_null(strstr(line, " started /usr/bin/id by anna\n"));
    event.activity_id = 2;
    write_line(&event, &PLAIN, line);
    assert_non_null(strstr(line, " ended /usr/bin/id by anna\n"));
}

static void test_a_reason_that_does_not_fit_gets_a_line_of_its_own(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    (void)state;
    write_line(&event, &(struct tail_style){.columns = 80}, line);
    assert_string_equal(line,
                        "11-22 20:00:00  87 High     acme/web-1        Authentication   failed: root f...\n"
                        "0b44f5c0-4711      47 failed logins in 5 min, expected 0.6\n");
    event.uid = vd_bytes_str("silence-0123456789abcdef-1795377600");
    write_line(&event, &(struct tail_style){.columns = 80}, line);
    assert_non_null(strstr(line, "\nsilence-01234567-1795377600 47 failed logins in 5 min, expected 0.6\n"));
}

static void test_the_configuration_is_nobodys_reason(void **state)
{
    static const struct {
        const char *details, *shown;
    } cases[] = {
        {"x; criticality low; configuration 5556a0aa", "x; criticality low"},
        {"x; configuration 5556a0a", "x; configuration 5556a0a"},
        {"x; configuration 5556A0AA", "x; configuration 5556A0AA"},
        {"x; configuration 5556a0aa; y", "x; configuration 5556a0aa; y"},
        {"; configuration 5556a0aa", ""},
        {"", ""},
    };
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(
            vd_bytes_equal(tail_line_reason(vd_bytes_str(cases[i].details)), vd_bytes_str(cases[i].shown)));
    event.risk_details = vd_bytes_str(cases[0].details);
    write_line(&event, &PLAIN, line);
    assert_non_null(strstr(line, " | x; criticality low | 0b44f5c0-4711\n"));
    write_line(&event, &(struct tail_style){.whole = true}, line);
    assert_non_null(strstr(line, " | x; criticality low; configuration 5556a0aa | "));
}

/* What nobody asks why about says nothing of it. */
static void test_an_event_without_a_risk_has_no_handle(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    (void)state;
    event.risk_score = 0;
    write_line(&event, &PLAIN, line);
    assert_null(strstr(line, "0b44f5c0"));
}

static void test_color_goes_around_the_score(void **state)
{
    char line[LINE_BYTES];
    struct vd_event_view event = failed_login();
    const struct tail_style color = {.color = true};
    (void)state;
    write_line(&event, &color, line);
    assert_non_null(strstr(line, "\033[1;31m 87 High\033[0m"));
    event.risk_level_id = 99;
    write_line(&event, &color, line);
    assert_non_null(strstr(line, " 87 Other\033[0m"));
}

static void test_hostile_text_is_escaped(void **state)
{
    static const struct {
        const char *hostile, *shown;
    } cases[] = {
        {"\033[2J\033]0;owned\a", "\\x1b[2J\\x1b]0;owned\\x07"}, /* clear the screen, set the title */
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},                         /* forge a line */
        {"\x7f\x08", "\\x7f\\x08"},
        {"\xc2\x9b"
         "31m",
         "\\u{9b}31m"}, /* CSI as one character */
        {"\x9b"
         "31m",
         "\\x9b31m"}, /* and as one bare byte */
        {"\xe2\x80\xae"
         "gpj.exe",
         "\\u{202e}gpj.exe"}, /* right to left */
        {"\xe2\x80\x8bx", "\\u{200b}x"},
        {"\xff\xfe\xc0\x80", "\\xff\\xfe\\xc0\\x80"},
        {"\xe4\xb8", "\\xe4\\xb8"}, /* cut in the middle */
        {"Zo\xc3\xab \xe4\xb8\xad \xf0\x9f\x90\x8e", "Zo\xc3\xab \xe4\xb8\xad \xf0\x9f\x90\x8e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[LINE_BYTES];
        struct vd_event_view event = {.message = vd_bytes_str(cases[i].hostile)};
        write_line(&event, &PLAIN, line);
        assert_non_null(strstr(line, cases[i].shown));
        for (const char *c = line; *c != '\0' && c[1] != '\0'; c++)
            assert_false((unsigned char)*c < ' ' || *c == 0x7f);
    }
}

static void test_every_field_is_escaped(void **state)
{
    char line[LINE_BYTES];
    const struct vd_bytes evil = vd_bytes_of("\033[31m\0", 6);
    struct vd_event_view event = {.risk_score = 1,
                                  .tenant_uid = evil,
                                  .device_hostname = evil,
                                  .user_name = evil,
                                  .src_ip = evil,
                                  .process_name = evil,
                                  .uid = evil,
                                  .risk_details = evil};
    (void)state;
    write_line(&event, &PLAIN, line);
    assert_null(strchr(line, '\033'));
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_non_null(strstr(line, "\\x00"));
}

static void test_width_is_kept(void **state)
{
    char line[LINE_BYTES];
    static char message[10000];
    struct vd_event_view event = {.message = vd_bytes_of(message, sizeof message)};
    (void)state;
    memset(message, 'x', sizeof message);
    for (unsigned columns = 40; columns < 200; columns++) {
        write_line(&event, &(struct tail_style){.columns = columns}, line);
        assert_int_equal(strlen(line), columns + 1);
        assert_string_equal(line + columns - 3, "...\n");
    }
    write_line(&event, &PLAIN, line);
    assert_int_equal(strlen(line), TAIL_COLUMNS_MAX + 1);
    /* Escapes are whole or not there, and wide characters count twice. */
    for (size_t i = 0; i + 2 < sizeof message; i += 3)
        memcpy(message + i, "\xe4\xb8\xad", 3);
    write_line(&event, &(struct tail_style){.columns = 102}, line);
    assert_int_equal(strlen(line), 63 + (102 - 63 - 3) / 2 * 3 + 4);
}

static void test_failure_leaves_the_buffer_alone(void **state)
{
    struct vd_buffer small;
    struct vd_event_view event = failed_login();
    (void)state;
    vd_buffer_init(&small, 40);
    assert_int_equal(vd_buffer_append_str(&small, "before"), 0);
    assert_int_equal(tail_line_write(&event, &PLAIN, &small), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&small), strlen("before"));
    vd_memory_fail_at(1);
    assert_int_equal(tail_line_write(&event, &PLAIN, &small), VD_ENOMEM);
    vd_buffer_deinit(&small);
}

static void test_filter(void **state)
{
    struct vd_event_view event = failed_login();
    (void)state;
    assert_true(tail_filter_matches(&(struct tail_filter){.class_uid = -1}, &event));
    assert_true(tail_filter_matches(&(struct tail_filter){"acme", "web-1", 3002, 87}, &event));
    assert_false(tail_filter_matches(&(struct tail_filter){"acm", NULL, -1, 0}, &event));
    assert_false(tail_filter_matches(&(struct tail_filter){NULL, "web", -1, 0}, &event));
    assert_false(tail_filter_matches(&(struct tail_filter){NULL, NULL, 3001, 0}, &event));
    assert_false(tail_filter_matches(&(struct tail_filter){NULL, NULL, -1, 88}, &event));
}

static void test_class_names(void **state)
{
    (void)state;
    assert_int_equal(class_uid_of("authentication"), 3002);
    assert_int_equal(class_uid_of("process-activity"), 1007);
    assert_int_equal(class_uid_of("Account_Change"), 3001);
    assert_int_equal(class_uid_of("dnsactivity"), 4003);
    assert_int_equal(class_uid_of("4242"), 4242);
    assert_int_equal(class_uid_of(""), -1);
    assert_int_equal(class_uid_of("auth"), -1);
    assert_int_equal(class_uid_of("-1"), -1);
    assert_int_equal(class_uid_of("99999999999999999999"), -1);
    for (unsigned i = 0; class_name_at(i) != NULL; i++)
        assert_string_equal(class_name(class_uid_of(class_name_at(i))), class_name_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_scored_event),
        cmocka_unit_test(test_message_where_nothing_else_is_known),
        cmocka_unit_test(test_a_notice_is_told_by_its_name),
        cmocka_unit_test(test_what_is_neither_success_nor_failure_is_told_by_its_message),
        cmocka_unit_test(test_a_process_is_told_by_its_path),
        cmocka_unit_test(test_a_reason_that_does_not_fit_gets_a_line_of_its_own),
        cmocka_unit_test(test_an_event_without_a_risk_has_no_handle),
        cmocka_unit_test(test_the_configuration_is_nobodys_reason),
        cmocka_unit_test(test_color_goes_around_the_score),
        cmocka_unit_test(test_hostile_text_is_escaped),
        cmocka_unit_test(test_every_field_is_escaped),
        cmocka_unit_test(test_width_is_kept),
        cmocka_unit_test(test_failure_leaves_the_buffer_alone),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_class_names),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
