/* Reference values of lgamma(alpha + v) - lgamma(alpha) and of the same
 * differences of digamma and trigamma. They are computed in 113-bit arithmetic
 * where the compiler has it (DMM_HAVE_QUADMATH), otherwise in long double.
 *
 * The method shares no formula with the core. If alpha is below 40, alpha and
 * y = alpha + v are both shifted up by 40. Every term is a ratio or a sum of
 * positive numbers, so that nothing cancels, and Stirling's series is a long
 * one.
 */
#ifndef DMM_REFERENCE_H
#define DMM_REFERENCE_H

#include <float.h>
#include <math.h>

#ifdef DMM_HAVE_QUADMATH
#include <quadmath.h>
__extension__ typedef __float128 reference;
#define REFERENCE_LOG(x) logq(x)
#define REFERENCE_LOG1P(x) log1pq(x)
#define REFERENCE_EXP(x) expq(x)
#define REFERENCE_EPSILON 1.9e-34
#else
typedef long double reference;
#define REFERENCE_LOG(x) logl(x)
#define REFERENCE_LOG1P(x) log1pl(x)
#define REFERENCE_EXP(x) expl(x)
#define REFERENCE_EPSILON ((double)LDBL_EPSILON)
#endif

/* What tests add to their error bounds for the error of the reference itself.
 * It matters only where long double is no wider than double. */
#define REFERENCE_SLACK (200 * REFERENCE_EPSILON)

#define REFERENCE_SHIFT 40
#define REFERENCE_TERMS 11

typedef struct {
    reference lgamma;
    reference digamma;
    reference trigamma;
} reference_differences;

/* The Bernoulli numbers B_2n for n = 1, 2, ..., as fractions. */
static const double reference_bernoulli[REFERENCE_TERMS][2] = {
    {1, 6},       {-1, 30},       {1, 42},       {-1, 30},
    {5, 66},      {-691, 2730},   {7, 6},        {-3617, 510},
    {43867, 798}, {-174611, 330}, {854513, 138},
};

/* The terms of Stirling's series after the leading ones, for lgamma (order 0),
 * digamma (1) and trigamma (2). */
static inline reference reference_stirling(reference y, int order)
{
    const reference i = 1 / y, u = i * i;
    reference power = order == 0 ? i : order == 1 ? u : u * i;
    reference sum = order == 0 ? 0 : order == 1 ? -i / 2 : u / 2;
    for (int n = 1; n <= REFERENCE_TERMS; n++) {
        const reference b = (reference)reference_bernoulli[n - 1][0] /
                            (reference)reference_bernoulli[n - 1][1];
        if (order == 0)
            sum += b / (2 * n * (2 * n - 1)) * power;
        else if (order == 1)
            sum -= b / (2 * n) * power;
        else
            sum += b * power;
        power *= u;
    }
    return sum;
}

static inline reference_differences reference_difference(double alpha,
                                                         double count)
{
    const reference a = alpha, v = count;
    const int shift = alpha < REFERENCE_SHIFT ? REFERENCE_SHIFT : 0;
    const reference b = a + shift, y = b + v;
    const reference l = REFERENCE_LOG1P(v / b);
    reference_differences d;
    reference ratio = 1;
    d.lgamma = (y - (reference)1 / 2) * l + v * (REFERENCE_LOG(b) - 1) +
               reference_stirling(y, 0) - reference_stirling(b, 0);
    d.digamma = l + reference_stirling(y, 1) - reference_stirling(b, 1);
    d.trigamma =
        -v / (b * y) + reference_stirling(y, 2) - reference_stirling(b, 2);
    for (int m = 0; m < shift; m++) {
        const reference p = a + m, q = p + v, pq = p * q;
        ratio *= q / p;
        d.digamma += v / pq;
        d.trigamma -= v * (p + q) / (pq * pq);
    }
    d.lgamma -= REFERENCE_LOG(ratio);
    return d;
}

#endif
