/* The tail source's state, shared by its files tail.c and tail_scan.c. */
#ifndef AGENT_TAIL_PRIVATE_H
#define AGENT_TAIL_PRIVATE_H

#include "source.h"
#include "tail_cursor.h"
#include "tail_file.h"

#include <vedette/parse.h>

struct tail;
struct tail_watch {
    uv_fs_event_t handle;
    struct tail *tail;
    char *directory;
};

/* Files that went away, or were cut short, before they were read; not told yet. */
struct tail_gone {
    uint32_t files;
    uint64_t unread_bytes; /* as far as known */
    char what[128];        /* of the last one */
};

struct tail {
    struct source source; /* first: a tail is a source */
    char **paths;
    size_t path_count;
    bool from_end, once;
    uint32_t poll_ms, line_max_bytes;
    struct vd_parse parse;
    struct tail_file *files; /* rotated ones before what came after them */
    uint32_t file_count;
    struct tail_window window;
    struct tail_cursor resume; /* places of the cursor that no file was found for yet */
    struct tail_gone gone;
    bool scanned, scan_due, waking, complained;
    bool stood;                /* where it began was told */
    struct vd_buffer event;    /* made of the line of pending's that ends at pending_end; handed over next */
    struct tail_file *pending; /* NULL: no event waits */
    uint64_t pending_end;
    uint64_t polled_events; /* events up to the last poll */
    uv_timer_t poll;
    struct tail_watch *watches; /* one a directory, at most path_count */
    size_t watch_count, open_handles;
};

/* Finds the files under the paths and marks those that are gone from there. */
void tail_scan(struct tail *t);
/* Whether a file was rotated away or deleted, and nobody has written to it for a while. */
bool tail_is_left(const struct tail *t, const struct tail_file *f);
void tail_drop(struct tail *t, struct tail_file *f);
/* So many bytes of f were there and will not be read. */
void tail_miss(struct tail *t, const struct tail_file *f, uint64_t unread_bytes);

#endif
