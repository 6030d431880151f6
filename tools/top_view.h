/* What somebody sees of the model: order, filter, the chosen line; and the keys that change it. Pure. */
#ifndef VEDETTE_TOOLS_TOP_VIEW_H
#define VEDETTE_TOOLS_TOP_VIEW_H

#include <vedette/buffer.h>

#include "top_model.h"

enum top_sort { TOP_BY_RISK, TOP_BY_EVENTS, TOP_BY_TIME, TOP_BY_NAME, TOP_SORT_COUNT };
enum { TOP_FILTER_BYTES = 64, TOP_PENDING_BYTES = 8 };

struct top_view {
    enum top_sort sort;
    char filter[TOP_FILTER_BYTES]; /* as typed; empty: everybody */
    bool typing, paused, details, help, quit;
    uint64_t chosen; /* key of an entity; 0: none yet */
    int move;        /* lines that the choice is to go, down if positive; the page does it */
    size_t scroll;   /* lines above the first that is shown */
    uint8_t pending[TOP_PENDING_BYTES]; /* an escape sequence's beginning */
    size_t pending_len;
};

/* Bytes of a terminal in raw mode, in pieces as they come. */
void top_view_keys(struct top_view *view, struct vd_bytes keys);
/* Nothing came for a moment: an escape that is pending was the key itself. */
void top_view_idle(struct top_view *view);

struct top_page {
    unsigned columns, rows;  /* rows 0: as many as there are */
    bool utf8, color, plain; /* plain: no cursor, no keys, for a pipe */
    int64_t now_ms, lag;
    const char *tenant;  /* alone of whom events are taken; NULL: of all */
    const char *trouble; /* what Kafka said last; "": nothing */
};
enum { TOP_PAGE_BYTES_MAX = 1 << 22 };

/* Appends the page: whole, from its upper left corner. Whom the view chose, and where it scrolls, is brought
 * into what is there. VD_ENOMEM, VD_ELIMIT. */
int top_page_write(const struct top_model *model, struct top_view *view, const struct top_page *page,
                   struct vd_buffer *out);

#endif
