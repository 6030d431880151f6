/* How much a host matters: the first entry of a list of patterns that fits it. Pure; any thread. */
#ifndef SCORE_ASSET_H
#define SCORE_ASSET_H

#include <vedette/bytes.h>

enum asset_criticality { ASSET_LOW, ASSET_NORMAL, ASSET_HIGH, ASSET_CRITICAL };
/* By their numbers; ends with NULL. */
extern const char *const ASSET_CRITICALITIES[];

/* Patterns: * stands for any text, even for none. As configuration leaves it. */
struct score_asset {
    char *tenant, *host;
    enum asset_criticality criticality;
};

/* ASSET_NORMAL where none fits. */
enum asset_criticality asset_find(const struct score_asset *assets, size_t count, struct vd_bytes tenant,
                                  struct vd_bytes host);
/* In a score: NULL where nothing is said of it. */
const char *asset_name(enum asset_criticality criticality);
/* What the risk is multiplied by. */
double asset_weight(enum asset_criticality criticality);
/* NULL, or what a pattern must be: of the letters of names, and *. */
const char *asset_pattern_complaint(const char *text);

#endif
