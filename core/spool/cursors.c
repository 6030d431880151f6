/* Sources and their cursors: as a table in memory, and one after another on disk. */
#include "format.h"

#include <stdio.h>

/* The place of a source: its own, a free one, or that of whichever has been silent longest. */
static int place(const struct spool_cursors *c, const char *name)
{
    int oldest = 0;
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->at[i].name, name) == 0)
            return i;
        if (c->at[i].set_at < c->at[oldest].set_at)
            oldest = i;
    }
    return c->count < VD_SPOOL_SOURCES_MAX ? c->count : oldest;
}

void spool_cursors_set(struct spool_cursors *c, const char *name, struct vd_bytes cursor)
{
    int i = place(c, name);
    if (i == c->count)
        c->count++;
    snprintf(c->at[i].name, sizeof c->at[i].name, "%s", name);
    c->at[i].set_at = ++c->sets;
    c->at[i].len = (uint16_t)cursor.len;
    if (cursor.len > 0)
        memcpy(c->at[i].bytes, cursor.data, cursor.len);
}

/* 1 length of the name, 2 length of the cursor, both. */
uint8_t *spool_cursor_put(uint8_t *at, const char *name, struct vd_bytes cursor)
{
    size_t len = strlen(name);
    *at++ = (uint8_t)len;
    *at++ = (uint8_t)cursor.len;
    *at++ = (uint8_t)(cursor.len >> 8);
    at = mempcpy(at, name, len);
    return cursor.len > 0 ? mempcpy(at, cursor.data, cursor.len) : at;
}

bool spool_cursor_next(struct vd_bytes *rest, char *name, struct vd_bytes *cursor, bool *bad)
{
    if (rest->len == 0)
        return false;
    *bad = true;
    if (rest->len < SPOOL_CURSOR_HEAD_BYTES)
        return false;
    const uint8_t *at = rest->data;
    size_t name_len = at[0], len = (size_t)(at[1] | at[2] << 8);
    if (name_len == 0 || name_len >= VD_SPOOL_SOURCE_NAME_BYTES || len > VD_SPOOL_CURSOR_MAX_BYTES ||
        rest->len - SPOOL_CURSOR_HEAD_BYTES < name_len + len)
        return false;
    at += SPOOL_CURSOR_HEAD_BYTES;
    memcpy(name, at, name_len);
    name[name_len] = '\0';
    *cursor = vd_bytes_of(at + name_len, len);
    *rest = vd_bytes_of(at + name_len + len, rest->len - SPOOL_CURSOR_HEAD_BYTES - name_len - len);
    *bad = false;
    return true;
}

void spool_cursors_merge(struct spool_cursors *c, struct vd_bytes encoded)
{
    char name[VD_SPOOL_SOURCE_NAME_BYTES];
    struct vd_bytes cursor;
    bool bad = false;
    while (spool_cursor_next(&encoded, name, &cursor, &bad))
        spool_cursors_set(c, name, cursor);
}
