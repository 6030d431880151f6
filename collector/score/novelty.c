/* First seen: a blocked Bloom filter in two generations. */
#include "novelty.h"

#include <math.h>
#include <string.h>

#include <vedette/error.h>
#include <vedette/memory.h>

enum { BLOCK_WORDS = 4, BLOCK_BITS = 256, PAIR_BITS = 12, PROBES = 6, PROBE_BITS = 8 };
enum { SEEN_MAX = 1000 };

int novelty_init(struct novelty *n, size_t pairs)
{
    *n = (struct novelty){.block_count = pairs / (BLOCK_BITS / PAIR_BITS) + 1};
    if (n->block_count > UINT32_MAX)
        return VD_EINVAL;
    n->held_max = n->block_count * (BLOCK_BITS / PAIR_BITS);
    n->memory = vd_calloc(n->block_count + 1, NOVELTY_LINE_BYTES);
    if (n->memory == NULL)
        return VD_ENOMEM;
    size_t off = (uintptr_t)n->memory % NOVELTY_LINE_BYTES;
    n->words = (uint64_t *)((char *)n->memory + (off > 0 ? NOVELTY_LINE_BYTES - off : 0));
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

/* The pair's bits, six of a block's 256: a byte each, from the hash spread anew. */
static uint64_t probes_of(uint64_t pair)
{
    return pair * UINT64_C(0x9E3779B97F4A7C15) >> (64 - PROBES * PROBE_BITS);
}

static bool has(const uint64_t *block, uint64_t probes)
{
    for (int i = 0; i < PROBES; i++, probes >>= PROBE_BITS) {
        unsigned bit = probes % BLOCK_BITS;
        if ((block[bit / 64] >> bit % 64 & 1) == 0)
            return false;
    }
    return true;
}

static void put(struct novelty *n, uint64_t *block, uint64_t probes)
{
    for (int i = 0; i < PROBES; i++, probes >>= PROBE_BITS)
        block[probes % BLOCK_BITS / 64] |= UINT64_C(1) << probes % 64;
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
    uint64_t probes = probes_of(pair);
    uint64_t *line = line_of(n, pair), *younger = line + n->younger * BLOCK_WORDS;
    if (has(younger, probes))
        return false;
    bool is_first = !has(line + (n->younger ^ 1) * BLOCK_WORDS, probes);
    put(n, younger, probes);
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
