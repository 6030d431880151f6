/* The envelope of a log line: priority, stamp, host, program, process. Private to core/parse. */
#ifndef PARSE_SYSLOG_H
#define PARSE_SYSLOG_H

#include <vedette/parse.h>

struct syslog {
    int32_t priority; /* facility * 8 + severity, or -1 */
    bool stamped;
    int64_t time_ms; /* if stamped */
    struct vd_bytes stamp, hostname, program, text;
    uint32_t pid;
};

/* Never fails: what has no envelope is all text. Views into line. */
void syslog_read(struct vd_parse *p, struct vd_bytes line, int64_t now_ms, struct syslog *out);

#endif
