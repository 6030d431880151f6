/* What the two halves of a stream, its life and its output, know of one another. */
#ifndef VEDETTE_NET_STREAM_INSIDE_H
#define VEDETTE_NET_STREAM_INSIDE_H

#include <vedette/stream.h>

/* Neither ended nor closing. */
bool vd_stream_alive(const struct vd_stream *s);
/* Ends it and calls `ended`, unless it has ended already. From callbacks of the loop's only. */
void vd_stream_end(struct vd_stream *s, int error, const char *reason);

/* The TLS connection's sink: a record for the peer. 0, VD_ELIMIT, VD_ENOMEM. */
int vd_stream_take_cipher(void *stream, struct vd_bytes cipher);
/* Gives what is queued to the kernel now, as far as it takes it. */
void vd_stream_flush_now(struct vd_stream *s);
/* The same, and starts a write of the rest. */
void vd_stream_flush(struct vd_stream *s);
/* The same, where output was seen to wait: if it waits no more, the owner hears of it. */
void vd_stream_flush_and_tell(struct vd_stream *s);

#endif
