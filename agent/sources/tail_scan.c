/* Which files a tail follows: finding them under its paths, telling new ones from renamed ones, and letting
 * go of those that rotation left behind. */
#include "tail_private.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/log.h>
#include <vedette/memory.h>

/* A daemon writes to its old file until it is told of the rotation. */
enum { ROTATED_QUIET_MS = 5000 };

static struct tail_file *find(const struct tail *t, const struct stat *st)
{
    for (struct tail_file *f = t->files; f != NULL; f = f->next)
        if (f->dev == st->st_dev && f->ino == st->st_ino)
            return f;
    return NULL;
}

/* The place that the saved cursor has for this file; it is used up. */
static bool take_place(struct tail *t, struct tail_file *f)
{
    for (uint32_t i = 0; i < t->resume.count; i++) {
        struct tail_place place = t->resume.places[i];
        if (place.offset > f->size || tail_file_identity(f, place.offset) != place.identity)
            continue;
        f->offset = place.offset;
        t->resume.places[i] = t->resume.places[--t->resume.count];
        return true;
    }
    return false;
}

static void append(struct tail *t, struct tail_file *f)
{
    struct tail_file **end = &t->files;
    while (*end != NULL)
        end = &(*end)->next;
    *end = f;
    t->file_count++;
}

static void complain(struct tail *t, const char *path, int error)
{
    if (t->complained)
        return;
    t->complained = true;
    vd_log_warn("a log file cannot be followed", VD_F_STR("path", path), VD_F_ERROR(error));
}

static void follow(struct tail *t, const char *path, bool only_if_known)
{
    struct stat st;
    struct tail_file *f;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    if ((f = find(t, &st)) != NULL) {
        f->present = f->present || !only_if_known;
        return;
    }
    int rc = t->file_count == TAIL_FILES_MAX ? VD_ELIMIT : tail_file_open(&f, path);
    if (rc != 0) {
        complain(t, path, rc);
        return;
    }
    f->changed_ms = uv_now(t->source.host.loop);
    bool known = take_place(t, f);
    if (only_if_known && !known) {
        tail_file_free(f);
        return;
    }
    /* A file that comes up while we follow, or came up since the cursor, is all new. */
    if (!known && t->from_end && !t->scanned)
        f->offset = f->size;
    f->present = !only_if_known;
    append(t, f);
}

static void follow_glob(struct tail *t, const char *pattern, bool only_if_known)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        follow(t, found.gl_pathv[i], only_if_known);
    globfree(&found);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* ".1", "-20261122", ".2026-11-22": other names beside a log are other logs, or compressed. */
static bool is_rotated_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    size_t len = strlen(name), digits = 0;
    while (digits < len && strchr("0123456789-.", name[len - digits - 1]) != NULL)
        digits++;
    return digits > 1 && digits < len && strchr("-.", name[len - digits]) != NULL;
}

/* The file of that pattern that was written to next after *when; false: none was. */
static bool find_next_rotated(const glob_t *found, const struct timespec *when, size_t *out,
                              struct timespec *its)
{
    struct stat st;
    bool any = false;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        if (!is_rotated_name(found->gl_pathv[i]) || stat(found->gl_pathv[i], &st) != 0 ||
            !is_later(&st.st_mtim, when) || (any && !is_later(its, &st.st_mtim)))
            continue;
        *out = i;
        *its = st.st_mtim;
        any = true;
    }
    return any;
}

/* What came and was rotated away again while nobody followed: it was written to later than the newest of the
 * files that the cursor knows and that were rotated too. */
static void follow_unseen(struct tail *t, const char *pattern)
{
    glob_t found;
    size_t next;
    struct timespec newest = {0}, its;
    for (const struct tail_file *f = t->files; f != NULL; f = f->next)
        if (is_later(&f->modified, &newest))
            newest = f->modified;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (; find_next_rotated(&found, &newest, &next, &its); newest = its)
        follow(t, found.gl_pathv[next], false);
    globfree(&found);
}

/* Files that the cursor knows and that were renamed while nobody followed: "auth.log.1" beside "auth.log".
 * First, so that they are read before what came after them. */
static void follow_rotated(struct tail *t)
{
    char pattern[4096];
    for (size_t i = 0; i < t->path_count && t->resume.count > 0; i++) {
        uint32_t before = t->file_count;
        int len = snprintf(pattern, sizeof pattern, "%s?*", t->paths[i]);
        if (len <= 0 || (size_t)len >= sizeof pattern)
            continue;
        follow_glob(t, pattern, true);
        if (t->file_count > before)
            follow_unseen(t, pattern);
    }
}

void tail_miss(struct tail *t, const struct tail_file *f, uint64_t unread_bytes)
{
    if (unread_bytes == 0)
        return;
    t->gone.files++;
    t->gone.unread_bytes += unread_bytes;
    snprintf(t->gone.what, sizeof t->gone.what, "%" PRIu64 " bytes of %s", unread_bytes, f->path);
}

/* A file that the cursor knows and that is nowhere any more. Its place is kept, should it come up again. */
static void miss_places(struct tail *t)
{
    for (uint32_t i = 0; i < t->resume.count; i++) {
        t->gone.files++;
        snprintf(t->gone.what, sizeof t->gone.what, "a file that was read up to byte %" PRIu64 " is gone",
                 t->resume.places[i].offset);
    }
}

void tail_scan(struct tail *t)
{
    for (struct tail_file *f = t->files; f != NULL; f = f->next)
        f->present = false;
    if (!t->scanned && t->resume.count > 0)
        follow_rotated(t);
    for (size_t i = 0; i < t->path_count; i++)
        follow_glob(t, t->paths[i], false);
    if (!t->scanned)
        miss_places(t);
    t->scanned = true;
}

bool tail_is_left(const struct tail *t, const struct tail_file *f)
{
    return !f->present && (t->once || uv_now(t->source.host.loop) - f->changed_ms >= ROTATED_QUIET_MS);
}

void tail_drop(struct tail *t, struct tail_file *f)
{
    struct tail_file **at = &t->files;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    t->file_count--;
    if (t->window.of == f)
        t->window.of = NULL;
    tail_file_free(f);
}
