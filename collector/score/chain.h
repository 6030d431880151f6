/* Chains: a weak detection beside strong ones of the same tenant counts for more.
 *
 * Each tenant has a heat, the sum of what was unlikely of its hosts' 5-minute windows, halved every hour. An
 * event is judged by the heat that is not its own window's. Flat; pure; one thread at a time. */
#ifndef SCORE_CHAIN_H
#define SCORE_CHAIN_H

#include <vedette/bytes.h>

#include "calibration.h"
#include "entities.h"

enum { CHAIN_PARTNERS = 2, CHAIN_NAME_BYTES = 64, CHAIN_WINDOW_SECONDS = 300 };

/* A host that made heat, for people. */
struct chain_partner {
    uint64_t host_hash;
    float evidence;
    uint32_t seconds;
    uint32_t name_len;
    char name[CHAIN_NAME_BYTES];
};

struct chain {
    uint64_t tenant_hash;
    float heat;
    uint32_t heat_seconds, window;
    uint8_t top, unused[3];
    struct chain_partner partners[CHAIN_PARTNERS];
};

enum { CHAINS_SLOTS = 1024 };

struct chains {
    struct chain *slots;
    struct calibration calibration;
};

int chains_init(struct chains *c);
void chains_deinit(struct chains *c);

/* An event of a detection, and where it happened. */
struct chain_event {
    uint64_t tenant_hash, host_hash;
    struct vd_bytes host;
    struct entity_record *record; /* of the host */
    uint32_t seconds;
    double surprise;
};

struct chain_beside {
    double heat;             /* of the tenant's other windows */
    double surprise;         /* -log10 p of so much */
    double usual;            /* half of the windows have less */
    struct vd_bytes partner; /* the host that made most of it, if it is known; borrowed from the chain */
};

/* Takes the event in, and says what it stands beside. */
struct chain_beside chains_add(struct chains *c, const struct calibration_scale *scale,
                               const struct chain_event *event);

#endif
