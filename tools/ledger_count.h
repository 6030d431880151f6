/* The ledger's counting: events in, in the order of each stream's partition; accounts out. Memory goes with
 * streams, gaps and stretches of time, not with events. Pure. */
#ifndef VEDETTE_TOOLS_LEDGER_COUNT_H
#define VEDETTE_TOOLS_LEDGER_COUNT_H

#include <vedette/gap.h>

#include "intervals.h"

/* What the ledger is to know of one event. */
struct ledger_event {
    struct vd_bytes agent;  /* the record's key: "tenant/agent" */
    struct vd_bytes stream; /* 32 hex digits */
    uint64_t sequence;
    int64_t published_ms;
    const struct vd_gap *gap; /* NULL: none */
    bool fork;
};

/* What became of a stream, or in one stretch of time; also a sum of such. */
struct ledger_account {
    int64_t since_ms;                   /* of the stretch of time; 0: all */
    uint64_t first, last;               /* sequence numbers */
    uint64_t published;                 /* events, neither GAP nor FORK */
    uint64_t notices;                   /* GAPs with a number that no event of a source had */
    uint64_t told[VD_GAP_REASON_COUNT]; /* events missing, as GAPs say */
    uint64_t untold;                    /* GAPs that do not know how many */
    uint64_t twice, late, forks;
    /* Since ledger_close: numbers up to `last` that were not published, as a GAP says, and without one. */
    uint64_t covered, unexplained;
};

struct ledger_stream {
    char *agent, *stream;
    struct intervals seen, excused;  /* numbers of events, and those that GAPs tell of */
    struct ledger_account *accounts; /* by time, ascending */
    size_t count, room;
};

struct ledger {
    int64_t stretch_ms;           /* 0: one account a stream */
    struct ledger_stream **slots; /* a hash table until ledger_close */
    size_t slot_count;
    struct ledger_stream **streams; /* since ledger_close: by agent and stream */
    size_t stream_count;
    uint64_t unnumbered; /* events of no stream */
    uint64_t words;      /* of collectors, which are of no stream: SILENCE, VOLUME, TAKEOVER */
};
enum { LEDGER_STREAMS_MAX = 1 << 22 };

void ledger_init(struct ledger *ledger, int64_t stretch_ms);
void ledger_deinit(struct ledger *ledger);
/* VD_ENOMEM; VD_ELIMIT: too many streams, or one with too many gaps. */
int ledger_take(struct ledger *ledger, const struct ledger_event *event);
/* Sorts, and finds the holes. Nothing is taken after it. */
int ledger_close(struct ledger *ledger);

/* The next hole of a stream that no GAP explains, from `from` on. */
bool ledger_hole(const struct ledger_stream *stream, uint64_t from, struct interval *hole);
void ledger_add(struct ledger_account *sum, const struct ledger_account *account);
/* Numbers that were given to events of sources. */
uint64_t ledger_taken(const struct ledger_account *account);
/* Every number is accounted for, once and in order. */
bool ledger_whole(const struct ledger_account *account);

/* What became of events that were not published, in three words. */
enum ledger_fate { LEDGER_REFUSED, LEDGER_DROPPED, LEDGER_LOST };
enum ledger_fate ledger_fate_of(enum vd_gap_reason reason);
uint64_t ledger_told(const struct ledger_account *account, enum ledger_fate fate);

#endif
