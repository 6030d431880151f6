/* A string literal as a view of its bytes, NULs included, fit for a static table. */
#ifndef LITERAL_H
#define LITERAL_H

#include <vedette/bytes.h>

#define BYTES(literal) ((struct vd_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

#endif
