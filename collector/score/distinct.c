/* Linear counting: -64 ln(zeros / 64). */
#include "distinct.h"

#include <math.h>

#include "mix.h"

/* Of a full bitmap: as if half a zero were left. */
static const double LEAST_ZEROS = 0.5;

void distinct_scale_init(struct distinct_scale *scale)
{
    for (int set = 0; set <= DISTINCT_BITS; set++) {
        double zeros = fmax(DISTINCT_BITS - set, LEAST_ZEROS);
        scale->counts[set] = -DISTINCT_BITS * log(zeros / DISTINCT_BITS);
    }
}

double distinct_count(const struct distinct_scale *scale, uint64_t bitmap)
{
    return scale->counts[__builtin_popcountll(bitmap)];
}

uint64_t distinct_bit(uint64_t value)
{
    return UINT64_C(1) << mix(value) % DISTINCT_BITS;
}

uint64_t distinct_day_bit(uint64_t value)
{
    return UINT64_C(1) << (mix(value) >> 8) % DISTINCT_BITS;
}

void distinct_days_pass(uint64_t days[2], uint32_t passed)
{
    if (passed == 0)
        return;
    days[1] = passed == 1 ? days[0] : 0;
    days[0] = 0;
}
