/* The larger and the smaller of two numbers, in line: fmax and fmin are calls, for what a NaN asks. */
#ifndef SCORE_BOUNDS_H
#define SCORE_BOUNDS_H

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

#endif
