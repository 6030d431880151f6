/* Calls on files under the folder that is meant, straight to the kernel unless the plan says otherwise. */
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_pwrite), &bytes, &deed)
               ? plan_ran(deed, syscall(SYS_pwrite64, fd, data, bytes, offset))
               : -1;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    return pwrite(fd, data, bytes, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_pwrite), NULL, &deed)
               ? plan_ran(deed, syscall(SYS_pwritev, fd, parts, (long)count, offset, 0L))
               : -1;
}

int fdatasync(int fd)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_fdatasync), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_fdatasync, fd))
               : -1;
}

int fsync(int fd)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_fsync), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_fsync, fd))
               : -1;
}

int ftruncate(int fd, off_t bytes)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_ftruncate), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_ftruncate, fd, bytes))
               : -1;
}

int ftruncate64(int fd, off64_t bytes)
{
    return ftruncate(fd, bytes);
}

int fallocate(int fd, int mode, off_t offset, off_t bytes)
{
    enum deed deed;
    return plan_may_run(plan_on_file(fd, CALL_fallocate), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_fallocate, fd, (long)mode, offset, bytes))
               : -1;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t bytes)
{
    return fallocate(fd, mode, offset, bytes);
}

int posix_fallocate(int fd, off_t offset, off_t bytes)
{
    return fallocate(fd, 0, offset, bytes) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off64_t offset, off64_t bytes)
{
    return posix_fallocate(fd, offset, bytes);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    enum deed deed;
    return plan_may_run(plan_on_path(to_folder, to, CALL_rename), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_renameat2, from_folder, from, to_folder, to, 0L))
               : -1;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int folder, const char *path, int flags)
{
    enum deed deed;
    return plan_may_run(plan_on_path(folder, path, CALL_unlink), NULL, &deed)
               ? (int)plan_ran(deed, syscall(SYS_unlinkat, folder, path, (long)flags))
               : -1;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}
