/* Cells of peers: a table by kind and who, then an open-addressed one by rule. */
#include "cells.h"

#include <vedette/error.h>
#include <vedette/memory.h>

/* What peers are taken to do before any has been seen. */
static const struct baseline PEERS_FIRST = {.mean = 1, .variance = 2};
static const double RARE_PEERS_WINDOWS = 64; /* that prior is believed for this long */
static const double OTHER_PEERS_WINDOWS = 1;
enum { RULES_FROM = KIND_COUNT * WHO_COUNT, PROBES_MAX = 32 };

static void cell_init(struct cell *cell, double windows)
{
    for (int i = 0; i < ENTITY_RINGS; i++)
        cell->rates[i] = (struct peers){.baseline = PEERS_FIRST, .windows = windows};
    cell->distinct = (struct peers){.baseline = {1, 1}, .windows = 1};
}

int cells_init(struct cells *c)
{
    c->peers = vd_calloc(CELLS_COUNT, sizeof *c->peers);
    c->features = vd_calloc((size_t)CELLS_COUNT * FEATURE_COUNT, sizeof *c->features); /* pages as used */
    c->rules = vd_calloc(CELLS_RULES, sizeof *c->rules);
    if (c->peers == NULL || c->features == NULL || c->rules == NULL) {
        cells_deinit(c);
        return VD_ENOMEM;
    }
    for (uint32_t i = 0; i < CELLS_COUNT; i++) {
        bool rare = i < RULES_FROM && kind_at(i / WHO_COUNT)->rare;
        cell_init(&c->peers[i], rare ? RARE_PEERS_WINDOWS : OTHER_PEERS_WINDOWS);
    }
    return 0;
}

void cells_deinit(struct cells *c)
{
    vd_free(c->peers);
    vd_free(c->features);
    vd_free(c->rules);
    *c = (struct cells){0};
}

uint32_t cells_of_kind(uint32_t kind, enum who who)
{
    return kind * WHO_COUNT + (uint32_t)who;
}

uint32_t cells_of_rule(struct cells *c, uint64_t rule)
{
    uint32_t at = 0;
    for (uint32_t probe = 0; probe < PROBES_MAX; probe++) {
        at = (uint32_t)((rule + probe) % CELLS_RULES);
        if (c->rules[at] == 0)
            c->rules[at] = rule;
        if (c->rules[at] == rule)
            break;
    }
    return RULES_FROM + at;
}

struct calibration *cells_feature(const struct cells *c, uint32_t cell, enum feature feature)
{
    return &c->features[(size_t)cell * FEATURE_COUNT + (size_t)feature];
}
