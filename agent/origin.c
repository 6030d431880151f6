/* Names and cursors of sources in the spool. */
#include "origin.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <vedette/hash.h>

/* A sum, so that the order of the paths does not count. */
static uint64_t hash_paths(const char *const *paths, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += vd_hash64(vd_bytes_str(paths[i]), 0);
    return sum;
}

void origin_name(char *out, const char *type, const char *const *paths, size_t path_count)
{
    enum { HASH_BYTES = 18 }; /* "#", 16 digits, and the end */
    if (path_count == 0) {
        snprintf(out, VD_SPOOL_SOURCE_NAME_BYTES, "%s", type);
        return;
    }
    const char *least = paths[0];
    for (size_t i = 1; i < path_count; i++)
        if (strcmp(paths[i], least) < 0)
            least = paths[i];
    int len = snprintf(out, VD_SPOOL_SOURCE_NAME_BYTES, "%s:%s", type, least);
    if (path_count == 1 && len < VD_SPOOL_SOURCE_NAME_BYTES)
        return;
    if (len > VD_SPOOL_SOURCE_NAME_BYTES - HASH_BYTES)
        len = VD_SPOOL_SOURCE_NAME_BYTES - HASH_BYTES;
    snprintf(out + len, HASH_BYTES, "#%016" PRIx64, hash_paths(paths, path_count));
}

int origin_init(struct origin *o, struct vd_spool *spool, const char *name)
{
    *o = (struct origin){.spool = spool};
    snprintf(o->name, sizeof o->name, "%s", name);
    o->index = vd_spool_source(spool, o->name);
    if (o->index < 0)
        return o->index;
    origin_move(o, vd_spool_cursor(spool, o->index));
    return 0;
}

struct vd_bytes origin_cursor(const struct origin *o)
{
    return vd_bytes_of(o->cursor, o->cursor_len);
}

void origin_move(struct origin *o, struct vd_bytes cursor)
{
    assert(cursor.len <= sizeof o->cursor);
    if (cursor.len == 0 || cursor.data == o->cursor)
        return;
    memcpy(o->cursor, cursor.data, cursor.len);
    o->cursor_len = cursor.len;
}

void origin_stand(struct origin *o, struct vd_bytes cursor, int64_t time_ms)
{
    origin_move(o, cursor);
    /* Where the spool cannot take it now, the first event brings it. */
    (void)vd_spool_note(o->spool, o->index, origin_cursor(o), time_ms);
}

int origin_append(struct origin *o, enum vd_spool_claim claim, struct vd_bytes event, struct vd_bytes cursor,
                  int64_t time_ms)
{
    if (cursor.len == 0)
        cursor = origin_cursor(o);
    int rc = vd_spool_append(o->spool, o->index, claim, event, cursor, time_ms);
    if (rc == 0)
        origin_move(o, cursor);
    return rc;
}
