/* The spool as its parts see it; the spool's own thread, but for what a commit under way has taken. */
#ifndef SPOOL_STATE_H
#define SPOOL_STATE_H

#include "folder.h"
#include "writer.h"

/* Where in the stream which time was, and how many bytes came before: sampled, thinned out as it grows. */
enum { SPOOL_TRAIL_POINTS = 512 };
struct spool_trail {
    struct spool_trail_point {
        uint64_t seq, bytes;
        int64_t time_ms;
    } at[SPOOL_TRAIL_POINTS];
    size_t count;
    unsigned every, skipped; /* one in so many is kept */
};
void spool_trail_add(struct spool_trail *t, uint64_t seq, uint64_t bytes, int64_t time_ms);
/* The last point at or before seq; NULL: none. */
const struct spool_trail_point *spool_trail_find(const struct spool_trail *t, uint64_t seq);
void spool_trail_trim(struct spool_trail *t, uint64_t first);

struct spool_queue {
    struct spool_batch *head, *tail;
};

struct vd_spool_commit {
    struct vd_spool *spool;
    struct spool_batch *batches, *left; /* left: what is not on disk, once it has run */
    bool under_way;
    int rc;
};

struct vd_spool {
    struct spool_folder folder;
    int lock;
    char agent[SPOOL_AGENT_BYTES];
    uint64_t max_bytes, commit_age_ms;
    size_t commit_bytes, record_raw_bytes, event_max_bytes;
    struct spool_writer writer;
    struct spool_extent *past; /* segments but the newest, ascending */
    size_t past_count, past_cap;
    uint64_t past_bytes;
    struct spool_extent newest; /* size 0: there is none yet */
    uint8_t stream[VD_STREAM_BYTES];
    uint64_t first, next, durable, chain;
    struct spool_cursors cursors; /* of all sources, as they were found */
    uint32_t registered;          /* bit i: cursors.at[i] has been asked for */
    struct spool_queue pending;
    struct spool_batch *spare;
    unsigned spare_count;
    uint64_t pending_bytes, pending_records; /* in memory: not yet durable */
    uint64_t appended_bytes, durable_bytes;  /* of events since it was opened */
    uint64_t passed_bytes;                   /* of records that are on disk, unpacked: the trail's measure */
    uint64_t trimmed_bytes;                  /* of segments deleted since the last commit began */
    struct spool_trail trail;
    bool failed, low_space;
    int64_t asked_ms, failed_ms, space_asked_ms;
    struct vd_spool_commit commit;
};

/* Room for so many more segments, and then one. VD_ENOMEM. */
int spool_extent_reserve(struct vd_spool *s, size_t more);
void spool_extent_add(struct vd_spool *s, const struct spool_extent *e);
/* The segment that number seq lies in; NULL: in none. */
const struct spool_extent *spool_extent_find(const struct vd_spool *s, uint64_t seq);
/* What the writer has done since the last time: its segments become the spool's. */
void spool_adopt_segments(struct vd_spool *s);
void spool_batches_free(struct vd_spool *s, struct spool_batch *batch, const struct spool_batch *end);
int spool_recover(struct vd_spool *s, const uint8_t *new_stream, struct vd_spool_recovery *found);

#endif
