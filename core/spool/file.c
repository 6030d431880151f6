/* The system calls of the spool, each with a place where a test can interfere. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vedette/error.h>

/* A full disk and one that fails are told apart by nobody here but the reader of a log. */
static int failed(int number)
{
    int rc = vd_error_from_errno(number);
    return rc == VD_ENOMEM || rc == VD_EPERM || rc == VD_ENOTFOUND || rc == VD_EFULL || rc == VD_EEXISTS
               ? rc
               : VD_EIO;
}

static int fault(enum spool_operation operation, size_t *len)
{
    size_t none = 0;
    return vd_spool_fault == NULL ? 0 : vd_spool_fault(operation, len == NULL ? &none : len);
}

int spool_file_mkdir(int dir, const char *name)
{
    int number = fault(SPOOL_MKDIR, NULL);
    if (number == 0 && mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
        number = errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_create(int dir, const char *name)
{
    int number = fault(SPOOL_CREATE, NULL);
    if (number != 0)
        return failed(number);
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 ? fd : failed(errno);
}

int spool_file_allocate(int fd, uint64_t size)
{
    int number = fault(SPOOL_FALLOCATE, NULL);
    if (number == 0 && fallocate(fd, 0, 0, (off_t)size) != 0)
        number = errno;
    if (number == EOPNOTSUPP)
        number = ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_write(int fd, struct vd_bytes bytes, uint64_t at)
{
    while (bytes.len > 0) {
        size_t len = bytes.len;
        int number = fault(SPOOL_WRITE, &len);
        if (number != 0)
            return failed(number);
        ssize_t written = pwrite(fd, bytes.data, len, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written == 0 ? VD_EIO : failed(errno);
        at += (uint64_t)written;
        bytes = vd_bytes_of(bytes.data + written, bytes.len - (size_t)written);
    }
    return 0;
}

int spool_file_sync(int fd)
{
    int number = fault(SPOOL_SYNC, NULL);
    if (number == 0 && fdatasync(fd) != 0)
        number = errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    int number = fault(SPOOL_RENAME, NULL);
    if (number == 0 && renameat(from_dir, from, to_dir, to) != 0)
        number = errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_truncate(int fd, uint64_t size)
{
    int number = fault(SPOOL_TRUNCATE, NULL);
    if (number == 0 && ftruncate(fd, (off_t)size) != 0)
        number = errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_unlink(int dir, const char *name, int flags)
{
    int number = fault(SPOOL_UNLINK, NULL);
    if (number == 0 && unlinkat(dir, name, flags) != 0 && errno != ENOENT)
        number = errno;
    return number == 0 ? 0 : failed(number);
}

int spool_file_read(int fd, uint8_t *out, size_t len, uint64_t at, size_t *got)
{
    *got = 0;
    while (*got < len) {
        ssize_t now = pread(fd, out + *got, len - *got, (off_t)(at + *got));
        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return VD_EIO;
        if (now == 0)
            return 0;
        *got += (size_t)now;
    }
    return 0;
}

uint64_t spool_file_size(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}
