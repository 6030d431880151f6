/* What a shard remembers of its agents' streams: how far each is taken in, and how far Kafka has it.
 *
 * A stream outlives its sessions, so that an agent that comes back neither repeats nor loses what is under
 * way. A stream is forgotten when its agent opens more than STREAMS_AN_AGENT newer ones, or the shard holds
 * too many: the longest untouched first, never one with something under way or a session. An agent that has
 * STREAMS_AN_AGENT of those gets no more, or one could take all sessions. One thread. */
#ifndef COLLECTOR_STREAMS_H
#define COLLECTOR_STREAMS_H

#include <vedette/bytes.h>
#include <vedette/identity.h>
#include <vedette/session.h>

enum { STREAMS_AN_AGENT = 8, STREAMS_KEY_BYTES = 2 * VD_NAME_BYTES + 1 };

struct batch;
struct attachment;

struct stream {
    struct stream *hash_next;
    struct stream *older, *newer; /* by last use, in the whole table */
    char key[STREAMS_KEY_BYTES];  /* "tenant/agent", the Kafka key of its events */
    uint8_t key_len, tenant_len;
    uint8_t id[VD_STREAM_BYTES];
    uint64_t taken;                /* highest sequence number taken in */
    uint64_t mark;                 /* highest that Kafka has, without a hole below */
    struct batch *oldest, *newest; /* under way, in order */
    struct attachment *attachment; /* the session that feeds it, or NULL */
    uint64_t chain;                /* vd_chain_next over all up to taken; 0: not known */
    uint64_t mark_chain;           /* the same up to mark */
    int64_t letters_second;        /* dead letters are counted by the second */
    uint32_t letters;
    bool in_doubt;    /* something under way failed: wait for the rest, then start again from the mark */
    bool forking;     /* its FORK is under way: nothing more is taken of it */
    bool quarantined; /* its FORK is in Kafka: nothing more is taken of it, ever */
};

struct streams {
    struct stream **slots;
    size_t slot_count, count, count_max;
    struct stream *oldest, *newest;
};

int streams_init(struct streams *s, size_t count_max);
void streams_deinit(struct streams *s);
/* The stream, remembered or new; NULL when all count_max or all of the agent's are in use, or without memory.
 * key: "tenant/agent", whose tenant has tenant_len bytes. */
struct stream *streams_at(struct streams *s, struct vd_bytes key, size_t tenant_len,
                          const uint8_t id[VD_STREAM_BYTES]);
struct stream *streams_get(struct streams *s, const struct vd_identity *agent,
                           const uint8_t id[VD_STREAM_BYTES]);

static inline struct vd_bytes stream_key(const struct stream *s)
{
    return vd_bytes_of(s->key, s->key_len);
}
static inline struct vd_bytes stream_tenant(const struct stream *s)
{
    return vd_bytes_of(s->key, s->tenant_len);
}
static inline struct vd_bytes stream_agent(const struct stream *s)
{
    return vd_bytes_of(s->key + s->tenant_len + 1, (size_t)(s->key_len - s->tenant_len - 1));
}

#endif
