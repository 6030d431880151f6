/* The directory of owners as this collector has read it: who has which shard, which collectors there are, and
 * who is next when a shard is let go. Records are Owner of proto/state.proto. Pure; one thread. */
#ifndef COLLECTOR_OWNERS_H
#define COLLECTOR_OWNERS_H

#include <vedette/bytes.h>
#include <vedette/identity.h>
#include <vedette/session.h>

struct owner {
    char collector[VD_NAME_BYTES];       /* "": none has ever owned it */
    char address[VD_SESSION_TEXT_BYTES]; /* "": it let the shard go */
    uint64_t epoch;
};

enum { OWNERS_COLLECTORS_MAX = 256 };

struct owners {
    struct owner *shards;
    int32_t shard_count;
    char (*collectors)[VD_NAME_BYTES]; /* those that are there, OWNERS_COLLECTORS_MAX at most */
    size_t collector_count;
};

int owners_init(struct owners *o, int32_t shard_count);
void owners_deinit(struct owners *o);

/* A record of the topic; value.data NULL: deleted. The shard that it tells of, or -1: none of ours, or not
 * understood. */
int32_t owners_learn(struct owners *o, struct vd_bytes key, struct vd_bytes value);
static inline bool owner_let_go(const struct owner *owner)
{
    return owner->collector[0] != '\0' && owner->address[0] == '\0';
}
/* How many collectors come before this one when the shard is let go: 0, it is its turn. All agree, since all
 * have read the same. */
size_t owners_rank(const struct owners *o, int32_t shard, const char *collector);
/* Whether there is any other collector than this one. */
bool owners_has_others(const struct owners *o, const char *collector);

/* Writing: the key of a shard, of a collector, and the value. Views into text. */
enum { OWNER_KEY_BYTES = 96, OWNER_VALUE_BYTES = 512 };
struct vd_bytes owner_shard_key(char text[OWNER_KEY_BYTES], int32_t shard);
struct vd_bytes owner_collector_key(char text[OWNER_KEY_BYTES], const char *collector);
struct vd_bytes owner_write(uint8_t text[OWNER_VALUE_BYTES], const struct owner *owner);

#endif
