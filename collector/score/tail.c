/* The upper tail of the negative binomial distribution: summed for small counts, an incomplete beta function
 * for larger.
 *
 * With mean μ and variance σ², w = (σ²-μ)/μ² is 1/r, and q = μw/(1+μw). Then
 *   p(0) = (1+μw)^(-r),  p(k+1) = p(k) · μ(1+kw) / ((k+1)(1+μw)),  P(N >= c) = I_q(c, r). */
#include "tail.h"

#include <math.h>

enum { SUMMED_MAX = 8, FRACTION_STEPS_MAX = 1000 };

static const double LEAST_W = 1e-6;
/* Under this, 1 - (sum of the rest) has lost too many digits, and the tail itself is summed. */
static const double LEAST_REST = 1e-7;

static double excess(struct rate rate)
{
    return fmax((rate.variance - rate.mean) / (rate.mean * rate.mean), LEAST_W);
}

/* ln p(0) */
static double log_none(double mean, double w)
{
    return -log1p(mean * w) / w;
}

/* p(k+1) / p(k) */
static double step(double k, double mean, double w)
{
    return mean * (1 + k * w) / ((k + 1) * (1 + mean * w));
}

/* P(N >= count) / P(given), 1 <= count <= SUMMED_MAX. */
static double summed(uint32_t count, double mean, double w, enum tail_given given)
{
    double none = log_none(mean, w), some = -expm1(none);
    if (given == TAIL_OF_ANY && count == 1)
        return some;
    double p = exp(none) * step(0, mean, w) / some, share = given == TAIL_OF_ANY ? some : 1;
    double below = 0;
    for (uint32_t k = 1; k < count; k++) {
        below += p;
        p *= step(k, mean, w);
    }
    if (1 - below > LEAST_REST)
        return share * (1 - below);
    double above = 0;
    for (uint32_t k = count; p > above * 1e-12; k++) {
        above += p;
        p *= step(k, mean, w);
    }
    return share * above;
}

/* The n-th coefficient of the continued fraction of I_x(a, b): https://dlmf.nist.gov/8.17#v */
static double coefficient(int n, double a, double b, double x)
{
    int half = n / 2;
    double m = half;
    if (n % 2 == 0)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

/* 1 + d1/(1 + d2/(1 + …)) by Lentz's method. It converges fast where x < a/(a+b), as it is for a count over
 * the mean. */
static double beta_fraction(double a, double b, double x)
{
    double fraction = 1, c = 1, d = 0;
    for (int n = 1; n <= FRACTION_STEPS_MAX; n++) {
        double term = coefficient(n, a, b, x);
        d = 1 / (1 + term * d);
        c = 1 + term / c;
        fraction *= c * d;
        if (fabs(c * d - 1) < 1e-10)
            break;
    }
    return fraction;
}

/* What Stirling's series adds to ln Γ(x) beyond (x - 1/2) ln x - x + ln(2π)/2; within 1e-10 from x = 9 on. */
static double stirling(double x)
{
    double inverse = 1 / x, square = inverse * inverse;
    return inverse * (1.0 / 12 - square * (1.0 / 360 - square / 1260));
}

/* ln Γ(c + r) - ln Γ(c), c > SUMMED_MAX. */
static double log_rising(double c, double r)
{
    double by_r = (c + r - 0.5) * log1p(r / c) + r * (log(c) - 1);
    return by_r + stirling(c + r) - stirling(c);
}

/* -log10 of P(N >= c) / P(given), c > mean and > SUMMED_MAX. */
static double integrated(double c, double mean, double w, enum tail_given given)
{
    double r = 1 / w, q = mean * w / (1 + mean * w), none = log_none(mean, w);
    int sign; /* lgamma would write a global */
    double front = c * log(q) + none + log_rising(c, r) - lgamma_r(r, &sign);
    double share = given == TAIL_NOT_EMPTY ? -expm1(none) : 1;
    return -(front - log(c * share * beta_fraction(c, r, q))) / M_LN10;
}

double tail_surprise(uint32_t count, struct rate rate, enum tail_given given)
{
    double w = excess(rate);
    if (count < (given == TAIL_NOT_EMPTY ? 2 : 1) || count <= rate.mean)
        return 0;
    double surprise = count <= SUMMED_MAX ? -log10(summed(count, rate.mean, w, given))
                                          : integrated(count, rate.mean, w, given);
    return fmax(0, surprise);
}
