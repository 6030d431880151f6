/* Packs an event, or another message of event.proto, in one walk over its descriptor.
 *
 * The bytes are protobuf-c's. That measures a message before it packs it, and one inside another again at
 * each level: half of what an agent did was this. Unknown fields are not written: nobody here passes any on.
 * Pure; any thread. */
#ifndef VEDETTE_EVENT_WRITE_H
#define VEDETTE_EVENT_WRITE_H

#include <vedette/buffer.h>

struct ProtobufCMessage;

/* Appends it; &event.base is a message. VD_ELIMIT or VD_ENOMEM leave the buffer as it was. */
int vd_event_write(struct vd_buffer *out, const struct ProtobufCMessage *message);

#endif
