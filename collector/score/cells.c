/* Cells of peers: a table by kind and who, then an open-addressed one by rule. */
#include "cells.h"

#include <vedette/error.h>
#include <vedette/memory.h>

enum { RULES_FROM = KIND_COUNT * WHO_COUNT, PROBES_MAX = 32 };

/* What peers are taken to do before any has been seen, and for how many windows that is believed. */
#define PEERS_FIRST(windows_of_it)                                                                           \
    {                                                                                                        \
        .baseline = {.mean = 1, .variance = 2}, .windows = (windows_of_it)                                   \
    }
#define CELL_FIRST(windows_of_it)                                                                            \
    {                                                                                                        \
        .rates = {PEERS_FIRST(windows_of_it), PEERS_FIRST(windows_of_it), PEERS_FIRST(windows_of_it)},       \
        .distinct = {.baseline = {1, 1}, .windows = 1},                                                      \
    }
static const struct cell RARE_FIRST = CELL_FIRST(64), OTHER_FIRST = CELL_FIRST(1);

const struct cell *cells_first(uint32_t cell)
{
    return cell < RULES_FROM && kind_at(cell / WHO_COUNT)->rare ? &RARE_FIRST : &OTHER_FIRST;
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
    for (uint32_t i = 0; i < CELLS_COUNT; i++)
        c->peers[i] = *cells_first(i);
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
