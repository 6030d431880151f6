/* A line of a system log → the protobuf bytes of one OCSF event. Deterministic in (state, line, reference
 * time), no I/O. One parser a log, one thread at a time.
 *
 * Lines, each with an optional <PRI>, are of RFC 3164 ("Dec 10 06:55:46 host sshd[7]: …"), stamped as ISO
 * 8601
 * ("2026-11-22T20:00:00.1+01:00 host sshd[7]: …"), or of RFC 5424. What is not understood is an event too:
 * class 0, with message and raw_data.
 *
 * What becomes what (the tables are in core/parse/, a file a family of programs):
 *   3002 Authentication      sshd, su, login, sudo's password, cron and desktop sessions, systemd-logind
 *   3001 Account Change      useradd, userdel, usermod, passwd, chage, chsh, chfn, pam_faillock
 *   3003 Authorize Session   sudo's commands, allowed and refused
 *   3006 Group Management    groupadd, groupdel, gpasswd, and the groups of useradd and usermod
 *
 * A failed login counts once. sshd says the same attempt in up to four lines; only "Failed METHOD for USER …"
 * is a Logon (1) with status Failure (2), and "message repeated N times" sets its count. "Invalid user",
 * PAM's lines and the end of the connection are 3002 with activity Other (99) and no status: they still name
 * user and source, and carry severity Low.
 *
 * A connection that ends before authentication with a user named and no "Failed" line (a probe for names,
 * refused keys) is a failed Logon at its end: the parser remembers which of the last processes had such a
 * line.
 *
 * A login that succeeds counts by the program's own line ("Accepted …"); PAM's "session opened" is a Logon
 * only for services that log none themselves (cron, display managers). "session closed" is always the Logoff.
 *
 * A user's name is the peer's choice: it is read up to the last " from ADDRESS", so that it cannot forge the
 * source. */
#ifndef VEDETTE_PARSE_H
#define VEDETTE_PARSE_H

#include <vedette/arena.h>
#include <vedette/buffer.h>

enum {
    VD_PARSE_EMPTY = 1, /* nothing but blanks: no event */
    VD_PARSE_MESSAGE_MAX_BYTES = 4096,
    VD_PARSE_RAW_MAX_BYTES = 8192, /* what is longer ends in " […]", and unmapped has "line.cut" */
    VD_PARSE_FAILED_MAX = 64,
};

struct vd_parse_options {
    const char *hostname; /* this host's; another one in a line goes to unmapped["syslog.hostname"] */
    const char *product_name, *product_version;
    /* Seconds east of UTC at a local time, for stamps that name no zone; NULL: UTC. */
    int32_t (*utc_offset_s)(int64_t local_s);
};

/* Borrows the strings of its options. Fields are private, but for the three after them. */
struct vd_parse {
    struct vd_parse_options options;
    const char *log_name; /* borrowed; of the lines to come; may change between lines */
    int64_t unstamped_ms; /* likewise: when those without a usable stamp were written; 0: now */
    int64_t stamped_ms;   /* told: what the last line's usable stamp says; 0: it had none */
    struct vd_arena scratch;
    int64_t zone_slot; /* the quarter of an hour that zone_offset_s is known for */
    int32_t zone_offset_s;
    uint32_t failed_pids[VD_PARSE_FAILED_MAX]; /* by pid: who had a "Failed" line */
};

/* A log entry whose envelope is known already, as the journal has it. */
struct vd_parse_entry {
    int64_t time_ms;
    struct vd_bytes hostname, program, message;
    uint32_t pid;     /* 0: unknown */
    int32_t priority; /* syslog's 0 to 7, or -1 */
};

void vd_parse_init(struct vd_parse *p, const struct vd_parse_options *options);
void vd_parse_deinit(struct vd_parse *p);

/* Appends the event to out. line: without its newline. now_ms: the reference for stamps without a year (the
 * latest year that puts them no later than a day ahead), the time of lines without a usable stamp where
 * nothing else is said, and metadata.logged_time. 0, VD_PARSE_EMPTY, VD_ELIMIT (out's), VD_ENOMEM; out is as
 * it was unless 0. */
int vd_parse_line(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, struct vd_buffer *out);
int vd_parse_entry(struct vd_parse *p, const struct vd_parse_entry *entry, int64_t now_ms,
                   struct vd_buffer *out);

/* Whether the line has a usable stamp, and what it says; nothing is remembered of the line. */
bool vd_parse_stamp(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, int64_t *time_ms);

/* An ISO 8601 stamp as a line may have it, nothing behind it: 0 or VD_EMALFORMED. */
int vd_parse_time(struct vd_parse *p, const char *text, int64_t *time_ms);

/* The host's own zone, as an utc_offset_s: reads TZ or /etc/localtime. */
int32_t vd_parse_zone_local(int64_t local_s);

#endif
