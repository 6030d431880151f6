/* An event as one line for people. What the event says cannot drive the terminal: control characters, and
 * those that reorder or hide text, are shown escaped. Pure; any thread. */
#ifndef VEDETTE_TOOLS_TAIL_LINE_H
#define VEDETTE_TOOLS_TAIL_LINE_H

#include <vedette/buffer.h>
#include <vedette/event_view.h>

#include "tail_text.h"

struct tail_style {
    bool color;
    bool whole;       /* the reason as it was published, not only what tells people something */
    unsigned columns; /* width of the terminal; 0: no limit but TAIL_COLUMNS_MAX */
};
enum { TAIL_COLUMNS_MAX = 4000, TAIL_LINE_BYTES_MAX = 65536 };

/* Appends the line and a newline: local time, score, level, tenant/host, class, what happened, and for a
 * scored one why, and its short uid (short_uid.h): behind the reason, or in front of it where that has a line
 * of its own. VD_ELIMIT, VD_ENOMEM: out is then as it was. */
int tail_line_write(const struct vd_event_view *event, const struct tail_style *style, struct vd_buffer *out);

/* The line of a finding: its state, score, level, tenant, when its events were seen first and last, how many,
 * its title, and why. */
struct tail_finding {
    const struct vd_event_view *event;
    int64_t first_ms, last_ms;
};
int tail_line_write_finding(const struct tail_finding *finding, const struct tail_style *style,
                            struct vd_buffer *out);

/* Parts of it: the class by its name, or what kind of notice it is, what happened, and of risk_details what
 * tells people something. */
void tail_line_class(struct tail_text *line, const struct vd_event_view *event);
void tail_line_what(struct tail_text *line, const struct vd_event_view *event);
struct vd_bytes tail_line_reason(struct vd_bytes risk_details);

struct tail_level {
    const char *word, *color; /* color: an escape sequence */
};
const struct tail_level *tail_level_of(int32_t risk_level_id);

#endif
