/* A walk of the schema with dice. */
#include "event_random.h"

#include <event.pb-c.h>
#include <vedette/wire.h>

enum { FIELD_ROOM = 64, TEXT_MAX = 24 };

struct dice {
    struct vd_random *random;
    event_random_filter *allowed;
};

static uint64_t roll(struct dice *dice, uint64_t bound)
{
    return vd_random_below(dice->random, bound);
}

static uint64_t number(struct dice *dice)
{
    switch (roll(dice, 4)) {
    case 0:
        return 1 + roll(dice, 127);
    case 1:
        return 1 + roll(dice, INT32_MAX);
    case 2:
        return (uint64_t)-1 - roll(dice, 1000); /* negative */
    default:
        return 128 + roll(dice, 100000);
    }
}

static uint8_t *text_put(struct dice *dice, uint8_t *at, uint32_t field)
{
    static const char *const letters[] = {"a", "B", "0", ".", " ", "/", "é", "中", "\"", "\\"};
    char text[TEXT_MAX + 4];
    size_t len = 0, want = 1 + roll(dice, TEXT_MAX - 4);
    while (len < want) {
        const char *letter = letters[roll(dice, sizeof letters / sizeof *letters)];
        memcpy(text + len, letter, strlen(letter));
        len += strlen(letter);
    }
    return vd_wire_put_bytes(at, field, vd_bytes_of(text, len));
}

static size_t message_put(struct dice *dice, const ProtobufCMessageDescriptor *message, uint8_t *out,
                          size_t cap);

static uint8_t *field_put(struct dice *dice, const ProtobufCFieldDescriptor *field, uint8_t *at, size_t cap)
{
    uint8_t inside[EVENT_RANDOM_MAX_BYTES];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return text_put(dice, at, field->id);
    case PROTOBUF_C_TYPE_DOUBLE:
        return vd_wire_put_double(at, field->id, 1.0 + (double)roll(dice, 1000) / 7);
    case PROTOBUF_C_TYPE_MESSAGE:
        return vd_wire_put_bytes(
            at, field->id, vd_bytes_of(inside, message_put(dice, field->descriptor, inside, cap / 2 - 16)));
    case PROTOBUF_C_TYPE_BOOL:
        return vd_wire_put_uint(at, field->id, 1);
    default:
        return vd_wire_put_uint(at, field->id, number(dice));
    }
}

static size_t message_put(struct dice *dice, const ProtobufCMessageDescriptor *message, uint8_t *out,
                          size_t cap)
{
    uint8_t *at = out;
    for (uint64_t left = roll(dice, message->n_fields + 2); left > 0; left--) {
        const ProtobufCFieldDescriptor *field = &message->fields[roll(dice, message->n_fields)];
        size_t room = cap - (size_t)(at - out);
        if (room < FIELD_ROOM)
            break;
        if (dice->allowed == NULL || dice->allowed(message, field))
            at = field_put(dice, field, at, room);
    }
    return (size_t)(at - out);
}

size_t event_random(struct vd_random *random, event_random_filter *allowed, uint8_t *out)
{
    struct dice dice = {.random = random, .allowed = allowed};
    return message_put(&dice, &vedette__v1__event__descriptor, out, EVENT_RANDOM_MAX_BYTES);
}
