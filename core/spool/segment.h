/* A segment read whole: its valid records in order, whatever lies between them. Any thread. */
#ifndef SPOOL_SEGMENT_H
#define SPOOL_SEGMENT_H

#include "format.h"

enum { SPOOL_SEGMENT_READ_BYTES = SPOOL_SEGMENT_MAX_BYTES + SPOOL_RECORD_MAX_BYTES };

/* The file into *out, at most SPOOL_SEGMENT_READ_BYTES of it; what the disk does not give is zeros.
 * VD_ENOMEM. *out is the caller's, even where it is empty. */
int spool_segment_load(int fd, uint8_t **out, size_t *len);

struct spool_walk {
    struct vd_bytes segment;
    size_t at; /* behind the record that was read last */
    uint32_t seed;
    uint64_t base;
    uint64_t expect;     /* the number that comes next */
    uint64_t limit;      /* the segment's numbers end below it: the next one's base */
    size_t skipped;      /* damaged bytes before the record that was read last */
    size_t budget_bytes; /* left to be summed in search of records, lest a forged one takes hours */
};
/* Begins with the first record. limit: UINT64_MAX for the newest segment. */
void spool_walk_init(struct spool_walk *w, struct vd_bytes segment, const struct spool_header *h,
                     uint64_t limit);
/* The next valid record that is not below expect; false: there is none. expect moves behind it, so a record
 * whose first is above expect was has a hole before it. */
bool spool_walk_next(struct spool_walk *w, struct spool_record *record);

/* How far the newest segment is known to have been on disk: the highest `synced` of its records. */
uint64_t spool_segment_synced(struct vd_bytes segment, const struct spool_header *h);

#endif
