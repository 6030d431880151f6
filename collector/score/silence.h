/* Silence: a host, a source address or a tenant that has gone quiet against its own habit.
 *
 * Of each the longest pause is kept, which fades, and what the hours of its day usually hold. It is silent
 * once it pauses twice as long, ten minutes at least, where events were expected, and is known for many times
 * that span. Time is the events' own. While all are away, or send what they had kept, nothing can be said of
 * one: so others have to be heard for ten minutes of arrivals too. Flat; pure; one thread at a time. */
#ifndef SCORE_SILENCE_H
#define SCORE_SILENCE_H

#include <stdalign.h>
#include <stdbool.h>
#include <vedette/bytes.h>

#include "kind.h"

enum { SILENCE_WAYS = 8, SILENCE_DAY_HOURS = 24, SILENCE_NAME_BYTES = 64 };

/* Who may go quiet, by set: all that is looked at to find one, or whom a newcomer replaces. */
struct watch_set {
    alignas(64) uint64_t keys[SILENCE_WAYS];         /* 0: free */
    uint32_t born[SILENCE_WAYS], last[SILENCE_WAYS]; /* event time of the first and the newest, in seconds */
};
_Static_assert(sizeof(struct watch_set) == 128, "a set is two cache lines");

/* What hearing changes. */
struct watch {
    uint32_t heard;        /* on the clock of arrivals */
    uint32_t hour, events; /* the hour under way, and what it holds so far */
    float longest;         /* pause, in seconds */
};

/* Written when its first hour ends, since most newcomers are gone by then. */
struct watch_habit {
    float hours[SILENCE_DAY_HOURS]; /* events in each */
    uint8_t who, tenant_len, name_len, unused;
    char tenant[SILENCE_NAME_BYTES], name[SILENCE_NAME_BYTES];
};

struct silences {
    void *memory; /* of the sets, which start at a cache line */
    struct watch_set *sets;
    uint32_t *due; /* when to look at each, in event time; UINT32_MAX: not before it is heard again */
    struct watch *watches;
    struct watch_habit *habits;
    uint32_t *recent; /* slots of those heard lately, by the key's low bits: hints, no state */
    size_t count;
    uint32_t arrivals;   /* seconds, which do not go on while nothing arrives */
    int64_t received_ms; /* the newest arrival */
    uint32_t now;        /* event time of the look that is under way */
    size_t looked;       /* how many it has looked at */
};

/* Who is heard; the texts are cut at SILENCE_NAME_BYTES. */
struct silence_who {
    uint64_t key; /* not 0 */
    enum who who;
    struct vd_bytes tenant, name;
};

struct silence {
    uint64_t key;
    enum who who;
    struct vd_bytes tenant, name; /* until the next call */
    uint32_t since, at;           /* its last event, and the time at which it is found silent */
    uint32_t longest, known;      /* its longest pause, and since when it is known, in seconds */
    double expected;              /* events from since to at */
    double surprise;              /* -log10 p: no such span in as many as it is known for */
};

/* VD_EINVAL for a max under SILENCE_WAYS, VD_ENOMEM. */
int silences_init(struct silences *s, size_t max);
void silences_deinit(struct silences *s);

/* Bring what hearing of it will touch nearer: first its set, then what that leads to. */
void silences_prefetch_set(const struct silences *s, uint64_t key);
void silences_prefetch(const struct silences *s, uint64_t key);
/* Something arrived. */
void silences_arrive(struct silences *s, int64_t received_ms);
void silences_hear(struct silences *s, const struct silence_who *who, uint32_t seconds);
/* The next one found silent by that watermark; false: there is none, for a minute of event time. Each is told
 * once, until it is heard again. */
bool silences_next(struct silences *s, uint32_t watermark_seconds, struct silence *out);

#endif
