/* Recovery's two halves: one segment, and which of them count. */
#ifndef SPOOL_RECOVER_H
#define SPOOL_RECOVER_H

#include "segment.h"
#include "state.h"

struct spool_recovery {
    struct vd_spool *s;
    struct vd_spool_recovery *found;
    uint64_t *bases;
    size_t count;
};

/* A segment in memory. */
struct spool_loaded {
    int fd;
    uint8_t *bytes;
    size_t len;
    struct spool_header header;
};

/* VD_EMALFORMED: unreadable. heads: only as much as a header takes. */
int spool_load(struct spool_loaded *l, int dir, uint64_t base, bool heads);
void spool_unload(struct spool_loaded *l);
/* Takes in the i-th segment, whose header is known to be sound: its records, cursors and holes. */
int spool_take_segment(struct spool_recovery *r, size_t i);

#endif
