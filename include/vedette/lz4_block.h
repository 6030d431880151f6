/* LZ4 blocks, behind one seam. Any thread: each has its own compression table. */
#ifndef VEDETTE_LZ4_BLOCK_H
#define VEDETTE_LZ4_BLOCK_H

#include <vedette/bytes.h>

/* No LZ4 block grows by more than this: a longer length takes one more byte for every 255 that it adds. */
enum { VD_LZ4_RATIO_MAX = 255 };

/* Bytes written to out, or 0 if it does not fit in cap. The library takes at most 2 GiB of raw. */
size_t vd_lz4_pack(struct vd_bytes raw, uint8_t *out, size_t cap);

/* Whether packed is a block of exactly raw_bytes, which are then at raw. */
bool vd_lz4_unpack(struct vd_bytes packed, uint8_t *raw, size_t raw_bytes);

#endif
