/* The heap, behind one seam, so that a test can fail the n-th allocation. Any thread. */
#ifndef VEDETTE_MEMORY_H
#define VEDETTE_MEMORY_H

#include <stddef.h>

void *vd_malloc(size_t len);
void *vd_calloc(size_t count, size_t len);
void *vd_realloc(void *old, size_t len);
char *vd_strdup(const char *text);
char *vd_strndup(const char *text, size_t len);
void vd_free(void *memory);

/* For tests: the n-th allocation from now on (1 = the next) fails, once. 0 turns it off. */
void vd_memory_fail_at(size_t n);

#endif
