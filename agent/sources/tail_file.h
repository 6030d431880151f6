/* One file that tail follows: its identity, how far it was read, and its lines. Private to tail. */
#ifndef AGENT_TAIL_FILE_H
#define AGENT_TAIL_FILE_H

#include <sys/stat.h>
#include <vedette/bytes.h>

enum { TAIL_HEAD_BYTES = 256, TAIL_FIRST_WINDOW_BYTES = 64 * 1024 };

struct tail_file {
    struct tail_file *next;
    char *path; /* where it was found first: it keeps that name in events when it is rotated */
    int fd;
    dev_t dev;
    ino_t ino;
    uint64_t offset;  /* where the next line begins */
    uint64_t scanned; /* no newline between the line's first line_max bytes and here */
    uint64_t size;    /* as last seen */
    struct timespec modified;
    uint64_t backlog_end;          /* what was there before it was read to its end ends here */
    int64_t backlog_ms;            /* no line of it was written later */
    int64_t stamped_ms;            /* what the last line that had a stamp of the past says; 0: none had */
    bool looked_ahead;             /* for that, where there was none */
    int64_t ended_ms;              /* when all of it was last read; 0: never */
    uint8_t head[TAIL_HEAD_BYTES]; /* the first bytes: what tells a file from another one in its inode */
    uint32_t head_len;
    bool present;        /* found under one of the paths in the last scan; else it is rotated or deleted */
    uint64_t changed_ms; /* loop time when it was last seen to grow */
};

/* Bytes of one file, as last read; shared by all files of a tail. */
struct tail_window {
    uint8_t *bytes;
    size_t cap, len;
    const struct tail_file *of;
    uint64_t begin;
};

struct tail_line {
    struct vd_bytes text; /* in the window; at most line_max bytes */
    uint64_t end;         /* the offset behind its newline */
};

/* 0; VD_EUNSUPPORTED: no regular file; otherwise why it cannot be read. *out is owned by the caller. */
int tail_file_open(struct tail_file **out, const char *path);
void tail_file_free(struct tail_file *f);

enum { TAIL_FILE_SAME = 0, TAIL_FILE_GREW = 1, TAIL_FILE_REPLACED = 2 };
/* Looks at the file's size and head. REPLACED: it was truncated or rewritten, and is read from its beginning
 * again. */
int tail_file_check(struct tail_file *f);
/* What came since it was last read to its end was not written just now: it is of the backlog too. */
void tail_file_fell_behind(struct tail_file *f);
/* What of the file is in the window behind an offset: some lines, the last of which may be cut. */
struct vd_bytes tail_file_ahead(const struct tail_file *f, const struct tail_window *w, uint64_t offset);
/* What the file is known by at an offset: inode and the first bytes before that offset. */
uint64_t tail_file_identity(struct tail_file *f, uint64_t offset);

enum { TAIL_LINE_NONE = 0, TAIL_LINE_READ = 1, TAIL_LINE_LATER = 2 };
/* The line at f->offset. LATER: a line so long that its end is searched for in several calls. last: what has
 * no newline is a line too. Negative: VD_EIO, VD_ENOMEM. */
int tail_file_line(struct tail_file *f, struct tail_window *w, size_t line_max, bool last,
                   struct tail_line *out);

#endif
