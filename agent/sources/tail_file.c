/* Reading one followed file by lines, and noticing that it is no longer what it was. */
#include "tail_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

enum { SCAN_BYTES = 16 * 1024, SCAN_MAX_BYTES = 4 * 1024 * 1024 };

static ssize_t read_at(const struct tail_file *f, void *out, size_t len, uint64_t offset)
{
    ssize_t n;
    do
        n = pread(f->fd, out, len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n;
}

void tail_file_fell_behind(struct tail_file *f)
{
    f->backlog_end = f->size;
    f->backlog_ms = (int64_t)f->modified.tv_sec * 1000 + f->modified.tv_nsec / 1000000;
    if (f->stamped_ms < f->ended_ms) /* none of it was written before that */
        f->stamped_ms = f->ended_ms;
}

/* All of it is older than this moment, whatever comes behind is not. */
static void begin_backlog(struct tail_file *f)
{
    tail_file_fell_behind(f);
    f->stamped_ms = 0;
    f->looked_ahead = false;
}

int tail_file_open(struct tail_file **out, const char *path)
{
    struct stat st;
    /* Should the path be a FIFO after all, opening it must not wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return vd_error_from_errno(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return VD_EUNSUPPORTED;
    }
    struct tail_file *f = vd_calloc(1, sizeof *f);
    if (f == NULL || (f->path = vd_strdup(path)) == NULL) {
        vd_free(f);
        close(fd);
        return VD_ENOMEM;
    }
    f->fd = fd;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    tail_file_check(f);
    begin_backlog(f);
    *out = f;
    return 0;
}

void tail_file_free(struct tail_file *f)
{
    if (f == NULL)
        return;
    close(f->fd);
    vd_free(f->path);
    vd_free(f);
}

/* False: the bytes that were there before are others now. */
static bool refresh_head(struct tail_file *f)
{
    uint8_t head[TAIL_HEAD_BYTES];
    ssize_t n = read_at(f, head, sizeof head, 0);
    if (n < 0)
        return true;
    uint32_t common = (uint32_t)n < f->head_len ? (uint32_t)n : f->head_len;
    bool same = (uint32_t)n >= f->head_len && memcmp(head, f->head, common) == 0;
    memcpy(f->head, head, (size_t)n);
    f->head_len = (uint32_t)n;
    return same;
}

int tail_file_check(struct tail_file *f)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0)
        return TAIL_FILE_SAME;
    uint64_t size = (uint64_t)st.st_size;
    bool touched = size != f->size || st.st_mtim.tv_sec != f->modified.tv_sec ||
                   st.st_mtim.tv_nsec != f->modified.tv_nsec;
    if (!touched)
        return TAIL_FILE_SAME;
    f->size = size;
    f->modified = st.st_mtim;
    bool same = refresh_head(f);
    if (same && size >= f->offset)
        return TAIL_FILE_GREW;
    f->offset = f->scanned = 0;
    begin_backlog(f);
    return TAIL_FILE_REPLACED;
}

uint64_t tail_file_identity(struct tail_file *f, uint64_t offset)
{
    size_t len = offset < TAIL_HEAD_BYTES ? (size_t)offset : TAIL_HEAD_BYTES;
    if (len > f->head_len)
        refresh_head(f);
    if (len > f->head_len)
        len = f->head_len;
    return vd_hash64(vd_bytes_of(f->head, len), (uint64_t)f->ino);
}

struct vd_bytes tail_file_ahead(const struct tail_file *f, const struct tail_window *w, uint64_t offset)
{
    if (w->of != f || offset < w->begin || offset - w->begin > w->len)
        return vd_bytes_of(w->bytes, 0);
    size_t at = (size_t)(offset - w->begin);
    return vd_bytes_of(w->bytes + at, w->len - at);
}

static int make_room(struct tail_window *w, size_t least)
{
    if (w->cap >= least)
        return 0;
    uint8_t *bytes = vd_realloc(w->bytes, least);
    if (bytes == NULL)
        return VD_ENOMEM;
    w->bytes = bytes;
    w->cap = least;
    return 0;
}

/* Reads from the line's beginning, more of it than is known already. */
static int fill(struct tail_file *f, struct tail_window *w, size_t known, size_t line_max)
{
    size_t want = w->cap > known ? w->cap : known * 2;
    if (want < TAIL_FIRST_WINDOW_BYTES)
        want = TAIL_FIRST_WINDOW_BYTES;
    if (want > line_max && line_max > known)
        want = line_max;
    int rc = make_room(w, want);
    if (rc != 0)
        return rc;
    ssize_t n = read_at(f, w->bytes, w->cap, f->offset);
    w->of = f;
    w->begin = f->offset;
    w->len = n < 0 ? 0 : (size_t)n;
    return n < 0 ? VD_EIO : 0;
}

/* The end of a line whose first line_max bytes are in the window: searched for without keeping what is in
 * between. */
static int find_end(struct tail_file *f, size_t line_max, bool last, uint64_t *end)
{
    uint8_t chunk[SCAN_BYTES];
    uint64_t at = f->offset + line_max;
    if (f->scanned > at)
        at = f->scanned;
    for (size_t seen = 0; seen < SCAN_MAX_BYTES;) {
        ssize_t n = read_at(f, chunk, sizeof chunk, at);
        if (n < 0)
            return VD_EIO;
        const uint8_t *newline = n > 0 ? memchr(chunk, '\n', (size_t)n) : NULL;
        if (newline != NULL || (n == 0 && last)) {
            *end = newline != NULL ? at + (uint64_t)(newline - chunk) + 1 : at;
            return TAIL_LINE_READ;
        }
        at += (uint64_t)n;
        seen += (size_t)n;
        f->scanned = at;
        if (n == 0)
            return TAIL_LINE_NONE;
    }
    return TAIL_LINE_LATER;
}

int tail_file_line(struct tail_file *f, struct tail_window *w, size_t line_max, bool last,
                   struct tail_line *out)
{
    for (;;) {
        struct vd_bytes rest = tail_file_ahead(f, w, f->offset);
        const uint8_t *newline = rest.len > 0 ? memchr(rest.data, '\n', rest.len) : NULL;
        size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
        if (newline != NULL && len <= line_max) {
            *out = (struct tail_line){vd_bytes_of(rest.data, len), f->offset + len + 1};
            return TAIL_LINE_READ;
        }
        if (len >= line_max) {
            out->text = vd_bytes_of(rest.data, line_max);
            return find_end(f, line_max, last, &out->end);
        }
        int rc = fill(f, w, rest.len, line_max);
        if (rc != 0)
            return rc;
        if (w->len > rest.len)
            continue;
        *out = (struct tail_line){vd_bytes_of(w->bytes, w->len), f->offset + w->len};
        return last && w->len > 0 ? TAIL_LINE_READ : TAIL_LINE_NONE;
    }
}
