/* A growable byte buffer with a limit and two cursors. */
#include <vedette/buffer.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <vedette/error.h>
#include <vedette/memory.h>

enum { FIRST_BYTES = 256 };

void vd_buffer_init(struct vd_buffer *b, size_t limit)
{
    *b = (struct vd_buffer){.limit = limit};
}

void vd_buffer_deinit(struct vd_buffer *b)
{
    vd_free(b->base);
    *b = (struct vd_buffer){.limit = b->limit};
}

static void compact(struct vd_buffer *b)
{
    if (b->begin == 0)
        return;
    memmove(b->base, b->base + b->begin, vd_buffer_len(b));
    b->end -= b->begin;
    b->begin = 0;
}

int vd_buffer_reserve(struct vd_buffer *b, size_t len, uint8_t **where)
{
    size_t held = vd_buffer_len(b);
    if (len > b->limit || held > b->limit - len)
        return VD_ELIMIT;
    if (b->cap - b->end < len) {
        size_t need = held + len, cap = b->cap < FIRST_BYTES ? FIRST_BYTES : b->cap;
        while (cap < need)
            cap *= 2;
        if (cap > b->limit)
            cap = need > b->limit ? need : b->limit;
        /* Growing only when more than half is unread keeps the copying linear. */
        if (cap > b->cap) {
            uint8_t *base = vd_malloc(cap);
            if (base == NULL)
                return VD_ENOMEM;
            if (held > 0)
                memcpy(base, b->base + b->begin, held);
            vd_free(b->base);
            b->base = base;
            b->cap = cap;
            b->begin = 0;
            b->end = held;
        } else {
            compact(b);
        }
    }
    *where = b->base == NULL ? NULL : b->base + b->end; /* of no room at all */
    return 0;
}

void vd_buffer_commit(struct vd_buffer *b, size_t len)
{
    assert(len <= b->cap - b->end);
    b->end += len;
}

int vd_buffer_append(struct vd_buffer *b, const void *data, size_t len)
{
    uint8_t *where;
    if (len == 0)
        return 0;
    int rc = vd_buffer_reserve(b, len, &where);
    if (rc != 0)
        return rc;
    memcpy(where, data, len);
    vd_buffer_commit(b, len);
    return 0;
}

int vd_buffer_append_str(struct vd_buffer *b, const char *text)
{
    return vd_buffer_append(b, text, strlen(text));
}

int vd_buffer_printf(struct vd_buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return VD_EINVAL;
    uint8_t *where;
    int rc = vd_buffer_reserve(b, (size_t)len + 1, &where);
    if (rc != 0)
        return rc;
    va_start(args, format);
    vsnprintf((char *)where, (size_t)len + 1, format, args);
    va_end(args);
    vd_buffer_commit(b, (size_t)len);
    return 0;
}

void vd_buffer_consume(struct vd_buffer *b, size_t len)
{
    assert(len <= vd_buffer_len(b));
    b->begin += len;
    if (b->begin == b->end)
        b->begin = b->end = 0;
}

void vd_buffer_clear(struct vd_buffer *b)
{
    b->begin = b->end = 0;
}

void vd_buffer_release_idle(struct vd_buffer *b)
{
    if (vd_buffer_len(b) == 0)
        vd_buffer_deinit(b);
}
