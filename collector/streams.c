/* A hash table of streams, with a list by last use for forgetting. */
#include "streams.h"

#include <stdio.h>
#include <vedette/error.h>
#include <vedette/hash.h>
#include <vedette/memory.h>

enum { SLOTS_AT_FIRST = 64 };

int streams_init(struct streams *s, size_t count_max)
{
    *s = (struct streams){.slot_count = SLOTS_AT_FIRST, .count_max = count_max};
    s->slots = vd_calloc(SLOTS_AT_FIRST, sizeof *s->slots);
    return s->slots != NULL ? 0 : VD_ENOMEM;
}

void streams_deinit(struct streams *s)
{
    while (s->oldest != NULL) {
        struct stream *next = s->oldest->newer;
        vd_free(s->oldest);
        s->oldest = next;
    }
    vd_free(s->slots);
    *s = (struct streams){0};
}

/* By agent alone, so that an agent's streams stand in one chain and can be counted. */
static struct stream **slot_of(struct streams *s, struct vd_bytes key)
{
    return &s->slots[vd_hash64(key, 0) & (s->slot_count - 1)];
}

/* Twice the slots, each chain in the order it had. Without memory chains grow longer instead. */
static void grow(struct streams *s)
{
    size_t old_count = s->slot_count;
    struct stream **old = s->slots, **slots = vd_calloc(old_count * 2, sizeof *slots);
    if (slots == NULL)
        return;
    s->slots = slots;
    s->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        struct stream **ends[] = {&slots[i], &slots[i + old_count]};
        for (struct stream *at = old[i], *next; at != NULL; at = next) {
            next = at->hash_next;
            at->hash_next = NULL;
            struct stream ***end = &ends[slot_of(s, stream_key(at)) == &slots[i] ? 0 : 1];
            **end = at;
            *end = &at->hash_next;
        }
    }
    vd_free(old);
}

static void unlink_use(struct streams *s, struct stream *stream)
{
    *(stream->older != NULL ? &stream->older->newer : &s->oldest) = stream->newer;
    *(stream->newer != NULL ? &stream->newer->older : &s->newest) = stream->older;
    stream->older = stream->newer = NULL;
}

static void link_newest(struct streams *s, struct stream *stream)
{
    stream->older = s->newest;
    *(s->newest != NULL ? &s->newest->newer : &s->oldest) = stream;
    s->newest = stream;
}

static bool idle(const struct stream *stream)
{
    return stream->oldest == NULL && stream->attachment == NULL;
}

static void forget(struct streams *s, struct stream *stream)
{
    struct stream **at = slot_of(s, stream_key(stream));
    while (*at != stream)
        at = &(*at)->hash_next;
    *at = stream->hash_next;
    unlink_use(s, stream);
    s->count--;
    vd_free(stream);
}

/* Makes room for one more of the agent's; false: there is none. */
static bool forget_for(struct streams *s, struct vd_bytes key)
{
    size_t have = 0;
    struct stream *last_idle = NULL;
    for (struct stream *at = *slot_of(s, key); at != NULL; at = at->hash_next) {
        if (!vd_bytes_equal(stream_key(at), key))
            continue;
        have++;
        if (idle(at))
            last_idle = at; /* new ones go in front: the last of a chain is the first that came */
    }
    if (have >= STREAMS_AN_AGENT) {
        if (last_idle == NULL)
            return false;
        forget(s, last_idle);
    }
    for (struct stream *at = s->oldest, *next; s->count >= s->count_max && at != NULL; at = next) {
        next = at->newer;
        if (idle(at))
            forget(s, at);
    }
    return s->count < s->count_max;
}

struct stream *streams_at(struct streams *s, struct vd_bytes key, size_t tenant_len,
                          const uint8_t id[VD_STREAM_BYTES])
{
    struct stream **slot = slot_of(s, key), *stream;
    for (stream = *slot; stream != NULL; stream = stream->hash_next) {
        if (vd_bytes_equal(stream_key(stream), key) && memcmp(stream->id, id, VD_STREAM_BYTES) == 0) {
            unlink_use(s, stream);
            link_newest(s, stream);
            return stream;
        }
    }
    stream = forget_for(s, key) ? vd_calloc(1, sizeof *stream) : NULL;
    if (stream == NULL)
        return NULL;
    if (s->count >= s->slot_count)
        grow(s);
    slot = slot_of(s, key);
    memcpy(stream->key, key.data, key.len);
    stream->key_len = (uint8_t)key.len;
    stream->tenant_len = (uint8_t)tenant_len;
    memcpy(stream->id, id, VD_STREAM_BYTES);
    stream->hash_next = *slot;
    *slot = stream;
    link_newest(s, stream);
    s->count++;
    return stream;
}

struct stream *streams_get(struct streams *s, const struct vd_identity *agent,
                           const uint8_t id[VD_STREAM_BYTES])
{
    char text[STREAMS_KEY_BYTES];
    int len = snprintf(text, sizeof text, "%s/%s", agent->tenant, agent->name);
    return streams_at(s, vd_bytes_of(text, (size_t)len), strlen(agent->tenant), id);
}
