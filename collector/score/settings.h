/* The configuration's section "score", for the collector and for who scores as it does. Pure; any thread. */
#ifndef SCORE_SETTINGS_H
#define SCORE_SETTINGS_H

#include <vedette/config.h>

#include "score.h"

struct score_settings {
    uint32_t max_entities; /* of all shards together */
    uint32_t findings_an_hour;
    struct score_asset *assets;
    uint32_t assets_count;
};
extern const struct vd_config_key SCORE_SETTINGS[];

/* Of max_entities, one shard's share. */
size_t score_settings_share(size_t max_entities, int32_t shards);
/* Of one shard; borrows the settings. */
struct score_options score_settings_options(const struct score_settings *settings, int32_t shards);

#endif
