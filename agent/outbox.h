/* What the agent holds between its sources and the collector: numbered events, bounded in bytes, let go from
 * the front.
 *
 * In memory for now: what is in it dies with the agent. Its shape is that of a spool on disk: an event and
 * the cursor of its source are appended together, read again from any sequence number, and trimmed up to the
 * collector's mark. One thread. */
#ifndef AGENT_OUTBOX_H
#define AGENT_OUTBOX_H

#include <vedette/bytes.h>
#include <vedette/session.h>

enum { OUTBOX_SOURCES_MAX = 32, OUTBOX_CURSOR_MAX_BYTES = 256 };

struct outbox;

/* stream: VD_STREAM_BYTES random bytes, the outbox's name for the collector. */
int outbox_new(struct outbox **out, size_t max_bytes, const uint8_t *stream);
void outbox_free(struct outbox *o);

enum { OUTBOX_FULL = 1 };
/* Takes an event of the source, and where that source would go on after it. 0; OUTBOX_FULL: nothing is taken;
 * VD_ELIMIT: it could never be taken; VD_ENOMEM. */
int outbox_append(struct outbox *o, uint32_t source, struct vd_bytes event, struct vd_bytes cursor);

const uint8_t *outbox_stream(const struct outbox *o);
/* The oldest sequence number held, and the one that the next event gets; equal: it is empty. The first event
 * ever is 1. */
uint64_t outbox_first(const struct outbox *o);
uint64_t outbox_next(const struct outbox *o);
size_t outbox_bytes(const struct outbox *o);
/* Bytes of all events ever appended. */
uint64_t outbox_appended_bytes(const struct outbox *o);

/* Lets go of everything up to mark; the cursors of those events become their sources' committed ones. */
void outbox_trim(struct outbox *o, uint64_t mark);
/* Where the source may go on after a restart: behind its last event that was trimmed. Empty: none yet. Valid
 * until the next trim. */
struct vd_bytes outbox_cursor(const struct outbox *o, uint32_t source);

/* A place to read from; void once what it stands on is trimmed: seek again. */
struct outbox_reader {
    const struct outbox *outbox;
    const struct outbox_chunk *chunk;
    size_t at;
    uint64_t seq;
};
/* seq from outbox_first to outbox_next. */
void outbox_seek(const struct outbox *o, struct outbox_reader *r, uint64_t seq);
/* The event at the reader, and steps past it; false at the end. */
bool outbox_read(struct outbox_reader *r, struct vd_bytes *event);
/* Length of the event at the reader; 0 at the end. */
size_t outbox_peek(const struct outbox_reader *r);

#endif
