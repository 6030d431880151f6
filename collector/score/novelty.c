/* First seen: a blocked Bloom filter in two generations. */
#include "novelty.h"

#include <math.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

enum { BLOCK_WORDS = 4, BLOCK_BITS = 256, PAIR_BITS = 12, PROBES = 6, PROBE_BITS = 8, LINE_BYTES = 64 };
enum { SEEN_MAX = 1000 };

int novelty_init(struct novelty *n, size_t pairs)
{
    *n = (struct novelty){.block_count = pairs / (BLOCK_BITS / PAIR_BITS) + 1};
    if (n->block_count > UINT32_MAX)
        return VD_EINVAL;
    n->held_max = n->block_count * (BLOCK_BITS / PAIR_BITS);
    n->memory = vd_calloc(n->block_count + 1, LINE_BYTES);
    if (n->memory == NULL)
        return VD_ENOMEM;
    size_t off = (uintptr_t)n->memory % LINE_BYTES;
    n->words = (uint64_t *)((char *)n->memory + (off > 0 ? LINE_BYTES - off : 0));
    return 0;
}

void novelty_deinit(struct novelty *n)
{
    vd_free(n->memory);
    *n = (struct novelty){0};
}

/* Both generations' blocks share a line. */
static uint64_t *line_of(const struct novelty *n, uint64_t pair)
{
    return n->words + (size_t)((pair >> 32) * n->block_count >> 32) * 2 * BLOCK_WORDS;
}

void novelty_prefetch(const struct novelty *n, uint64_t pair)
{
    __builtin_prefetch(line_of(n, pair), 1);
}

/* The pair's bits: six of a block's 256, from the low half of the hash spread anew. */
struct bits {
    uint16_t at[PROBES];
};

static struct bits bits_of(uint64_t pair)
{
    struct bits bits;
    uint64_t spread = pair * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < PROBES; i++, spread >>= PROBE_BITS)
        bits.at[i] = (uint16_t)((spread >> (64 - PROBES * PROBE_BITS)) % BLOCK_BITS);
    return bits;
}

static bool has(const uint64_t *block, const struct bits *bits)
{
    for (int i = 0; i < PROBES; i++)
        if ((block[bits->at[i] / 64] >> bits->at[i] % 64 & 1) == 0)
            return false;
    return true;
}

static void put(struct novelty *n, uint64_t *block, const struct bits *bits)
{
    for (int i = 0; i < PROBES; i++)
        block[bits->at[i] / 64] |= UINT64_C(1) << bits->at[i] % 64;
    n->held++;
}

static void forget_older(struct novelty *n)
{
    n->younger ^= 1;
    n->held = 0;
    for (size_t i = 0; i < n->block_count; i++)
        memset(n->words + (2 * i + n->younger) * BLOCK_WORDS, 0, BLOCK_WORDS * sizeof *n->words);
}

bool novelty_is_first(struct novelty *n, uint64_t pair)
{
    struct bits bits = bits_of(pair);
    uint64_t *line = line_of(n, pair), *younger = line + n->younger * BLOCK_WORDS;
    if (has(younger, &bits))
        return false;
    bool is_first = !has(line + (n->younger ^ 1) * BLOCK_WORDS, &bits);
    put(n, younger, &bits);
    if (n->held >= n->held_max)
        forget_older(n);
    return is_first;
}

double novelty_surprise(uint16_t firsts, uint16_t seen)
{
    return fmax(0, -log10(((double)firsts / NOVELTY_UNIT + 0.5) / (seen + 1.0)));
}

void novelty_count(uint16_t *firsts, uint16_t *seen, bool is_first)
{
    *firsts = (uint16_t)(*firsts + (is_first ? NOVELTY_UNIT : 0));
    if (++*seen <= SEEN_MAX)
        return;
    *firsts /= 2;
    *seen /= 2;
}
