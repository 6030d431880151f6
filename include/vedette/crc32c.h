/* CRC32C (Castagnoli; RFC 3720 appendix B.4): what tells a flipped bit on a disk. No defence against anybody
 * who writes there on purpose. Pure; any thread. */
#ifndef VEDETTE_CRC32C_H
#define VEDETTE_CRC32C_H

#include <vedette/bytes.h>

/* before: 0, or the sum over what precedes bytes. */
uint32_t vd_crc32c(uint32_t before, struct vd_bytes bytes);
/* The same, for processors without an instruction for it. */
uint32_t vd_crc32c_by_table(uint32_t before, struct vd_bytes bytes);

#endif
