/* Keys and ranges of the section "score", and a shard's share of what is for all. */
#include "settings.h"

/* A little more than a share, since tenants never spread evenly. */
enum { SHARE_EXTRA = 8 };

enum { ASSETS_MAX = 1000 };

static const struct vd_config_key ASSET[] = {
    VD_CONFIG_KEY_TEXT_NEEDED(score_asset, tenant, 1, 64, asset_pattern_complaint),
    VD_CONFIG_KEY_TEXT_NEEDED(score_asset, host, 1, 255, asset_pattern_complaint),
    VD_CONFIG_KEY_WORD_NEEDED(score_asset, criticality, ASSET_CRITICALITIES),
    VD_CONFIG_KEY_END,
};

const struct vd_config_key SCORE_SETTINGS[] = {
    VD_CONFIG_KEY_NUMBER(score_settings, max_entities, 1000, 100000000),
    VD_CONFIG_KEY_NUMBER(score_settings, findings_an_hour, 1, 10000),
    VD_CONFIG_KEY_SECTIONS(score_settings, assets, ASSET, ASSETS_MAX),
    VD_CONFIG_KEY_END,
};

size_t score_settings_share(size_t max_entities, int32_t shards)
{
    return max_entities / (size_t)shards + SHARE_EXTRA;
}

struct score_options score_settings_options(const struct score_settings *settings, int32_t shards)
{
    return (struct score_options){.max_entities = score_settings_share(settings->max_entities, shards),
                                  .assets = settings->assets,
                                  .asset_count = settings->assets_count,
                                  .findings_an_hour = settings->findings_an_hour};
}
