/* The names in the spool's folder: streams, one of which counts, and the segments in each. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "format.h"

enum { SEGMENTS_MAX = 65536, BASES_FIRST = 64, STREAM_NUMBER_MAX = 999999 };

#define STREAM_PREFIX "stream-"

/* "stream-000001" and the suffix. */
static void stream_name(uint32_t number, const char *suffix, char *out)
{
    snprintf(out, SPOOL_NAME_BYTES, STREAM_PREFIX "%06u%s", number, suffix);
}

/* 0: another name. */
static uint32_t stream_number(const char *name, const char *suffix)
{
    char again[SPOOL_NAME_BYTES];
    if (strncmp(name, STREAM_PREFIX, sizeof STREAM_PREFIX - 1) != 0)
        return 0;
    unsigned long number = strtoul(name + sizeof STREAM_PREFIX - 1, NULL, 10);
    if (number > STREAM_NUMBER_MAX)
        return 0;
    stream_name((uint32_t)number, suffix, again);
    return strcmp(name, again) == 0 ? (uint32_t)number : 0;
}

static int unlink_one(void *arg, int dir, const char *name)
{
    (void)arg;
    return spool_file_unlink(dir, name, 0);
}

/* A folder with files in it, no deeper. */
static int remove_tree(int at, const char *name)
{
    int dir = spool_dir_open(at, name);
    if (dir < 0)
        return dir;
    spool_dir_each(dir, unlink_one, NULL);
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

/* ---- The stream's folder */

static int each_aside(void *arg, int dir, const char *name)
{
    return spool_aside_move(arg, dir, name);
}

/* Remains of a fork: unfinished, or of an older stream. */
static int clean(void *arg, int dir, const char *name)
{
    const struct spool_folder *f = arg;
    if (stream_number(name, SPOOL_UNFINISHED) != 0)
        remove_tree(dir, name);
    uint32_t number = stream_number(name, "");
    if (number == 0 || number >= f->number)
        return 0;
    int old = spool_dir_open(dir, name);
    if (old < 0)
        return 0;
    spool_dir_each(old, each_aside, arg);
    close(old);
    spool_file_unlink(dir, name, AT_REMOVEDIR);
    return 0;
}

static int open_stream(struct spool_folder *f, bool write)
{
    char name[SPOOL_NAME_BYTES];
    int rc = spool_dir_each(f->root, note_stream, &f->number);
    bool make = rc == 0 && f->number == 0 && write;
    if (make)
        f->number = 1;
    if (rc == 0 && f->number == 0)
        rc = VD_ENOTFOUND;
    stream_name(f->number, "", name);
    if (rc == 0 && make)
        rc = spool_file_mkdir(f->root, name);
    if (rc == 0 && make)
        rc = spool_file_sync(f->root);
    if (rc == 0)
        f->stream = spool_dir_open(f->root, name);
    return rc != 0 ? rc : f->stream < 0 ? f->stream : 0;
}

int spool_folder_open(struct spool_folder *f, const char *path, bool write)
{
    *f = SPOOL_FOLDER_NULL;
    int rc = write ? spool_file_mkdir(AT_FDCWD, path) : 0;
    if (rc == 0)
        rc = f->root = spool_dir_open(AT_FDCWD, path);
    return rc < 0 ? rc : 0;
}

int spool_folder_enter(struct spool_folder *f, bool write)
{
    int rc = open_stream(f, write);
    if (rc == 0 && write)
        spool_dir_each(f->root, clean, f);
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

int spool_folder_begin(const struct spool_folder *f, int *dir)
{
    char name[SPOOL_NAME_BYTES];
    stream_name(f->number + 1, SPOOL_UNFINISHED, name);
    remove_tree(f->root, name);
    int rc = spool_file_mkdir(f->root, name);
    if (rc == 0)
        rc = *dir = spool_dir_open(f->root, name);
    return rc < 0 ? rc : 0;
}

int spool_folder_replace(struct spool_folder *f, int dir)
{
    char from[SPOOL_NAME_BYTES], to[SPOOL_NAME_BYTES];
    stream_name(f->number + 1, SPOOL_UNFINISHED, from);
    stream_name(f->number + 1, "", to);
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
    spool_dir_each(f->root, clean, f);
    return 0;
}

/* ---- Segments */

void spool_segment_name(uint64_t base, char *out)
{
    snprintf(out, SPOOL_NAME_BYTES, "%020" PRIu64 ".seg", base);
}

int spool_folder_set_aside(const struct spool_folder *f, uint64_t base)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(base, name);
    return spool_aside_move(f, f->stream, name);
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
        uint64_t *at =
            bases->cap >= SEGMENTS_MAX ? NULL : vd_grow(bases->at, &bases->cap, BASES_FIRST, sizeof *at);
        if (at == NULL)
            return VD_ENOMEM;
        bases->at = at;
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
    int rc = spool_dir_each(dir, note_segment, &bases);
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
