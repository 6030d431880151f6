/* Patterns by greedy steps back to the last star, so that no pattern takes more than its length times the
 * text's. */
#include "asset.h"

#include <string.h>

const char *const ASSET_CRITICALITIES[] = {"low", "normal", "high", "critical", NULL};
static const double WEIGHTS[] = {0.75, 1, 1.25, 1.5};
static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*";

static bool fits(const char *pattern, struct vd_bytes text)
{
    size_t at = 0, resume = 0;
    const char *star = NULL;
    while (at < text.len) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = at;
        } else if ((uint8_t)*pattern == text.data[at] && *pattern != '\0') {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

enum asset_criticality asset_find(const struct score_asset *assets, size_t count, struct vd_bytes tenant,
                                  struct vd_bytes host)
{
    for (size_t i = 0; i < count; i++)
        if (fits(assets[i].tenant, tenant) && fits(assets[i].host, host))
            return assets[i].criticality;
    return ASSET_NORMAL;
}

const char *asset_name(enum asset_criticality criticality)
{
    return criticality == ASSET_NORMAL ? NULL : ASSET_CRITICALITIES[criticality];
}

double asset_weight(enum asset_criticality criticality)
{
    return WEIGHTS[criticality];
}

const char *asset_pattern_complaint(const char *text)
{
    return text[strspn(text, LETTERS)] == '\0' ? NULL : "must be of [A-Za-z0-9._-], and * for any text";
}
