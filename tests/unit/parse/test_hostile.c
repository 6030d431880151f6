/* Lines that mean harm or are damaged: every cut, a mebibyte, NUL, invalid UTF-8, and a heap that fails. */
#include "parsed.h"

#include <stdio.h>
#include <stdlib.h>
#include <vedette/memory.h>
#include <vedette/utf8.h>

static const char *const LINES[] = {
    "<38>Dec 10 06:55:46 web1 sshd[7]: Failed password for invalid user x from 192.0.2.7 port 22 ssh2",
    "2024-12-10T06:55:46.123456+01:00 db2 sshd[7]: Connection closed by invalid user x 192.0.2.7 port 22 "
    "[preauth]",
    "<34>1 2024-12-10T06:55:46.5Z db2 a 7 ID47 [x y=\"]\\\"\"][z] \xef\xbb\xbfm",
    "Dec 10 06:55:46 web1 sudo:    alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; "
    "COMMAND=/bin/ls",
    "Dec 10 06:55:46 web1 sshd[3]: pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh "
    "ruser= rhost=h  user=r",
    "Dec 10 06:55:46 web1 sshd[3]: message repeated 5 times: [ PAM 5 more authentication failures; "
    "rhost=192.0.2.7  user=r]",
    "Dec 10 06:55:46 web1 login[9]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
    "Dec 10 06:55:46 web1 useradd[9]: new user: name=bob, UID=1001, GID=1001, home=/home/bob, "
    "shell=/bin/bash",
    "Dec 10 06:55:46 web1 systemd-logind[9]: New session 5 of user root.",
};

/* An exact copy, so that a sanitizer sees the first byte read beyond it. */
static void parse_exact(struct parsed *p, const char *line, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, line, len);
    const Vedette__V1__Event *e = parsed_line(p, vd_bytes_of(copy, len));
    if (e != NULL)
        assert_true(vd_utf8_valid(vd_bytes_str(e->message)));
    free(copy);
}

static void test_every_cut(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        size_t len = strlen(LINES[i]);
        for (size_t cut = 0; cut <= len; cut++) {
            parse_exact(&p, LINES[i], cut);
            parse_exact(&p, LINES[i] + cut, len - cut);
        }
    }
    parsed_deinit(&p);
}

static void test_blank_lines_are_no_events(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    assert_int_equal(vd_parse_line(&p.parse, (struct vd_bytes){0}, 0, &p.out), VD_PARSE_EMPTY);
    assert_int_equal(vd_parse_line(&p.parse, vd_bytes_str(" \t\r\n"), 0, &p.out), VD_PARSE_EMPTY);
    assert_int_equal(vd_buffer_len(&p.out), 0);
    parsed_deinit(&p);
}

static void test_a_mebibyte(void **state)
{
    (void)state;
    size_t len = 1 << 20;
    char *line = malloc(len);
    struct parsed p;
    parsed_init(&p, NULL);
    /* What a greedy match likes least: its literal over and over. */
    int head = snprintf(line, len, "Dec 10 06:55:46 web1 sshd[7]: Failed password for");
    for (size_t i = (size_t)head; i < len; i++)
        line[i] = " from"[(i - (size_t)head) % 5];
    const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(line, len));
    assert_in_range(strlen(e->message), VD_PARSE_MESSAGE_MAX_BYTES - 16, VD_PARSE_MESSAGE_MAX_BYTES);
    assert_in_range(strlen(e->raw_data), VD_PARSE_RAW_MAX_BYTES - 16, VD_PARSE_RAW_MAX_BYTES);
    assert_non_null(strstr(e->raw_data, " […]"));
    assert_string_equal(parsed_unmapped(e, "line.cut"), "true");
    parsed_deinit(&p);
    free(line);
}

static void test_cut_at_a_character(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    char line[3 * VD_PARSE_RAW_MAX_BYTES];
    /* Each start shifts the characters' edges against the caps. */
    for (size_t shift = 0; shift < 4; shift++) {
        memset(line, 'a', shift);
        size_t len = shift;
        for (; len + 4 <= sizeof line; len += 4)
            memcpy(line + len, "\xf0\x9f\x90\x8e", 4);
        const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(line, len));
        assert_true(vd_utf8_valid(vd_bytes_str(e->raw_data)) && vd_utf8_valid(vd_bytes_str(e->message)));
        assert_null(strstr(e->raw_data, "\xef\xbf\xbd"));
        assert_in_range(strlen(e->raw_data), 1, VD_PARSE_RAW_MAX_BYTES);
    }
    parsed_deinit(&p);
}

static void test_at_the_caps(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    char line[VD_PARSE_MESSAGE_MAX_BYTES + 1];
    memset(line, 'x', sizeof line);
    const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(line, VD_PARSE_MESSAGE_MAX_BYTES));
    assert_int_equal(strlen(e->message), VD_PARSE_MESSAGE_MAX_BYTES);
    assert_string_equal(parsed_unmapped(e, "line.cut"), "");
    e = parsed_line(&p, vd_bytes_of(line, sizeof line));
    assert_int_equal(strlen(e->message), VD_PARSE_MESSAGE_MAX_BYTES);
    assert_string_equal(parsed_unmapped(e, "line.cut"), "true");
    assert_int_equal(strlen(e->raw_data), sizeof line);
    parsed_deinit(&p);
}

static void test_nul_and_invalid_utf8(void **state)
{
    (void)state;
    static const char LINE[] =
        "Dec 10 06:55:46 w\xff sshd[7]: Failed password for a\0b\xc3 from 192.0.2.7 port 1 ssh2";
    struct parsed p;
    parsed_init(&p, NULL);
    const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(LINE, sizeof LINE - 1));
    assert_string_equal(e->user->name, "a\xef\xbf\xbd"
                                       "b\xef\xbf\xbd");
    assert_string_equal(e->src_endpoint->ip, "192.0.2.7");
    assert_string_equal(parsed_unmapped(e, "syslog.hostname"), "w\xef\xbf\xbd");
    char garbage[VD_PARSE_RAW_MAX_BYTES];
    memset(garbage, 0xff, sizeof garbage);
    e = parsed_line(&p, vd_bytes_of(garbage, sizeof garbage));
    assert_in_range(strlen(e->raw_data), 1, VD_PARSE_RAW_MAX_BYTES);
    parsed_deinit(&p);
}

static void test_out_of_room(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    vd_buffer_init(&p.out, 32);
    assert_int_equal(vd_parse_line(&p.parse, vd_bytes_str(LINES[0]), PARSED_NOW_MS, &p.out), VD_ELIMIT);
    assert_int_equal(vd_buffer_len(&p.out), 0);
    parsed_deinit(&p);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        struct parsed p;
        parsed_init(&p, NULL);
        vd_memory_fail_at(n);
        int rc = vd_parse_line(&p.parse, vd_bytes_str(LINES[0]), PARSED_NOW_MS, &p.out);
        vd_memory_fail_at(0);
        size_t len = vd_buffer_len(&p.out);
        parsed_deinit(&p);
        if (rc == 0) {
            assert_true(n > 1);
            return;
        }
        assert_int_equal(rc, VD_ENOMEM);
        assert_int_equal(len, 0);
    }
}

/* Names that a peer chose, made to look like what stands around them. */
static void test_forged_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *line, *user, *source; /* NULL: nobody, nowhere */
    } cases[] = {
        {"sshd[7]: Failed password for invalid user x from 203.0.113.9 port 1 ssh2 from 192.0.2.7 port 22 "
         "ssh2",
         "x from 203.0.113.9 port 1 ssh2", "192.0.2.7"},
        {"sshd[7]: Invalid user x from 203.0.113.9 port 1 from 192.0.2.7 port 22",
         "x from 203.0.113.9 port 1", "192.0.2.7"},
        {"sshd[7]: Bad protocol version identification 'x from 203.0.113.9 port 1' from 192.0.2.7 port 22",
         NULL, "192.0.2.7"},
        {"vsftpd[7]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp "
         "ruser=x rhost=203.0.113.9  user=root rhost=192.0.2.7",
         NULL, NULL},
        {"vsftpd[7]: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp "
         "ruser=x rhost=192.0.2.7  user=x",
         "x", "192.0.2.7"},
    };
    struct parsed p;
    parsed_init(&p, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[512];
        snprintf(line, sizeof line, "Dec 10 06:55:46 web1 %s", cases[i].line);
        const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_str(line));
        assert_int_equal(e->class_uid, 3002);
        assert_string_equal(e->user != NULL ? e->user->name : "", cases[i].user != NULL ? cases[i].user : "");
        assert_string_equal(e->src_endpoint != NULL ? e->src_endpoint->ip : "",
                            cases[i].source != NULL ? cases[i].source : "");
    }
    parsed_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_blank_lines_are_no_events),
        cmocka_unit_test(test_a_mebibyte),
        cmocka_unit_test(test_cut_at_a_character),
        cmocka_unit_test(test_at_the_caps),
        cmocka_unit_test(test_nul_and_invalid_utf8),
        cmocka_unit_test(test_forged_addresses),
        cmocka_unit_test(test_out_of_room),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
