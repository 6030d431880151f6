/* A page of `vedette top` while it is painted: its lines, and the parts that stand in files of their own. */
#ifndef VEDETTE_TOOLS_TOP_PAINT_H
#define VEDETTE_TOOLS_TOP_PAINT_H

#include "tail_line.h"
#include "top_view.h"

#define TOP_RESET   "\033[0m"
#define TOP_BOLD    "\033[1m"
#define TOP_DIM     "\033[2m"
#define TOP_INVERSE "\033[7m"

struct painter {
    const struct top_model *model;
    struct top_view *view;
    const struct top_page *page;
    struct vd_buffer *out;
    struct tail_text line;           /* under way */
    unsigned rows;                   /* that were put */
    const struct top_entity **shown; /* in their order */
    size_t shown_count;
    int result;
};

struct tail_text *top_paint_begin(struct painter *p);
void top_paint_color(struct painter *p, const char *sequence); /* if there are any */
void top_paint_end(struct painter *p);
/* "90s", "12min", "3h" */
void top_paint_age(struct tail_text *line, int64_t age_ms);

enum { TOP_HEAD_ROWS = 4 };
void top_paint_head(struct painter *p);

#endif
