/* How many different values: linear counting over a bitmap of 64 (Whang, Vander-Zanden, Taylor: "A
 * Linear-Time Probabilistic Counting Algorithm for Database Applications", ACM TODS 1990). Within a tenth up
 * to 60 values or so; a full bitmap counts as 311. Pure; any thread. */
#ifndef SCORE_DISTINCT_H
#define SCORE_DISTINCT_H

#include <stdint.h>

enum { DISTINCT_BITS = 64 };

/* The counts by the number of bits set. */
struct distinct_scale {
    double counts[DISTINCT_BITS + 1];
};
void distinct_scale_init(struct distinct_scale *scale);
double distinct_count(const struct distinct_scale *scale, uint64_t bitmap);

/* The value's bit in a window's bitmap, and another in a day's. */
uint64_t distinct_bit(uint64_t value);
uint64_t distinct_day_bit(uint64_t value);
/* Goes on by so many days: [0] is today, [1] yesterday. */
void distinct_days_pass(uint64_t days[2], uint32_t passed);

#endif
