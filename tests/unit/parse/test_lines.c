/* What lines of each program become: class, activity, status, severity, who, from where. */
#include "parsed.h"

#include <stdio.h>

struct line_case {
    const char *text; /* after the host's name */
    struct {
        int class_uid, activity_id, status_id, severity_id;
    } is;
    const char *user, *source, *detail, *actor, *group; /* NULL: none */
    int port, count;
};

static const struct line_case SSHD[] = {
    {"sshd[1]: Accepted password for alice from 192.0.2.7 port 4242 ssh2",
     {3002, 1, 1, 1},
     .user = "alice",
     .source = "192.0.2.7",
     .port = 4242},
    {"sshd[1]: Accepted publickey for bob from 2001:db8::7 port 1 ssh2: ED25519 SHA256:abc",
     {3002, 1, 1, 1},
     .user = "bob",
     .source = "2001:db8::7",
     .port = 1},
    {"sshd-session[1]: Accepted publickey for bob from 192.0.2.7 port 1 ssh2",
     {3002, 1, 1, 1},
     .user = "bob",
     .source = "192.0.2.7",
     .port = 1},
    {"sshd[2]: Failed password for root from 192.0.2.7 port 4242 ssh2",
     {3002, 1, 2, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "credentials refused",
     .port = 4242},
    {"sshd[2]: Failed password for invalid user admin from 192.0.2.7 port 4242 ssh2",
     {3002, 1, 2, 2},
     .user = "admin",
     .source = "192.0.2.7",
     .detail = "invalid user",
     .port = 4242},
    {"sshd[2]: Failed keyboard-interactive/pam for root from 192.0.2.7 port 1 ssh2",
     {3002, 1, 2, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "credentials refused",
     .port = 1},
    {"sshd[2]: Failed none for invalid user a from 192.0.2.7 port 1 ssh2",
     {3002, 99, 0, 2},
     .user = "a",
     .source = "192.0.2.7",
     .detail = "no credentials offered, invalid user",
     .port = 1},
    {"sshd[2]: message repeated 5 times: [ Failed password for root from 192.0.2.7 port 4 ssh2]",
     {3002, 1, 2, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "credentials refused",
     .port = 4,
     .count = 5},
    {"sshd[3]: Invalid user webmaster from 192.0.2.7",
     {3002, 99, 0, 2},
     .user = "webmaster",
     .source = "192.0.2.7",
     .detail = "invalid user"},
    {"sshd[3]: Invalid user  from 192.0.2.7 port 5",
     {3002, 99, 0, 2},
     .source = "192.0.2.7",
     .detail = "invalid user",
     .port = 5},
    {"sshd[3]: input_userauth_request: invalid user webmaster [preauth]",
     {3002, 99, 0, 2},
     .user = "webmaster",
     .detail = "invalid user"},
    {"sshd[3]: pam_unix(sshd:auth): check pass; user unknown", {3002, 99, 0, 2}, .detail = "user unknown"},
    {"sshd[3]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
     "rhost=192.0.2.7  user=root",
     {3002, 99, 0, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "authentication failure"},
    {"sshd[3]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
     "rhost=192.0.2.7 ",
     {3002, 99, 0, 2},
     .source = "192.0.2.7",
     .detail = "authentication failure"},
    {"sshd[3]: PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  "
     "user=root",
     {3002, 99, 0, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "more authentication failures"},
    {"sshd[3]: error: maximum authentication attempts exceeded for root from 192.0.2.7 port 1 ssh2 [preauth]",
     {3002, 99, 0, 3},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "maximum authentication attempts exceeded",
     .port = 1},
    {"sshd[3]: Disconnecting: Too many authentication failures for root [preauth]",
     {3002, 99, 0, 3},
     .user = "root",
     .detail = "too many authentication failures"},
    {"sshd[3]: Received disconnect from 192.0.2.7: 11: Bye Bye [preauth]",
     {3002, 99, 0, 1},
     .source = "192.0.2.7",
     .detail = "Bye Bye"},
    {"sshd[3]: Received disconnect from 192.0.2.7 port 22:11: disconnected by user",
     {3002, 99, 0, 1},
     .source = "192.0.2.7",
     .detail = "disconnected by user",
     .port = 22},
    {"sshd[3]: Disconnected from user alice 192.0.2.7 port 22",
     {3002, 99, 0, 1},
     .user = "alice",
     .source = "192.0.2.7",
     .detail = "disconnected",
     .port = 22},
    {"sshd[3]: Connection closed by 192.0.2.7 [preauth]",
     {3002, 99, 0, 1},
     .source = "192.0.2.7",
     .detail = "connection closed"},
    {"sshd[3]: Did not receive identification string from 192.0.2.7",
     {3002, 99, 0, 2},
     .source = "192.0.2.7",
     .detail = "no identification"},
    {"sshd[3]: reverse mapping checking getaddrinfo for host.example [192.0.2.7] failed - POSSIBLE BREAK-IN "
     "ATTEMPT!",
     {3002, 99, 0, 3},
     .source = "192.0.2.7",
     .detail = "reverse mapping failed"},
    {"sshd[3]: User root from 192.0.2.7 not allowed because not listed in AllowUsers",
     {3002, 99, 0, 2},
     .user = "root",
     .source = "192.0.2.7",
     .detail = "not listed in AllowUsers"},
    {"sshd[3]: pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)",
     {3002, 99, 0, 1},
     .user = "alice",
     .detail = "session opened"},
    {"sshd[3]: pam_unix(sshd:session): session closed for user alice",
     {3002, 2, 1, 1},
     .user = "alice",
     .detail = "session closed"},
    {"sshd[3]: Server listening on 0.0.0.0 port 22.", {0, 0, 0, 1}, .user = NULL},
    /* A name that a peer made up to look like another source. */
    {"sshd[3]: Failed password for invalid user x from 198.51.100.9 port 1 ssh2 from 192.0.2.7 port 2 ssh2",
     {3002, 1, 2, 2},
     .user = "x from 198.51.100.9 port 1 ssh2",
     .source = "192.0.2.7",
     .detail = "invalid user",
     .port = 2},
    {"sshd[3]: Failed password for invalid user a b from 192.0.2.7 port 2 ssh2",
     {3002, 1, 2, 2},
     .user = "a b",
     .source = "192.0.2.7",
     .detail = "invalid user",
     .port = 2},
};

static const struct line_case LOGIN[] = {
    {"su: (to root) alice on pts/0", {3002, 1, 1, 1}, .user = "root", .actor = "alice"},
    {"su[9]: FAILED SU (to root) alice on pts/0",
     {3002, 1, 2, 2},
     .user = "root",
     .detail = "credentials refused",
     .actor = "alice"},
    {"su[9]: pam_unix(su:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/0 "
     "ruser=alice rhost=  user=root",
     {3002, 99, 0, 2},
     .user = "root",
     .detail = "authentication failure",
     .actor = "alice"},
    {"su[9]: Successful su for root by alice", {3002, 1, 1, 1}, .user = "root", .actor = "alice"},
    {"login[9]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
     {3002, 1, 2, 2},
     .user = "root",
     .detail = "Authentication failure"},
    {"login[9]: LOGIN ON tty1 BY alice", {3002, 1, 1, 1}, .user = "alice"},
    {"login[9]: ROOT LOGIN ON tty1", {3002, 1, 1, 1}, .user = "root", .detail = "root login"},
    {"login[9]: TOO MANY LOGIN TRIES (5) on '/dev/tty1' FOR 'root'",
     {3002, 99, 0, 3},
     .user = "root",
     .detail = "too many login tries"},
    {"CRON[9]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
     {3002, 1, 1, 1},
     .user = "root",
     .detail = "session opened"},
    {"CRON[9]: pam_unix(cron:session): session opened for user root by (uid=0)",
     {3002, 1, 1, 1},
     .user = "root",
     .detail = "session opened"},
    {"CRON[9]: pam_unix(cron:session): session closed for user root",
     {3002, 2, 1, 1},
     .user = "root",
     .detail = "session closed"},
    {"CRON[9]: (root) CMD (run-parts /etc/cron.hourly)", {0, 0, 0, 1}, .user = NULL},
    {"vsftpd: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=bob "
     "rhost=192.0.2.7  user=bob",
     {3002, 1, 2, 2},
     .user = "bob",
     .source = "192.0.2.7",
     .detail = "authentication failure",
     .actor = "bob"},
    {"systemd-logind[9]: New session 5 of user root.",
     {3002, 99, 0, 1},
     .user = "root",
     .detail = "session opened"},
    {"systemd-logind[9]: Removed session 5.", {3002, 99, 0, 1}, .detail = "session removed"},
    {"sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls ; rm",
     {3003, 1, 1, 1},
     .user = "alice",
     .actor = "alice"},
    {"sudo:    alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
     {3003, 1, 2, 3},
     .user = "alice",
     .detail = "user not in sudoers",
     .actor = "alice"},
    {"sudo:    alice : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
     {3003, 1, 2, 3},
     .user = "alice",
     .detail = "command not allowed",
     .actor = "alice"},
    {"sudo:    alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
     {3002, 1, 2, 2},
     .user = "alice",
     .detail = "incorrect password",
     .actor = "alice",
     .count = 3},
    {"sudo: pam_unix(sudo:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/0 "
     "ruser=alice rhost=  user=alice",
     {3002, 99, 0, 2},
     .user = "alice",
     .detail = "authentication failure",
     .actor = "alice"},
    {"sudo: pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
     {3002, 99, 0, 1},
     .user = "root",
     .detail = "session opened",
     .actor = "alice"},
    {"sudo: no colons here", {0, 0, 0, 1}, .user = NULL},
};

static const struct line_case ACCOUNT[] = {
    {"useradd[9]: new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/0",
     {3001, 1, 1, 2},
     .user = "bob"},
    {"useradd[9]: failed adding user 'bob', exit code: 9",
     {3001, 1, 2, 2},
     .user = "bob",
     .detail = "exit code: 9"},
    {"useradd[9]: new group: name=bob, GID=1001", {3006, 6, 1, 1}, .group = "bob"},
    {"userdel[9]: delete user 'bob'", {3001, 6, 1, 2}, .user = "bob"},
    {"userdel[9]: removed group 'bob' owned by 'bob'", {3006, 5, 1, 1}, .user = "bob", .group = "bob"},
    {"usermod[9]: add 'bob' to group 'sudo'", {3006, 3, 1, 2}, .user = "bob", .group = "sudo"},
    {"usermod[9]: add 'bob' to shadow group 'sudo'", {0, 0, 0, 1}, .user = NULL},
    {"usermod[9]: lock user 'bob' password", {3001, 9, 1, 2}, .user = "bob"},
    {"usermod[9]: unlock user 'bob' password", {3001, 12, 1, 2}, .user = "bob"},
    {"usermod[9]: change user 'bob' shell from '/bin/sh' to '/bin/bash'",
     {3001, 99, 1, 1},
     .user = "bob",
     .detail = "shell from '/bin/sh' to '/bin/bash'"},
    {"passwd[9]: pam_unix(passwd:chauthtok): password changed for bob", {3001, 3, 1, 2}, .user = "bob"},
    {"passwd[9]: password for 'bob' changed by 'root'", {3001, 3, 1, 2}, .user = "bob", .actor = "root"},
    {"chage[9]: changed password expiry for bob",
     {3001, 99, 1, 1},
     .user = "bob",
     .detail = "password expiry changed"},
    {"groupadd[9]: new group: name=ops, GID=1002", {3006, 6, 1, 1}, .group = "ops"},
    {"groupdel[9]: group 'ops' removed", {3006, 5, 1, 1}, .group = "ops"},
    {"gpasswd[9]: user bob added by root to group sudo",
     {3006, 3, 1, 2},
     .user = "bob",
     .actor = "root",
     .group = "sudo"},
    {"gpasswd[9]: user bob removed by root from group sudo",
     {3006, 4, 1, 1},
     .user = "bob",
     .actor = "root",
     .group = "sudo"},
    {"sshd[9]: pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked",
     {3001, 9, 1, 2},
     .user = "bob",
     .detail = "temporarily locked"},
};

static void expect_text(const char *line, const char *what, const char *got, const char *wanted)
{
    if (strcmp(got == NULL ? "" : got, wanted == NULL ? "" : wanted) != 0)
        fail_msg("%s\n  %s: \"%s\", expected \"%s\"", line, what, got, wanted);
}

static void expect_number(const char *line, const char *what, int got, int wanted)
{
    if (got != wanted)
        fail_msg("%s\n  %s: %d, expected %d", line, what, got, wanted);
}

static void expect(const struct line_case *c, const Vedette__V1__Event *e)
{
    const char *line = c->text;
    expect_number(line, "class_uid", e->class_uid, c->is.class_uid);
    expect_number(line, "activity_id", e->activity_id, c->is.activity_id);
    expect_number(line, "status_id", e->status_id, c->is.status_id);
    expect_number(line, "severity_id", e->severity_id, c->is.severity_id);
    expect_number(line, "count", e->count, c->count);
    expect_number(line, "src_endpoint.port", e->src_endpoint == NULL ? 0 : e->src_endpoint->port, c->port);
    expect_text(line, "user.name", e->user == NULL ? NULL : e->user->name, c->user);
    expect_text(line, "src_endpoint.ip", e->src_endpoint == NULL ? NULL : e->src_endpoint->ip, c->source);
    expect_text(line, "status_detail", e->status_detail, c->detail);
    bool has_actor = e->actor != NULL && e->actor->user != NULL;
    expect_text(line, "actor.user.name", has_actor ? e->actor->user->name : NULL, c->actor);
    expect_text(line, "group.name", e->group == NULL ? NULL : e->group->name, c->group);
}

static void check_table(const struct line_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[512];
        struct parsed p;
        parsed_init(&p, NULL);
        int len = snprintf(line, sizeof line, "Dec 10 06:55:46 web1 %s", cases[i].text);
        const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(line, (size_t)len));
        assert_non_null(e);
        expect(&cases[i], e);
        assert_string_equal(e->raw_data, line);
        assert_int_equal(e->time, 1733813746000);
        parsed_deinit(&p);
    }
}

static void test_sshd(void **state)
{
    (void)state;
    check_table(SSHD, sizeof SSHD / sizeof *SSHD);
}

static void test_login(void **state)
{
    (void)state;
    check_table(LOGIN, sizeof LOGIN / sizeof *LOGIN);
}

static void test_account(void **state)
{
    (void)state;
    check_table(ACCOUNT, sizeof ACCOUNT / sizeof *ACCOUNT);
}

static void test_login_description(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    const Vedette__V1__Event *e = parsed_line(
        &p, vd_bytes_str(
                "Dec 10 06:55:46 web1 sshd[7]: Accepted gssapi-with-mic for a from 192.0.2.7 port 1 ssh2"));
    assert_int_equal(e->auth_protocol_id, 2);
    assert_string_equal(parsed_unmapped(e, "auth_protocol"), "gssapi-with-mic");
    assert_true(e->is_remote);
    assert_int_equal(e->logon_type_id, 10);
    assert_string_equal(e->service->name, "sshd");
    assert_string_equal(e->actor->process->name, "sshd");
    assert_int_equal(e->actor->process->pid, 7);
    assert_string_equal(e->message, "Accepted gssapi-with-mic for a from 192.0.2.7 port 1 ssh2");
    assert_string_equal(e->metadata->log_provider, "sshd");
    parsed_deinit(&p);
}

static void test_sudo_details(void **state)
{
    (void)state;
    struct parsed p;
    parsed_init(&p, NULL);
    const Vedette__V1__Event *e = parsed_line(
        &p, vd_bytes_str("Dec 10 06:55:46 web1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; "
                         "COMMAND=/bin/sh -c a ; USER=bob ; COMMAND=b"));
    assert_int_equal(e->n_privileges, 1);
    assert_string_equal(e->privileges[0], "root");
    assert_string_equal(e->session->terminal, "pts/0");
    assert_string_equal(parsed_unmapped(e, "sudo.command"), "/bin/sh -c a ; USER=bob ; COMMAND=b");
    assert_string_equal(parsed_unmapped(e, "sudo.working_directory"), "/home/alice");
    parsed_deinit(&p);
}

/* Failures of one process's lines, in order. */
static int failures(const char *const *texts)
{
    struct parsed p;
    int count = 0;
    parsed_init(&p, NULL);
    for (; *texts != NULL; texts++) {
        char line[256];
        int len = snprintf(line, sizeof line, "Dec 10 06:55:46 web1 sshd[77]: %s", *texts);
        const Vedette__V1__Event *e = parsed_line(&p, vd_bytes_of(line, (size_t)len));
        count += e->class_uid == 3002 && e->activity_id == 1 && e->status_id == 2;
    }
    parsed_deinit(&p);
    return count;
}

static void test_an_attempt_counts_once(void **state)
{
    (void)state;
    const char *const guess[] = {
        "Invalid user x from 192.0.2.7 port 1",
        "pam_unix(sshd:auth): check pass; user unknown",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7 ",
        "Failed password for invalid user x from 192.0.2.7 port 1 ssh2",
        "Connection closed by invalid user x 192.0.2.7 port 1 [preauth]",
        NULL,
    };
    const char *const probe[] = {
        "Invalid user x from 192.0.2.7 port 1",
        "Connection closed by invalid user x 192.0.2.7 port 1 [preauth]",
        NULL,
    };
    /* The same process number again: a second connection. */
    const char *const twice[] = {
        "Failed password for root from 192.0.2.7 port 1 ssh2",
        "Connection closed by authenticating user root 192.0.2.7 port 1 [preauth]",
        "Connection closed by authenticating user root 192.0.2.7 port 2 [preauth]",
        NULL,
    };
    const char *const typo[] = {
        "Failed password for a from 192.0.2.7 port 1 ssh2",
        "Accepted password for a from 192.0.2.7 port 1 ssh2",
        "pam_unix(sshd:session): session opened for user a(uid=1) by (uid=0)",
        NULL,
    };
    assert_int_equal(failures(guess), 1);
    assert_int_equal(failures(probe), 1);
    assert_int_equal(failures(twice), 2);
    assert_int_equal(failures(typo), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sshd),         cmocka_unit_test(test_login),
        cmocka_unit_test(test_account),      cmocka_unit_test(test_login_description),
        cmocka_unit_test(test_sudo_details), cmocka_unit_test(test_an_attempt_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
