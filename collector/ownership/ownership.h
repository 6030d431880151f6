/* Which shards this collector owns, among all collectors of the group, and where the others are.
 *
 * Happy path: new → bind → start: it joins the group and reads the directory → the group assigns shards, each
 * a tenure → … → release: every shard is handed over → close. How it fails: tenure.h tells what a shard does.
 * A shard that its owner let go belongs to the group again only when that member's session is over, so until
 * then the collectors choose one among them to act as its owner: the next in the order that all compute alike
 * from the directory, or, if that one is dead, the one after. Two that act at once fence each other, and the
 * later one stays. One loop. */
#ifndef COLLECTOR_OWNERSHIP_H
#define COLLECTOR_OWNERSHIP_H

#include "ownership/owners.h"
#include "ownership/tenure.h"
#include "shards.h"

struct ownership;

struct ownership_options {
    struct tenure_terms terms; /* its callbacks are filled in here */
    uint32_t session_timeout_ms;
    int32_t shard_count;
    outlet_delivered *delivered;
    /* Another process has this collector's name, since joining again was of no use; or that could not even be
     * tried: end at once. */
    void (*expelled)(void *arg, const char *why);
    void (*looked)(void *arg); /* ten times a second */
    void *arg;
};

int ownership_new(struct ownership **out, const struct ownership_options *options);
struct outlet *ownership_outlet(struct ownership *o, int32_t shard);
/* The shards that publish through those outlets; before start. */
void ownership_bind(struct ownership *o, const struct shards *shards);
/* error: VD_KAFKA_ERROR_BYTES. */
int ownership_start(struct ownership *o, char *error);

bool ownership_serves(const struct ownership *o, int32_t shard);
/* Where another collector serves it; NULL: nowhere, as far as is known. */
const char *ownership_elsewhere(const struct ownership *o, int32_t shard);

struct ownership_state {
    int32_t serving, claiming, elsewhere, nowhere;
    int32_t shard;   /* one that is not as it should be, */
    const char *why; /* and why; NULL: all are */
};
void ownership_look(const struct ownership *o, struct ownership_state *out);

/* Ends every open transaction now: too much is under way. */
void ownership_hurry(struct ownership *o);
/* Hands all shards over. */
void ownership_release(struct ownership *o);
bool ownership_released(const struct ownership *o);
/* Whether there are other collectors who can take them. */
bool ownership_has_heirs(const struct ownership *o);
/* cb once, never inside. */
void ownership_close(struct ownership *o, void (*cb)(void *arg));

#endif
