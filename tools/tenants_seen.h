/* Whose events were seen, to say to somebody who waits for a tenant that does not come: its name may be
 * misspelt. Pure; one thread. */
#ifndef VEDETTE_TOOLS_TENANTS_SEEN_H
#define VEDETTE_TOOLS_TENANTS_SEEN_H

#include <vedette/buffer.h>

enum { TENANTS_SEEN_MAX = 6, TENANTS_SEEN_NAME_BYTES = 65, TENANTS_SEEN_TEXT_BYTES = 2048 };

/* Zeroed: nobody yet. */
struct tenants_seen {
    char names[TENANTS_SEEN_MAX][TENANTS_SEEN_NAME_BYTES]; /* the first ones */
    size_t count;
    uint64_t events;
    bool more, wanted; /* wanted: the one that is waited for came */
};

void tenants_seen_take(struct tenants_seen *seen, const char *wanted, struct vd_bytes tenant);
/* "no event of tenant nroth so far, among 320 read: north, south". Names are escaped. */
void tenants_seen_tell(const struct tenants_seen *seen, const char *wanted,
                       char out[TENANTS_SEEN_TEXT_BYTES]);

#endif
