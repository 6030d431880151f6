/* A growable byte buffer with two cursors: bytes are appended at `end` and consumed at `begin`.
 * It never grows past `limit`; consumed space is reclaimed before it grows. One thread at a time. */
#ifndef VEDETTE_BUFFER_H
#define VEDETTE_BUFFER_H

#include <vedette/bytes.h>

struct vd_buffer {
    uint8_t *base;
    size_t cap, begin, end, limit;
};

#define VD_BUFFER_NULL ((struct vd_buffer){0})

/* limit: most bytes it may ever hold unread. Allocates nothing yet. */
void vd_buffer_init(struct vd_buffer *b, size_t limit);
/* Idempotent; fit for a null buffer too. */
void vd_buffer_deinit(struct vd_buffer *b);

static inline size_t vd_buffer_len(const struct vd_buffer *b)
{
    return b->end - b->begin;
}
/* What is unread; valid until the next call that is not const. */
static inline struct vd_bytes vd_buffer_bytes(const struct vd_buffer *b)
{
    /* A null pointer plus 0 is undefined in C11. */
    return vd_bytes_of(b->base == NULL ? NULL : b->base + b->begin, vd_buffer_len(b));
}

/* Room for `len` more bytes at *where; commit with vd_buffer_commit. VD_ELIMIT or VD_ENOMEM leave it as it
 * was. */
int vd_buffer_reserve(struct vd_buffer *b, size_t len, uint8_t **where);
void vd_buffer_commit(struct vd_buffer *b, size_t len);
int vd_buffer_append(struct vd_buffer *b, const void *data, size_t len);
int vd_buffer_append_str(struct vd_buffer *b, const char *text);
int vd_buffer_printf(struct vd_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first len unread bytes; an emptied buffer starts again at its base. */
void vd_buffer_consume(struct vd_buffer *b, size_t len);
void vd_buffer_clear(struct vd_buffer *b);
/* Gives the memory back if nothing is unread: for idle connections. */
void vd_buffer_release_idle(struct vd_buffer *b);

#endif
