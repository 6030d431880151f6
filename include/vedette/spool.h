/* The spool: an agent's events on disk, numbered without holes, from its sources to the collector's mark.
 *
 * A folder of segments, each a file of records; a record is a group of events with the cursors of their
 * sources, so that data and cursor are committed by one sync and no registry beside them can disagree.
 *
 * Happy path: open (recovers) → append … → commit_begin, commit_run, commit_end → read what is durable → trim
 * up to the collector's mark. How it fails: an unfinished tail is cut; other damage leaves a hole, which
 * readers are told; a file whose write or sync failed is never written to again, and what was not synced goes
 * from memory into a new one; where that fails too, append says VD_EIO and sources have to stop. Only open,
 * close, fork and commit_run write to the disk and wait for it. One thread, save commit_run, which may run
 * beside any other call. Format: docs/spool.md. */
#ifndef VEDETTE_SPOOL_H
#define VEDETTE_SPOOL_H

#include <vedette/bytes.h>
#include <vedette/session.h>

enum {
    VD_SPOOL_SOURCES_MAX = 32,
    VD_SPOOL_SOURCE_NAME_BYTES = 64, /* terminated */
    VD_SPOOL_CURSOR_MAX_BYTES = 256,
    VD_SPOOL_ERROR_BYTES = 256,
};
#define VD_SPOOL_LEAST_BYTES UINT64_C(1048576)

struct vd_spool;

struct vd_spool_hole { /* sequence numbers from..to that will never come */
    uint64_t from, to;
    char why[64];
};

struct vd_spool_options {
    const char *folder;                  /* made where it is missing, 0700 */
    const char *agent;                   /* "tenant/agent": a spool of another agent is set aside whole */
    uint8_t new_stream[VD_STREAM_BYTES]; /* random: the stream's name where there is none yet */
    uint64_t max_bytes;                  /* on disk; at least VD_SPOOL_LEAST_BYTES */
    uint64_t free_floor_bytes;           /* of the file system: below it the spool is full */
    uint64_t commit_age_ms;              /* a commit is due when the oldest pending event is so old… */
    size_t commit_bytes;                 /* …or so much is pending */
};

struct vd_spool_recovery { /* what was found; for the log: damage is no error */
    uint64_t events, cut_bytes, set_aside_files;
    uint32_t holes;
};

/* VD_EEXISTS: another process has it; VD_EINVAL, VD_EIO, VD_EPERM, VD_ENOMEM. error: a sentence. */
int vd_spool_open(struct vd_spool **out, const struct vd_spool_options *options,
                  struct vd_spool_recovery *recovery, char *error);
void vd_spool_close(struct vd_spool *s); /* commits what is pending, where that still works */

/* A source by its name, which says what it reads ("journal", "tail:/var/log/auth.log"), so that its cursor is
 * found again when the order in a configuration changes. Index, or VD_EFULL. */
int vd_spool_source(struct vd_spool *s, const char *name);
/* Behind its last event appended before the spool was opened. Empty: none. */
struct vd_bytes vd_spool_cursor(const struct vd_spool *s, int source);

/* Who is let in how far when room gets short. */
enum vd_spool_claim {
    VD_SPOOL_LOW,     /* cannot be read again, and matters least: up to 80% */
    VD_SPOOL_NORMAL,  /* can be read again, and so waits: up to 90% */
    VD_SPOOL_HIGH,    /* cannot be read again: authentication, findings: up to 95% */
    VD_SPOOL_RESERVE, /* says what was dropped: all of it */
};
enum { VD_SPOOL_FULL = 1 };
/* time_ms: now, kept with the record for the spool's age. 0; VD_SPOOL_FULL; VD_ELIMIT: it could never be
 * taken; VD_EIO: neither the segment nor a new one can be written, until a commit succeeds; VD_ENOMEM. */
int vd_spool_append(struct vd_spool *s, int source, enum vd_spool_claim claim, struct vd_bytes event,
                    struct vd_bytes cursor, int64_t time_ms);
/* Keeps a cursor with the next commit, without an event. As append; on an error the next append keeps it. */
int vd_spool_note(struct vd_spool *s, int source, struct vd_bytes cursor, int64_t time_ms);

/* ---- Group commit: begin and end on the spool's thread, run on any other. */
struct vd_spool_commit;
bool vd_spool_pending(const struct vd_spool *s); /* something waits for a commit to begin */
bool vd_spool_commit_due(struct vd_spool *s, int64_t now_ms);
/* Takes what is pending. NULL: nothing is, or one is under way. */
struct vd_spool_commit *vd_spool_commit_begin(struct vd_spool *s);
void vd_spool_commit_run(struct vd_spool_commit *c);
/* 0: vd_spool_durable has moved. Else nothing is lost: the next commit tries again, in a new file. */
int vd_spool_commit_end(struct vd_spool *s, struct vd_spool_commit *c);
int vd_spool_commit_now(struct vd_spool *s); /* all three, here and now */

/* ---- State */
const uint8_t *vd_spool_stream(const struct vd_spool *s);
uint64_t vd_spool_first(const struct vd_spool *s);   /* the oldest number held; == next: nothing is */
uint64_t vd_spool_next(const struct vd_spool *s);    /* the number that the next event gets; begins at 1 */
uint64_t vd_spool_durable(const struct vd_spool *s); /* numbers below it are on disk and may leave the host */
uint64_t vd_spool_bytes(const struct vd_spool *s);   /* of events not yet trimmed, unpacked; roughly */
/* Bytes of all events ever appended since it was opened, and those below `durable`. */
uint64_t vd_spool_appended_bytes(const struct vd_spool *s);
uint64_t vd_spool_durable_bytes(const struct vd_spool *s);
int64_t vd_spool_oldest_ms(const struct vd_spool *s); /* when the oldest event held was appended; 0: none */

/* The collector has everything up to mark: segments below it are deleted, but the newest, for the cursors. */
void vd_spool_trim(struct vd_spool *s, uint64_t mark);

struct vd_spool_item {
    uint64_t seq;          /* of the event; of a hole: its last number */
    struct vd_bytes event; /* empty for a hole; valid until the next read */
    uint64_t chain;        /* before this item, as it was written; 0, not known: of the one after a hole */
    struct vd_spool_hole hole;
    int64_t time_ms; /* when it was appended */
};
struct vd_spool_reader;
int vd_spool_reader_new(struct vd_spool_reader **out, struct vd_spool *s);
void vd_spool_reader_free(struct vd_spool_reader *r);
void vd_spool_seek(struct vd_spool_reader *r, uint64_t seq); /* seq from first to durable */
/* The item at the reader, which stays there; NULL: all that is durable was read, or memory is short. */
const struct vd_spool_item *vd_spool_peek(struct vd_spool_reader *r);
void vd_spool_step(struct vd_spool_reader *r);
/* Over all events below seq, from first to durable; 0: not known, or none. The reader has to seek again. */
uint64_t vd_spool_chain_at(struct vd_spool_reader *r, uint64_t seq);

/* Events above mark go into a new stream, from number 1; what lies below and was not acknowledged to this
 * agent is *lost (from 0: nothing). The old files go to aside/. Readers must seek again. Blocks. */
int vd_spool_fork(struct vd_spool *s, const uint8_t *new_stream, uint64_t mark, struct vd_spool_hole *lost);

#endif
