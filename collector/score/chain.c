/* Chains: one slot a tenant, in 8-way sets; the tenant silent for longest gives way. */
#include "chain.h"

#include <math.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

#include "bounds.h"

enum { CHAINS_WAYS = 8, CHAINS_SETS = CHAINS_SLOTS / CHAINS_WAYS };
/* What a window adds is over what one in a hundred reaches. */
static const double EVIDENCE_FROM = 2;
/* 2^(-1/3600): half of the heat is gone in an hour. */
static const double KEPT_A_SECOND = 0.9998074776513175;

int chains_init(struct chains *c)
{
    c->slots = vd_calloc(CHAINS_SLOTS, sizeof *c->slots);
    return c->slots != NULL ? 0 : VD_ENOMEM;
}

void chains_deinit(struct chains *c)
{
    vd_free(c->slots);
    *c = (struct chains){0};
}

static struct chain *chain_of(struct chains *c, uint64_t tenant_hash)
{
    struct chain *set = &c->slots[(tenant_hash >> 32) % CHAINS_SETS * CHAINS_WAYS], *old = set;
    for (int i = 0; i < CHAINS_WAYS; i++) {
        if (set[i].tenant_hash == tenant_hash)
            return &set[i];
        if (set[i].heat_seconds < old->heat_seconds)
            old = &set[i];
    }
    *old = (struct chain){.tenant_hash = tenant_hash};
    return old;
}

static double kept(double what, uint32_t since, uint32_t now)
{
    return since < now ? what * baseline_power(KEPT_A_SECOND, now - since) : what;
}

/* The host takes the place of its own, or of the weakest. */
static void remember(struct chain *chain, const struct chain_event *event, double evidence, uint32_t now)
{
    struct chain_partner *place = &chain->partners[0];
    for (int i = 0; i < CHAIN_PARTNERS; i++) {
        struct chain_partner *p = &chain->partners[i];
        if (p->host_hash == event->host_hash) {
            place = p;
            break;
        }
        if (kept((double)p->evidence, p->seconds, now) < kept((double)place->evidence, place->seconds, now))
            place = p;
    }
    if (place->host_hash != event->host_hash && kept((double)place->evidence, place->seconds, now) > evidence)
        return;
    *place =
        (struct chain_partner){.host_hash = event->host_hash, .evidence = (float)evidence, .seconds = now};
    place->name_len = event->host.len < CHAIN_NAME_BYTES ? (uint32_t)event->host.len : CHAIN_NAME_BYTES;
    memcpy(place->name, event->host.data, place->name_len);
}

static struct vd_bytes partner(const struct chain *chain, uint64_t host_hash, uint32_t now)
{
    const struct chain_partner *best = NULL;
    double most = 0;
    for (int i = 0; i < CHAIN_PARTNERS; i++) {
        const struct chain_partner *p = &chain->partners[i];
        double evidence = kept((double)p->evidence, p->seconds, now);
        if (p->host_hash == host_hash || evidence <= most)
            continue;
        best = p;
        most = evidence;
    }
    return best != NULL ? vd_bytes_of(best->name, best->name_len) : (struct vd_bytes){0};
}

/* Heat that this host's window has not made itself; its own share grows to what the event shows. */
static double others(struct chain *chain, const struct chain_event *event, uint32_t now)
{
    struct entity_record *record = event->record;
    chain->heat = (float)kept((double)chain->heat, chain->heat_seconds, now);
    chain->heat_seconds = now;
    double own = kept((double)record->evidence, record->evidence_seconds, now);
    double heat = larger(0, (double)chain->heat - own), mine = larger(0, event->surprise - EVIDENCE_FROM);
    if (mine > own) {
        chain->heat += (float)(mine - own);
        record->evidence = (float)mine;
        record->evidence_seconds = now;
        remember(chain, event, mine, now);
    }
    return heat;
}

struct chain_beside chains_add(struct chains *c, const struct calibration_scale *scale,
                               const struct chain_event *event)
{
    struct chain *chain = chain_of(c, event->tenant_hash);
    uint32_t now = event->seconds < chain->heat_seconds ? chain->heat_seconds : event->seconds;
    struct chain_beside out = {.heat = others(chain, event, now)};
    struct calibration_place place = calibration_place_of(scale, out.heat);
    if (place.bin > chain->top)
        chain->top = place.bin;
    if (now / CHAIN_WINDOW_SECONDS != chain->window) {
        calibration_feed(&c->calibration, chain->top, 1);
        chain->top = 0;
        chain->window = now / CHAIN_WINDOW_SECONDS;
    }
    struct calibration *heats = &c->calibration;
    out.surprise = calibration_rank(heats, scale, place, now / 60 + 1, (double)heats->total, false);
    out.usual = calibration_median(&c->calibration, scale);
    out.partner = partner(chain, event->host_hash, now);
    return out;
}
