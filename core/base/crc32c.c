/* CRC32C, by the processor's own instruction where it has one, else eight bytes at a time from tables. */
#include <vedette/crc32c.h>

#include <endian.h>
#include <pthread.h>

enum { SLICES = 8 };
#define POLYNOMIAL UINT32_C(0x82f63b78) /* 0x1edc6f41, its bits reversed */

static uint32_t table[SLICES][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_make(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
        table[0][i] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++)
        for (int i = 0; i < 256; i++)
            table[slice][i] = table[slice - 1][i] >> 8 ^ table[0][table[slice - 1][i] & 0xff];
}

static uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static uint32_t by_table(uint32_t crc, const uint8_t *at, size_t len)
{
    pthread_once(&table_once, table_make);
    for (; len >= SLICES; at += SLICES, len -= SLICES) {
        uint64_t word = load(at) ^ crc;
        crc = 0;
        for (int i = 0; i < SLICES; i++)
            crc ^= table[SLICES - 1 - i][word >> (8 * i) & 0xff];
    }
    for (; len > 0; at++, len--)
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
    return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *at, size_t len)
{
    uint64_t wide = crc;
    for (; len >= 8; at += 8, len -= 8)
        wide = __builtin_ia32_crc32di(wide, load(at));
    crc = (uint32_t)wide;
    for (; len > 0; at++, len--)
        crc = __builtin_ia32_crc32qi(crc, *at);
    return crc;
}
#endif

uint32_t vd_crc32c_by_table(uint32_t before, struct vd_bytes bytes)
{
    return ~by_table(~before, bytes.data, bytes.len);
}

uint32_t vd_crc32c(uint32_t before, struct vd_bytes bytes)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return ~by_instruction(~before, bytes.data, bytes.len);
#endif
    return vd_crc32c_by_table(before, bytes);
}
