/* Writes a new file under a passing name, then links it to its own: link(2) refuses a name that is taken. */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>

static int write_all(int fd, struct vd_bytes content)
{
    while (content.len > 0) {
        ssize_t written = write(fd, content.data, content.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return vd_error_from_errno(errno);
        content = vd_bytes_of(content.data + written, content.len - (size_t)written);
    }
    return fsync(fd) == 0 ? 0 : vd_error_from_errno(errno);
}

/* The passing name holds our pid: two that write the same file at once do not meet, and one of them links
 * first. */
int vd_new_file_write(const char *path, struct vd_bytes content, mode_t mode)
{
    char passing[PATH_MAX];
    if (snprintf(passing, sizeof passing, "%s.%d.new", path, (int)getpid()) >= (int)sizeof passing)
        return VD_ELIMIT;
    int fd = open(passing, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return vd_error_from_errno(errno);
    int rc = write_all(fd, content);
    if (close(fd) != 0 && rc == 0)
        rc = vd_error_from_errno(errno);
    if (rc == 0 && link(passing, path) != 0)
        rc = vd_error_from_errno(errno);
    unlink(passing);
    return rc;
}
