/* The collector's own fields, appended to an event's bytes. A protobuf message is extended by concatenation
 * and the last scalar wins, so nothing is re-packed: what an agent said of its tenant, host, uid and sequence
 * is overwritten. Pure; any thread. */
#ifndef VEDETTE_EVENT_SPLICE_H
#define VEDETTE_EVENT_SPLICE_H

#include <vedette/score.h>
#include <vedette/session.h>

enum { VD_SPLICE_PART_BYTES = 136 };
struct vd_splice_part {
    size_t len;
    uint8_t bytes[VD_SPLICE_PART_BYTES];
};

/* What all events of a batch have in common, made ready once: vd_splice_frame_init. */
struct vd_splice_frame {
    struct vd_splice_part uid, before, behind, device; /* before and behind the sequence number */
};

struct vd_splice {
    struct vd_bytes tenant, agent; /* of the certificate, each at most 64 bytes; agent empty: of no host */
    const uint8_t *stream;         /* VD_STREAM_BYTES; NULL: of no stream, and seq is 0 */
    int64_t processed_time_ms;
    const struct vd_splice_frame *frame; /* made of the above, which is not read then; or NULL */
    uint64_t seq;                   /* 0: it is the collector's own, has no number, and says its uid itself */
    int32_t class_uid, activity_id; /* the event's, for category_uid and type_uid */
    const struct vd_score *score;   /* NULL: not scored */
    struct vd_bytes risk_details;   /* the sentence; at most 512 bytes */
};

/* No splice is longer, whatever is in it. */
enum { VD_SPLICE_MAX_BYTES = 2048 };

/* Of the splice's tenant, agent, stream and time. */
void vd_splice_frame_init(struct vd_splice_frame *out, const struct vd_splice *splice);

/* Writes the fields to out, which has room for VD_SPLICE_MAX_BYTES; returns how many bytes. Texts over their
 * cap are cut at a character's edge. */
size_t vd_event_splice_write(const struct vd_splice *splice, uint8_t *out);

/* Of an event with a splice behind it: the bytes before, as the agent sent them. Empty: it has none. */
struct vd_bytes vd_event_unspliced(struct vd_bytes event);

/* Appends the event to out with that score, in the place of whatever score it had. VD_EMALFORMED, VD_ELIMIT,
 * VD_ENOMEM; out may then hold a part of it. */
int vd_event_rescore(struct vd_bytes event, const struct vd_score *score, struct vd_bytes details,
                     struct vd_buffer *out);

/* "<stream as 32 hex digits>-<seq>", terminated, into out (VD_EVENT_UID_BYTES); returns its length. */
enum { VD_EVENT_UID_BYTES = 56 };
size_t vd_event_uid(const uint8_t *stream, uint64_t seq, char *out);

#endif
