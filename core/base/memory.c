/* The heap behind one seam; a countdown for tests makes one allocation fail. */
#include <vedette/memory.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_size_t countdown;

static bool fails(void)
{
    size_t left = atomic_load_explicit(&countdown, memory_order_relaxed);
    if (left == 0)
        return false;
    return atomic_fetch_sub(&countdown, 1) == 1;
}

void vd_memory_fail_at(size_t n)
{
    atomic_store(&countdown, n);
}

void *vd_malloc(size_t len)
{
    return fails() ? NULL : malloc(len > 0 ? len : 1);
}

void *vd_calloc(size_t count, size_t len)
{
    return fails() ? NULL : calloc(count > 0 ? count : 1, len > 0 ? len : 1);
}

void *vd_realloc(void *old, size_t len)
{
    return fails() ? NULL : realloc(old, len > 0 ? len : 1);
}

void *vd_grow(void *items, size_t *cap, size_t first, size_t item_bytes)
{
    size_t more = *cap == 0 ? first : 2 * *cap;
    if (more > SIZE_MAX / item_bytes)
        return NULL;
    void *grown = vd_realloc(items, more * item_bytes);
    if (grown != NULL)
        *cap = more;
    return grown;
}

char *vd_strdup(const char *text)
{
    return vd_strndup(text, strlen(text));
}

char *vd_strndup(const char *text, size_t len)
{
    char *copy = vd_malloc(len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void vd_free(void *memory)
{
    free(memory);
}
