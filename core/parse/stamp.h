/* Time stamps at the front of log lines. Private to core/parse. */
#ifndef PARSE_STAMP_H
#define PARSE_STAMP_H

#include <vedette/parse.h>

/* Takes a stamp off the front of *line: *text is as it was written, *time_ms since the epoch.
 * False where there is none; *line is then as it was. */
bool stamp_take_rfc3164(struct vd_parse *p, struct vd_bytes *line, int64_t now_ms, struct vd_bytes *text,
                        int64_t *time_ms);
bool stamp_take_iso8601(struct vd_parse *p, struct vd_bytes *line, struct vd_bytes *text, int64_t *time_ms);

#endif
