/* The heap, behind one seam, so that a test can fail the n-th allocation. Any thread. */
#ifndef VEDETTE_MEMORY_H
#define VEDETTE_MEMORY_H

#include <stddef.h>

void *vd_malloc(size_t len);
void *vd_calloc(size_t count, size_t len);
void *vd_realloc(void *old, size_t len);
/* For an array that is full: room for twice *cap items, for `first` where it has none yet. NULL: out of
 * memory; items and *cap are as they were. */
void *vd_grow(void *items, size_t *cap, size_t first, size_t item_bytes);
char *vd_strdup(const char *text);
char *vd_strndup(const char *text, size_t len);
void vd_free(void *memory);

/* For tests: the n-th allocation from now on (1 = the next) fails, once. 0 turns it off. */
void vd_memory_fail_at(size_t n);

#endif
