/* The birth of a segment: room, header, sync, name, sync of the folder. Killed anywhere before its name, it
 * never was. */
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "file.h"
#include "folder.h"
#include "writer.h"

bool spool_writer_low_space(const struct spool_writer *w)
{
    struct statvfs st;
    return fstatvfs(w->dir, &st) == 0 &&
           (uint64_t)st.f_bavail * st.f_frsize < w->free_floor_bytes + w->segment_bytes;
}

/* Both copies of the header to a fresh file, which then has its name. */
static int write_file(const struct spool_writer *w, int fd, const struct spool_extent *extent,
                      struct vd_bytes header, const char *unfinished)
{
    char name[SPOOL_NAME_BYTES];
    spool_segment_name(extent->base, name);
    int rc = spool_file_allocate(fd, extent->size);
    if (rc == 0)
        rc = spool_file_write(fd, header, 0);
    if (rc == 0)
        rc = spool_file_sync(fd);
    if (rc == 0)
        rc = spool_file_rename(w->dir, unfinished, w->dir, name);
    return rc == 0 ? spool_file_sync(w->dir) : rc;
}

static int make(struct spool_writer *w, struct spool_extent *extent, const struct spool_cursors *cursors,
                uint64_t announced_bytes, size_t record_bytes)
{
    char unfinished[SPOOL_NAME_BYTES];
    struct spool_header header = {.base = extent->base, .chain = w->synced_chain};
    snprintf(header.agent, sizeof header.agent, "%s", w->agent);
    memcpy(header.stream, w->stream, VD_STREAM_BYTES);
    uint8_t *bytes = vd_malloc(2 * SPOOL_HEADER_MAX_BYTES);
    if (bytes == NULL)
        return VD_ENOMEM;
    size_t body = spool_header_write(&header, cursors, bytes);
    extent->body = extent->used = body;
    if (extent->size < body + record_bytes)
        extent->size = body + record_bytes;
    header.size = announced_bytes > extent->size ? announced_bytes : extent->size;
    spool_header_write(&header, cursors, bytes);
    snprintf(unfinished, sizeof unfinished, "segment" SPOOL_UNFINISHED);
    int fd = spool_file_create(w->dir, unfinished);
    int rc = fd < 0 ? fd : write_file(w, fd, extent, vd_bytes_of(bytes, body), unfinished);
    vd_free(bytes);
    if (rc == 0)
        return fd;
    if (fd >= 0) {
        close(fd);
        spool_file_unlink(w->dir, unfinished, 0);
    }
    return rc;
}

/* The old segment's unused room goes back; that it is shorter than its header says shows from now on that it
 * had a successor. */
static void finish_old(struct spool_writer *w, uint64_t base)
{
    struct spool_extent *old = &w->now;
    if (old->size == 0)
        return;
    if (old->base == base) { /* nothing of it was ever on disk: the new one took its name */
        w->disk_bytes -= old->size;
        return;
    }
    if (w->fd >= 0 && spool_file_truncate(w->fd, old->used) == 0) {
        w->disk_bytes -= old->size - old->used;
        old->size = old->used;
    }
    old->end = base;
    w->past[w->past_count++] = *old;
}

int spool_writer_new_segment(struct spool_writer *w, size_t record_bytes)
{
    struct spool_extent extent = {.base = w->synced, .end = w->synced, .size = w->segment_bytes};
    uint64_t size = record_bytes > w->segment_bytes ? record_bytes : w->segment_bytes;
    w->low_space = spool_writer_low_space(w);
    if (w->low_space || w->disk_bytes + size > w->max_bytes)
        return VD_EFULL;
    int fd = make(w, &extent, &w->cursors, 0, record_bytes);
    if (fd < 0)
        return fd;
    finish_old(w, extent.base);
    if (w->fd >= 0)
        close(w->fd);
    w->fd = fd;
    w->now = extent;
    w->at = extent.body;
    w->disk_bytes += extent.size;
    w->seed = spool_header_seed(w->stream, extent.base);
    return 0;
}

int spool_writer_placeholder(struct spool_writer *w, uint64_t base)
{
    struct spool_extent extent = {.base = base};
    struct spool_cursors none = {.count = 0};
    /* Shorter than it says: what numbers it had is not known. */
    int fd = make(w, &extent, &none, w->segment_bytes, 0);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}
