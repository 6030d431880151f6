/* Names in the spool's folder, and what happens to what is set aside. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "format.h"

enum { SEGMENTS_MAX = 65536, DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };
#define ASIDE "aside"

static int open_dir(int at, const char *name)
{
    int fd = openat(at, name, DIR_FLAGS);
    return fd >= 0 ? fd : vd_error_from_errno(errno);
}

/* Calls each for every name but those with a dot first; stops at an error. */
static int for_names(int dir, int (*each)(void *arg, int dir, const char *name), void *arg)
{
    int fd = open_dir(dir, "."), rc = 0;
    DIR *names = fd < 0 ? NULL : fdopendir(fd);
    if (names == NULL) {
        if (fd >= 0)
            close(fd);
        return fd < 0 ? fd : VD_ENOMEM;
    }
    for (struct dirent *entry; rc == 0 && (entry = readdir(names)) != NULL;)
        if (entry->d_name[0] != '.')
            rc = each(arg, dir, entry->d_name);
    closedir(names);
    return rc;
}

/* "stream-000001" and the suffix; 0: another name. */
static uint32_t stream_number(const char *name, const char *suffix)
{
    unsigned number;
    char again[SPOOL_NAME_BYTES];
    if (sscanf(name, "stream-%6u", &number) != 1)
        return 0;
    snprintf(again, sizeof again, "stream-%06u%s", number, suffix);
    return strcmp(name, again) == 0 ? number : 0;
}

static int unlink_segment(void *arg, int dir, const char *name)
{
    (void)arg;
    return spool_file_unlink(dir, name, 0);
}

/* A folder with files in it, no deeper. */
static int remove_tree(int at, const char *name)
{
    int dir = open_dir(at, name);
    if (dir < 0)
        return dir;
    for_names(dir, unlink_segment, NULL);
    close(dir);
    return spool_file_unlink(at, name, AT_REMOVEDIR);
}

static int note_stream(void *arg, int dir, const char *name)
{
    (void)dir;
    uint32_t *newest = arg, number = stream_number(name, "");
    if (number > *newest)
        *newest = number;
    return 0;
}

/* ---- aside/ */

struct oldest {
    char name[256];
    struct timespec changed;
    unsigned count;
};

static int note_oldest(void *arg, int dir, const char *name)
{
    struct oldest *oldest = arg;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    const struct timespec *t = &st.st_ctim, *o = &oldest->changed;
    if (oldest->count++ == 0 || t->tv_sec < o->tv_sec ||
        (t->tv_sec == o->tv_sec && t->tv_nsec < o->tv_nsec)) {
        oldest->changed = st.st_ctim;
        snprintf(oldest->name, sizeof oldest->name, "%s", name);
    }
    return 0;
}

static void prune_aside(int aside)
{
    struct oldest oldest = {.count = SPOOL_ASIDE_FILES + 1};
    for (int tries = 0; tries < SEGMENTS_MAX && oldest.count > SPOOL_ASIDE_FILES; tries++) {
        oldest = (struct oldest){.count = 0};
        if (for_names(aside, note_oldest, &oldest) != 0 || oldest.count <= SPOOL_ASIDE_FILES)
            return;
        if (spool_file_unlink(aside, oldest.name, 0) != 0)
            return;
    }
}

/* Moves a file, under a name that is not taken there. Where it cannot be kept it is deleted: an agent goes on
 * without it in any case. */
static int move_aside(const struct spool_folder *f, int from, const char *name)
{
    char to[2 * SPOOL_NAME_BYTES];
    int rc = spool_file_mkdir(f->root, ASIDE), aside = rc == 0 ? open_dir(f->root, ASIDE) : rc;
    if (aside < 0)
        return spool_file_unlink(from, name, 0);
    for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
        snprintf(to, sizeof to, "%06u-%.26s.%u", f->number, name, i);
        if (faccessat(aside, to, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            break;
    }
    rc = spool_file_rename(from, name, aside, to);
    prune_aside(aside);
    close(aside);
    return rc == 0 ? 0 : spool_file_unlink(from, name, 0);
}

int spool_folder_set_aside(const struct spool_folder *f, uint64_t base)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(base, name);
    return move_aside(f, f->stream, name);
}

static int each_aside(void *arg, int dir, const char *name)
{
    return move_aside(arg, dir, name);
}

/* ---- The stream's folder */

/* Remains of a fork: unfinished, or of an older stream. */
static int clean(void *arg, int dir, const char *name)
{
    const struct spool_folder *f = arg;
    if (stream_number(name, SPOOL_UNFINISHED) != 0)
        remove_tree(dir, name);
    uint32_t number = stream_number(name, "");
    if (number == 0 || number >= f->number)
        return 0;
    int old = open_dir(dir, name);
    if (old < 0)
        return 0;
    for_names(old, each_aside, arg);
    close(old);
    spool_file_unlink(dir, name, AT_REMOVEDIR);
    return 0;
}

static int open_stream(struct spool_folder *f, bool write)
{
    char name[SPOOL_NAME_BYTES];
    int rc = for_names(f->root, note_stream, &f->number);
    bool make = rc == 0 && f->number == 0 && write;
    if (make)
        f->number = 1;
    if (rc == 0 && f->number == 0)
        rc = VD_ENOTFOUND;
    snprintf(name, sizeof name, "stream-%06u", f->number);
    if (rc == 0 && make)
        rc = spool_file_mkdir(f->root, name);
    if (rc == 0 && make)
        rc = spool_file_sync(f->root);
    if (rc == 0)
        f->stream = open_dir(f->root, name);
    return rc != 0 ? rc : f->stream < 0 ? f->stream : 0;
}

int spool_folder_open(struct spool_folder *f, const char *path, bool write)
{
    *f = SPOOL_FOLDER_NULL;
    int rc = write ? spool_file_mkdir(AT_FDCWD, path) : 0;
    if (rc == 0)
        rc = f->root = open_dir(AT_FDCWD, path);
    return rc < 0 ? rc : 0;
}

/* Under the lock: clearing away is for whoever owns the folder. */
int spool_folder_enter(struct spool_folder *f, bool write)
{
    int rc = open_stream(f, write);
    if (rc == 0 && write)
        for_names(f->root, clean, f);
    return rc;
}

void spool_folder_close(struct spool_folder *f)
{
    if (f->stream >= 0)
        close(f->stream);
    if (f->root >= 0)
        close(f->root);
    *f = SPOOL_FOLDER_NULL;
}

int spool_folder_lock(const struct spool_folder *f)
{
    int fd = openat(f->root, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return vd_error_from_errno(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int rc = errno == EWOULDBLOCK ? VD_EEXISTS : VD_EIO;
    close(fd);
    return rc;
}

static void unfinished_name(const struct spool_folder *f, char *out)
{
    snprintf(out, SPOOL_NAME_BYTES, "stream-%06u" SPOOL_UNFINISHED, f->number + 1);
}

int spool_folder_begin(const struct spool_folder *f, int *dir)
{
    char name[SPOOL_NAME_BYTES];
    unfinished_name(f, name);
    remove_tree(f->root, name);
    int rc = spool_file_mkdir(f->root, name);
    if (rc == 0)
        rc = *dir = open_dir(f->root, name);
    return rc < 0 ? rc : 0;
}

int spool_folder_replace(struct spool_folder *f, int dir)
{
    char from[SPOOL_NAME_BYTES], to[SPOOL_NAME_BYTES];
    unfinished_name(f, from);
    snprintf(to, sizeof to, "stream-%06u", f->number + 1);
    int rc = spool_file_sync(dir);
    if (rc == 0)
        rc = spool_file_rename(f->root, from, f->root, to);
    if (rc != 0)
        return rc;
    /* The new stream counts from here on, even if the name is not known to be on disk. */
    spool_file_sync(f->root);
    if (f->stream >= 0)
        close(f->stream);
    f->stream = dir;
    f->number++;
    for_names(f->root, clean, f);
    return 0;
}

/* ---- Segments */

void spool_segment_name(uint64_t base, char *out)
{
    snprintf(out, SPOOL_NAME_BYTES, "%020" PRIu64 ".seg", base);
}

struct bases {
    uint64_t *at;
    size_t count, cap;
    bool write;
};

static int note_segment(void *arg, int dir, const char *name)
{
    struct bases *bases = arg;
    char again[SPOOL_NAME_BYTES];
    uint64_t base = strtoull(name, NULL, 10);
    spool_segment_name(base, again);
    if (strcmp(name, again) != 0) {
        if (bases->write)
            spool_file_unlink(dir, name, 0);
        return 0;
    }
    if (bases->count == bases->cap) {
        size_t cap = bases->cap == 0 ? 64 : 2 * bases->cap;
        uint64_t *at = cap > SEGMENTS_MAX ? NULL : vd_realloc(bases->at, cap * sizeof *at);
        if (at == NULL)
            return VD_ENOMEM;
        bases->at = at;
        bases->cap = cap;
    }
    bases->at[bases->count++] = base;
    return 0;
}

static int by_base(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int spool_folder_segments(int dir, bool write, uint64_t **out, size_t *count)
{
    struct bases bases = {.write = write};
    int rc = for_names(dir, note_segment, &bases);
    if (rc != 0) {
        vd_free(bases.at);
        return rc;
    }
    if (bases.count > 0)
        qsort(bases.at, bases.count, sizeof *bases.at, by_base);
    *out = bases.at;
    *count = bases.count;
    return 0;
}
