/* A view of bytes that somebody else owns. Not terminated; data may be NULL when len is 0. */
#ifndef VEDETTE_BYTES_H
#define VEDETTE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct vd_bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct vd_bytes vd_bytes_of(const void *data, size_t len)
{
    return (struct vd_bytes){.data = data, .len = len};
}

static inline struct vd_bytes vd_bytes_str(const char *text)
{
    return vd_bytes_of(text, text == NULL ? 0 : strlen(text));
}

static inline bool vd_bytes_equal(struct vd_bytes a, struct vd_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
