/* The end of the spool that is written to: the newest segment, and the making of the next. Belongs to the
 * commit under way, else to the spool's thread. */
#ifndef SPOOL_WRITER_H
#define SPOOL_WRITER_H

#include "format.h"

/* Events of one record to be, in memory until they are on disk. */
struct spool_batch {
    struct spool_batch *next;
    uint64_t first, chain, chain_after;
    int64_t time_ms;
    uint32_t count;
    uint32_t sources; /* bit i: cursors[i] counts */
    uint64_t event_bytes;
    size_t raw_bytes, raw_cap;
    uint8_t *raw;
    uint16_t cursor_len[VD_SPOOL_SOURCES_MAX];
    uint8_t cursors[VD_SPOOL_SOURCES_MAX][VD_SPOOL_CURSOR_MAX_BYTES];
};

/* A segment as the spool knows it. */
struct spool_extent {
    uint64_t base, end;  /* numbers base..end-1, holes included; end of the newest: durable */
    uint64_t body, used; /* records lie from body to used */
    uint64_t size;       /* on disk */
};

enum { SPOOL_BIRTHS_MAX = 16 };

struct spool_writer {
    int dir, fd; /* fd: -1, a new segment is needed */
    const char *agent;
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t max_bytes, free_floor_bytes;
    size_t segment_bytes;
    struct spool_extent now;
    uint32_t seed;
    uint64_t synced, synced_chain; /* numbers below are on disk */
    uint64_t disk_bytes;           /* of all segments */
    uint64_t at;                   /* where the next record goes */
    struct spool_cursors cursors;  /* as of `synced` */
    uint8_t *record;               /* SPOOL_RECORD_MAX_BYTES */
    /* Segments that this commit has finished with and begun: for the spool. */
    struct spool_extent past[SPOOL_BIRTHS_MAX + 1];
    int past_count;
    bool low_space; /* the next segment would go below the floor */
};

int spool_writer_init(struct spool_writer *w, uint64_t max_bytes, uint64_t free_floor_bytes);
void spool_writer_deinit(struct spool_writer *w);
/* Makes a segment from number `synced` on, fit for a record of so many bytes. VD_EFULL, VD_EIO…: as it was.
 */
int spool_writer_new_segment(struct spool_writer *w, size_t record_bytes);
/* An empty segment that stands for what was set aside, so that its numbers are known to be missing. */
int spool_writer_placeholder(struct spool_writer *w, uint64_t base);
/* Writes from *batch on, syncs, and moves *batch behind what is on disk; names: of the sources. On failure
 * the segment is given up. */
int spool_writer_run(struct spool_writer *w, struct spool_batch **batch, const struct spool_cursors *names);
/* Asks the file system. */
bool spool_writer_low_space(const struct spool_writer *w);

#endif
