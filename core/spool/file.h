/* Every system call that changes the disk, in one place, so that a test can fail, shorten or die at the n-th.
 * 0 or a VD_E…; a descriptor where one is opened. Any thread. */
#ifndef SPOOL_FILE_H
#define SPOOL_FILE_H

#include <sys/types.h>
#include <vedette/bytes.h>

enum spool_operation {
    SPOOL_MKDIR,
    SPOOL_CREATE,
    SPOOL_FALLOCATE,
    SPOOL_WRITE,
    SPOOL_SYNC,
    SPOOL_RENAME,
    SPOOL_TRUNCATE,
    SPOOL_UNLINK,
};

/* A test defines it, a program does not. Called before each operation: an errno makes it fail; *len, of a
 * write, may be made shorter. */
int vd_spool_fault(enum spool_operation operation, size_t *len) __attribute__((weak));

int spool_file_mkdir(int dir, const char *name);
/* For reading and writing, empty. */
int spool_file_create(int dir, const char *name);
/* The file's size becomes size, and the room is its own, where the file system can do that. */
int spool_file_allocate(int fd, uint64_t size);
int spool_file_write(int fd, struct vd_bytes bytes, uint64_t at);
/* Data of a file, or the names in a folder. */
int spool_file_sync(int fd);
int spool_file_rename(int from_dir, const char *from, int to_dir, const char *to);
int spool_file_truncate(int fd, uint64_t size);
/* Gone already is fine. flags: AT_REMOVEDIR or 0. */
int spool_file_unlink(int dir, const char *name, int flags);

/* Reads len bytes at `at`; fewer at the file's end. VD_EIO. */
int spool_file_read(int fd, uint8_t *out, size_t len, uint64_t at, size_t *got);
/* The file's size, or 0 where even that is not known. */
uint64_t spool_file_size(int fd);

#endif
