/* Fields of the session's messages: each call reads one wire field into its place, or says what is wrong with
 * it; and the walk over all fields of a message. */
#ifndef SESSION_FIELDS_H
#define SESSION_FIELDS_H

#include <vedette/session.h>
#include <vedette/wire.h>

/* Hands each field of a message to read, with out, until one returns other than 0: that is returned then.
 * Fields that read does not know it passes over, for a peer may be newer. VD_EMALFORMED: no such message. */
int session_fields_read(struct vd_bytes message, int (*read)(void *out, const struct vd_wire_field *field),
                        void *out);

/* 0 or VD_EMALFORMED: the wrong wire type, or more than 32 bits. */
int session_uint32_read(uint32_t *out, const struct vd_wire_field *field);
int session_uint64_read(uint64_t *out, const struct vd_wire_field *field);
int session_fixed64_read(uint64_t *out, const struct vd_wire_field *field);
/* Terminated. VD_ELIMIT: over VD_SESSION_TEXT_BYTES - 1 bytes. VD_EMALFORMED: bad UTF-8 or a NUL. */
int session_text_read(char out[VD_SESSION_TEXT_BYTES], const struct vd_wire_field *field);
/* Appends one mark. VD_ELIMIT: more than VD_SESSION_STREAMS_MAX. */
int session_mark_read(struct vd_stream_mark *marks, uint32_t *count, const struct vd_wire_field *field);

enum { SESSION_MARK_MAX_BYTES = 2 + 6 + 11 + 9, SESSION_TEXT_MAX_BYTES = 3 + VD_SESSION_TEXT_BYTES - 1 };
uint8_t *session_text_put(uint8_t *at, uint32_t number, const char *text);
uint8_t *session_marks_put(uint8_t *at, uint32_t number, const struct vd_stream_mark *marks, uint32_t count);

#endif
