/* Random events in wire form, along the schema: fields in any order, some of them several times, sub-messages
 * in pieces. No field is written with its default value: protobuf-c does not let a default overwrite when it
 * merges. */
#ifndef EVENT_RANDOM_H
#define EVENT_RANDOM_H

#include <protobuf-c/protobuf-c.h>
#include <vedette/bytes.h>
#include <vedette/random.h>

enum { EVENT_RANDOM_MAX_BYTES = 4096 };

/* Whether a field may appear. */
typedef bool event_random_filter(const ProtobufCMessageDescriptor *message,
                                 const ProtobufCFieldDescriptor *field);

/* Bytes written to out (EVENT_RANDOM_MAX_BYTES). */
size_t event_random(struct vd_random *random, event_random_filter *allowed, uint8_t *out);

#endif
