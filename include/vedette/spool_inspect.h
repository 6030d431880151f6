/* A look at a spool, live or dead, without owning it: no lock, nothing is written. What an agent does
 * meanwhile may show as a segment that is gone or a tail that is not finished. Blocks; any thread. */
#ifndef VEDETTE_SPOOL_INSPECT_H
#define VEDETTE_SPOOL_INSPECT_H

#include <vedette/spool.h>

enum { VD_SPOOL_WHERE_BYTES = 64, VD_SPOOL_AGENT_BYTES = 256 };

struct vd_spool_segment_info {
    char file[VD_SPOOL_WHERE_BYTES]; /* "stream-000001/00000000000000000001.seg" */
    char agent[VD_SPOOL_AGENT_BYTES];
    uint8_t stream[VD_STREAM_BYTES];
    bool unreadable;    /* its header: then only file, base and size count */
    uint64_t base, end; /* numbers base..end-1 */
    uint64_t records, events, used_bytes, size_bytes;
    int64_t oldest_ms, newest_ms; /* 0: it holds nothing */
    uint64_t cut_bytes;           /* the newest: an unfinished end, which is no damage */
};
struct vd_spool_damage {
    const char *file;
    uint64_t offset;
    struct vd_spool_hole hole; /* from 0: numbers are not known */
};
/* Each may be NULL. Not 0 ends the look, and is returned. */
struct vd_spool_look {
    void *arg;
    int (*segment)(void *arg, const struct vd_spool_segment_info *info); /* after its events */
    int (*event)(void *arg, uint64_t seq, int64_t time_ms, struct vd_bytes event);
    int (*damage)(void *arg, const struct vd_spool_damage *damage);
    int (*cursor)(void *arg, const char *source, struct vd_bytes cursor); /* at last */
};

/* VD_ENOTFOUND: no spool; VD_EPERM, VD_EIO, VD_ENOMEM. Damage is no error. */
int vd_spool_inspect(const char *folder, const struct vd_spool_look *look);

#endif
