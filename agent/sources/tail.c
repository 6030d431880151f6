/* Follows log files through rotation, truncation and re-creation, and makes an event of each line.
 *
 * Happy path: tail_open → scan finds the files → pull reads lines, parses, hands over → the poll, which a
 * directory's inotify event brings forward, says ready → pull …
 *
 * How it fails: a file that cannot be opened is said once and tried again at each scan; one that cannot be
 * read any more is let go; a directory that cannot be watched is polled. What was in a file and is gone
 * before it was read is told to the sink as lost. Only memory ends a pull with an error. */
#include "source.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>
#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/log.h>
#include <vedette/memory.h>

#include "tail_private.h"

enum {
    POLL_MS = 1000,
    WAKE_MS = 100,
    BUSY_MS = 125,
    BUSY_EVENTS = 16,
    LIVE_MS = 10000, /* not read for longer than a few polls: what came since is not of now */
    LINE_MAX_BYTES = 256 * 1024,
    EVENT_MAX_BYTES = 64 * 1024
};

static size_t cursor_now(struct tail *t, uint8_t *out)
{
    struct tail_cursor cursor = {0};
    for (struct tail_file *f = t->files; f != NULL; f = f->next) {
        uint64_t offset = f == t->pending ? t->pending_end : f->offset;
        cursor.places[cursor.count++] = (struct tail_place){tail_file_identity(f, offset), offset};
    }
    return tail_cursor_write(&cursor, out);
}

static void step_over(struct tail *t, struct tail_file *f, uint64_t end)
{
    t->source.counters.bytes += end - f->offset;
    f->offset = f->scanned = end;
    t->pending = NULL;
}

/* The event that waits; nothing is parsed again for a sink that was full, since the parser remembers what it
 * saw. */
static int hand_over(struct tail *t, const struct source_sink *sink)
{
    uint8_t cursor[TAIL_CURSOR_MAX_BYTES];
    if (t->pending == NULL)
        return 0;
    int rc = sink->take(sink->arg, vd_buffer_bytes(&t->event), vd_bytes_of(cursor, cursor_now(t, cursor)));
    if (rc != 0)
        return rc;
    t->source.counters.events++;
    step_over(t, t->pending, t->pending_end);
    return 0;
}

static void tell_gone(struct tail *t, const struct source_sink *sink)
{
    char detail[sizeof t->gone.what + 64];
    uint8_t cursor[TAIL_CURSOR_MAX_BYTES];
    if (t->gone.files == 0)
        return;
    if (t->gone.files == 1)
        snprintf(detail, sizeof detail, "%s", t->gone.what);
    else
        snprintf(detail, sizeof detail, "%u files, %" PRIu64 " bytes at least; %s", t->gone.files,
                 t->gone.unread_bytes, t->gone.what);
    const struct source_loss loss = {.reason = VD_GAP_SOURCE_ROTATED, .detail = vd_bytes_str(detail)};
    sink->lost(sink->arg, &loss, vd_bytes_of(cursor, cursor_now(t, cursor)));
    t->gone = (struct tail_gone){0};
}

/* Even of no file at all: one that comes up while nobody looks is then new. */
static void tell_stand(struct tail *t, const struct source_sink *sink)
{
    uint8_t cursor[TAIL_CURSOR_MAX_BYTES];
    if (t->from_end && !t->stood)
        sink->stand(sink->arg, vd_bytes_of(cursor, cursor_now(t, cursor)));
    t->stood = true;
}

/* What the next line that has a stamp says: 0 where none of those in the window has one of the past. */
static int64_t next_stamp_ms(struct tail *t, const struct tail_file *f, uint64_t offset, int64_t now_ms)
{
    int64_t stamp_ms;
    struct vd_bytes rest = tail_file_ahead(f, &t->window, offset);
    for (const uint8_t *end; rest.len > 0 && (end = memchr(rest.data, '\n', rest.len)) != NULL;) {
        size_t len = (size_t)(end - rest.data);
        if (vd_parse_stamp(&t->parse, vd_bytes_of(rest.data, len), now_ms, &stamp_ms) && stamp_ms < now_ms)
            return stamp_ms;
        rest = vd_bytes_of(end + 1, rest.len - len - 1);
    }
    return 0;
}

/* When a line was written that does not say so itself; 0: just now. Of an old log's line, that moment would
 * be far ahead of the lines around it, and to whoever reads them in the order of their times the rest is
 * late. So would be the file's own time, if somebody still writes to it: it is the last resort. Where the
 * last stamp is not known, at a file's head or after a restart, the next one is; looked for once, lest a file
 * without any be read over and over. */
static int64_t unstamped_ms(struct tail *t, struct tail_file *f, const struct tail_line *line, int64_t now_ms)
{
    if (line->end > f->backlog_end)
        return 0;
    if (f->stamped_ms == 0 && !f->looked_ahead)
        f->stamped_ms = next_stamp_ms(t, f, line->end, now_ms);
    f->looked_ahead = true;
    int64_t time_ms = f->stamped_ms != 0 ? f->stamped_ms : f->backlog_ms;
    return time_ms >= VD_VALIDATE_EARLIEST_MS && time_ms < now_ms ? time_ms : 0;
}

static int parse_line(struct tail *t, struct tail_file *f, const struct tail_line *line)
{
    int64_t now_ms = t->source.host.now_ms();
    vd_buffer_clear(&t->event);
    t->parse.log_name = f->path;
    t->parse.unstamped_ms = unstamped_ms(t, f, line, now_ms);
    int rc = vd_parse_line(&t->parse, line->text, now_ms, &t->event);
    if (rc == 0 && t->parse.stamped_ms != 0 && t->parse.stamped_ms < now_ms)
        f->stamped_ms = t->parse.stamped_ms;
    if (rc == VD_PARSE_EMPTY) {
        step_over(t, f, line->end);
        return 0;
    }
    t->pending = rc == 0 ? f : NULL;
    t->pending_end = line->end;
    return rc;
}

/* Lines of one file until its end (SOURCE_IDLE), until *left are handed over (SOURCE_MORE), or until the sink
 * is full. */
static int pull_file(struct tail *t, struct tail_file *f, const struct source_sink *sink, uint32_t *left)
{
    struct tail_line line;
    uint64_t unread_bytes = f->size > f->offset ? f->size - f->offset : 0;
    int64_t now_ms = t->source.host.now_ms();
    int change = tail_file_check(f);
    if (change == TAIL_FILE_GREW && now_ms - f->ended_ms > LIVE_MS)
        tail_file_fell_behind(f);
    if (change == TAIL_FILE_REPLACED)
        tail_miss(t, f, unread_bytes);
    if (change != TAIL_FILE_SAME) {
        t->window.of = NULL;
        f->changed_ms = uv_now(t->source.host.loop);
    }
    tell_gone(t, sink);
    bool last = t->once || tail_is_left(t, f);
    for (; *left > 0; (*left)--) {
        int rc = tail_file_line(f, &t->window, t->line_max_bytes, last, &line);
        if (rc == TAIL_LINE_NONE) {
            f->ended_ms = now_ms;
            return SOURCE_IDLE;
        }
        if (rc == TAIL_LINE_LATER)
            return SOURCE_MORE;
        if (rc == TAIL_LINE_READ)
            rc = parse_line(t, f, &line);
        if (rc == 0)
            rc = hand_over(t, sink);
        if (rc != 0)
            return rc;
    }
    return SOURCE_MORE;
}

static int tail_pull(struct source *s, const struct source_sink *sink, uint32_t most)
{
    struct tail *t = (struct tail *)s;
    /* Also while the sink is full: a file that is followed is still there when it is rotated away. */
    if (t->scan_due)
        tail_scan(t);
    t->scan_due = false;
    tell_stand(t, sink);
    int rc = hand_over(t, sink);
    if (rc != 0)
        return rc;
    for (struct tail_file *f = t->files, *next; f != NULL; f = next) {
        next = f->next;
        rc = pull_file(t, f, sink, &most);
        if (rc == VD_EIO) {
            vd_log_warn("a log file cannot be read", VD_F_STR("path", f->path), VD_F_ERROR(rc));
            tail_miss(t, f, f->size > f->offset ? f->size - f->offset : 0);
        } else if (rc != SOURCE_IDLE)
            return rc;
        if (rc == VD_EIO || tail_is_left(t, f))
            tail_drop(t, f);
    }
    tell_gone(t, sink);
    return t->once ? SOURCE_END : SOURCE_IDLE;
}

static void watch_again(struct tail *t);

/* Whether so much came since the last poll that more is sure to come: nobody needs to be woken for it. */
static bool is_busy(struct tail *t)
{
    uint64_t came = t->source.counters.events - t->polled_events;
    t->polled_events += came;
    return came >= BUSY_EVENTS;
}

static void on_poll(uv_timer_t *timer)
{
    struct tail *t = timer->data;
    t->waking = is_busy(t);
    if (t->waking)
        uv_timer_start(&t->poll, on_poll, BUSY_MS, t->poll_ms);
    else
        watch_again(t); /* before the files are read: what is written from here on is then announced */
    t->scan_due = true;
    source_say_ready(&t->source);
}

static bool is_followed(const struct tail *t, const char *name)
{
    for (size_t i = 0; i < t->path_count; i++) {
        const char *slash = strrchr(t->paths[i], '/');
        if (fnmatch(slash == NULL ? t->paths[i] : slash + 1, name, 0) == 0)
            return true;
    }
    return false;
}

/* A thousand lines a second are eight awakenings, not a thousand: the poll comes early, and nobody listens
 * until then. */
static void on_watch(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct tail_watch *watch = handle->data;
    struct tail *t = watch->tail;
    (void)events;
    if (name != NULL && status == 0 && !is_followed(t, name))
        return;
    uv_fs_event_stop(handle);
    if (!t->waking)
        uv_timer_start(&t->poll, on_poll, WAKE_MS, t->poll_ms);
    t->waking = true;
}

/* Where inotify is not to be had (no such directory yet, no more watches), the poll is enough. */
static void watch_again(struct tail *t)
{
    for (size_t i = 0; i < t->watch_count; i++)
        if (!uv_is_active((uv_handle_t *)&t->watches[i].handle))
            uv_fs_event_start(&t->watches[i].handle, on_watch, t->watches[i].directory, 0);
}

static bool is_watched(const struct tail *t, const char *directory)
{
    for (size_t i = 0; i < t->watch_count; i++)
        if (strcmp(t->watches[i].directory, directory) == 0)
            return true;
    return false;
}

static int watch_directory(struct tail *t, const char *path)
{
    char *copy = vd_strdup(path), *directory;
    if (copy == NULL)
        return VD_ENOMEM;
    directory = vd_strdup(dirname(copy));
    vd_free(copy);
    if (directory == NULL)
        return VD_ENOMEM;
    if (strpbrk(directory, "*?[") != NULL || is_watched(t, directory)) {
        vd_free(directory);
        return 0;
    }
    struct tail_watch *watch = &t->watches[t->watch_count++];
    *watch = (struct tail_watch){.tail = t, .directory = directory};
    uv_fs_event_init(t->source.host.loop, &watch->handle);
    watch->handle.data = watch;
    t->open_handles++;
    return 0;
}

static void tail_free(struct tail *t)
{
    while (t->files != NULL)
        tail_drop(t, t->files);
    for (size_t i = 0; i < t->watch_count; i++)
        vd_free(t->watches[i].directory);
    for (size_t i = 0; i < t->path_count; i++)
        vd_free(t->paths[i]);
    vd_free(t->watches);
    vd_free(t->paths);
    vd_free(t->window.bytes);
    vd_buffer_deinit(&t->event);
    vd_parse_deinit(&t->parse);
    vd_free(t);
}

static void on_handle_closed(struct tail *t)
{
    if (--t->open_handles > 0)
        return;
    source_closed(&t->source);
    tail_free(t);
}

static void on_poll_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct tail_watch *watch = handle->data;
    on_handle_closed(watch->tail);
}

static void tail_close(struct source *s)
{
    struct tail *t = (struct tail *)s;
    for (size_t i = 0; i < t->watch_count; i++)
        uv_close((uv_handle_t *)&t->watches[i].handle, on_watch_closed);
    uv_close((uv_handle_t *)&t->poll, on_poll_closed);
}

static const struct source_class TAIL = {.pull = tail_pull, .close = tail_close};

static int copy_paths(struct tail *t, const struct tail_config *config)
{
    t->paths = vd_calloc(config->path_count, sizeof *t->paths);
    t->watches = vd_calloc(config->path_count, sizeof *t->watches);
    if (t->paths == NULL || t->watches == NULL)
        return VD_ENOMEM;
    for (; t->path_count < config->path_count; t->path_count++)
        if ((t->paths[t->path_count] = vd_strdup(config->paths[t->path_count])) == NULL)
            return VD_ENOMEM;
    return 0;
}

static void start(struct tail *t)
{
    uv_timer_init(t->source.host.loop, &t->poll);
    t->poll.data = t;
    t->open_handles++;
    if (t->once)
        return;
    uv_timer_start(&t->poll, on_poll, t->poll_ms, t->poll_ms);
}

/* What is named outright and there must be readable; a pattern, or what is not there, may come up later. */
static int check_paths(const struct tail *t, char *why)
{
    for (size_t i = 0; i < t->path_count; i++) {
        const char *path = t->paths[i];
        if (strpbrk(path, "*?[") != NULL || (access(path, F_OK) != 0 && !t->once))
            continue;
        struct tail_file *f;
        int rc = tail_file_open(&f, path);
        if (rc == 0) {
            tail_file_free(f);
            continue;
        }
        const char *hint = rc == VD_EPERM ? " (the agent needs the file's group or CAP_DAC_READ_SEARCH)" : "";
        snprintf(why, SOURCE_ERROR_BYTES, "tail: %s: %s%s", path,
                 rc == VD_EUNSUPPORTED ? "not a regular file" : vd_error_text(rc), hint);
        return rc;
    }
    return 0;
}

static struct tail *make(const struct source_host *host, const struct tail_config *config)
{
    struct tail *t = vd_calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    source_init(&t->source, &TAIL, "tail", host);
    t->source.gathers = true;
    t->from_end = config->from_end;
    t->once = config->once;
    t->poll_ms = config->poll_ms > 0 ? config->poll_ms : POLL_MS;
    t->line_max_bytes = config->line_max_bytes > 0 ? config->line_max_bytes : LINE_MAX_BYTES;
    t->scan_due = true;
    vd_buffer_init(&t->event, EVENT_MAX_BYTES);
    vd_parse_init(&t->parse, &(struct vd_parse_options){.hostname = host->hostname,
                                                        .product_name = host->product_name,
                                                        .product_version = host->product_version,
                                                        .utc_offset_s = vd_parse_zone_local});
    return t;
}

int tail_open(struct source **out, const struct source_host *host, const struct tail_config *config,
              struct vd_bytes cursor, char *why)
{
    *out = NULL;
    struct tail *t = make(host, config);
    int rc = t == NULL ? VD_ENOMEM : copy_paths(t, config);
    if (rc != 0)
        snprintf(why, SOURCE_ERROR_BYTES, "tail: %s", vd_error_text(rc));
    else if ((rc = tail_cursor_read(&t->resume, cursor)) != 0)
        snprintf(why, SOURCE_ERROR_BYTES, "tail: the saved cursor is damaged");
    else
        rc = check_paths(t, why);
    if (rc != 0) {
        if (t != NULL)
            tail_free(t);
        return rc;
    }
    if (cursor.len > 0)
        t->from_end = false;
    start(t);
    for (size_t i = 0; i < t->path_count && !t->once; i++)
        if (watch_directory(t, t->paths[i]) != 0)
            vd_log_warn("a directory is polled only", VD_F_STR("path", t->paths[i]), VD_F_ERROR(VD_ENOMEM));
    watch_again(t);
    *out = &t->source;
    return 0;
}
