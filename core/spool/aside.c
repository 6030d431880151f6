/* What is set aside, kept for people and bounded; and the walk over a folder's names that it needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vedette/error.h>

#include "file.h"
#include "folder.h"

enum { NAMES_MAX = 65536 };
#define ASIDE "aside"

int spool_dir_open(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : vd_error_from_errno(errno);
}

int spool_dir_each(int dir, int (*each)(void *arg, int dir, const char *name), void *arg)
{
    int fd = spool_dir_open(dir, "."), rc = 0;
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

struct oldest {
    char name[256];
    struct timespec changed;
    unsigned count;
    uint64_t bytes; /* of all */
};

static int note_oldest(void *arg, int dir, const char *name)
{
    struct oldest *oldest = arg;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    oldest->bytes += (uint64_t)st.st_size;
    const struct timespec *t = &st.st_ctim, *o = &oldest->changed;
    if (oldest->count++ == 0 || t->tv_sec < o->tv_sec ||
        (t->tv_sec == o->tv_sec && t->tv_nsec < o->tv_nsec)) {
        oldest->changed = st.st_ctim;
        snprintf(oldest->name, sizeof oldest->name, "%s", name);
    }
    return 0;
}

static void prune(const struct spool_folder *f, int aside)
{
    for (int tries = 0; tries < NAMES_MAX; tries++) {
        struct oldest oldest = {.count = 0};
        if (spool_dir_each(aside, note_oldest, &oldest) != 0)
            return;
        if (oldest.count <= SPOOL_ASIDE_FILES && oldest.bytes <= f->aside_max_bytes)
            return;
        if (spool_file_unlink(aside, oldest.name, 0) != 0)
            return;
    }
}

/* Moves a file, under a name that is not taken there. Where it cannot be kept it is deleted: an agent goes on
 * without it in any case. */
int spool_aside_move(const struct spool_folder *f, int from, const char *name)
{
    char to[2 * SPOOL_NAME_BYTES];
    int rc = spool_file_mkdir(f->root, ASIDE), aside = rc == 0 ? spool_dir_open(f->root, ASIDE) : rc;
    if (aside < 0)
        return spool_file_unlink(from, name, 0);
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        snprintf(to, sizeof to, "%06u-%.26s.%u", f->number, name, i);
        if (faccessat(aside, to, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            break;
    }
    rc = spool_file_rename(from, name, aside, to);
    prune(f, aside);
    close(aside);
    return rc == 0 ? 0 : spool_file_unlink(from, name, 0);
}
