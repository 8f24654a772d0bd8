/* Special functions for single values: see special.h. */
#include "simd/special.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "counts/counts.h"

#define DMM_VL 1
#include "vec.h"
#include "special_template.h"

typedef struct {
    double lgamma;
    double digamma;
    double trigamma;
} differences;

/* For whole x below DMM_SMALL_COUNT. */
static differences small_differences(double alpha, double x)
{
    const double inverse = 1.0 / alpha;
    v_product p = v_product_one();
    differences d = {0.0, 0.0, 0.0};
    double first, second;
    if (x < 1.0)
        return d;
    for (double m = 1.0; m < x; m += 1.0)
        v_product_times(&p, alpha + m, 1);
    d.lgamma = log(alpha) + v_product_log(&p, &first, &second);
    d.digamma = inverse + first;
    d.trigamma = second - inverse * inverse;
    return d;
}

/* For x >= DMM_SMALL_COUNT, whole or not. */
static differences large_differences(double alpha, double x)
{
    const v_form form = v_choose_form(alpha);
    v_product seven = v_product_one();
    for (double m = 1.0; m < (double)V_SHIFT; m += 1.0)
        v_product_times(&seven, alpha + m, 1);
    const v_large c = v_large_start(alpha, log(alpha), &seven, form, 1);
    differences d;
    d.lgamma = v_large_terms(&c, form, x, 1, &d.digamma, &d.trigamma);
    d.digamma += c.constant_1;
    d.trigamma += c.constant_2;
    return d;
}

/* For any x >= 0. */
static differences all_differences(double alpha, double x)
{
    if (x >= DMM_SMALL_COUNT)
        return large_differences(alpha, x);
    if (x == floor(x))
        return small_differences(alpha, x);

    /* f(alpha + x + V_SHIFT) - f(alpha), minus f(alpha + x + V_SHIFT) -
     * f(alpha + x), which is a finite sum by f's recurrence. */
    differences d = large_differences(alpha, x + V_SHIFT);
    const differences back = small_differences(alpha + x, V_SHIFT - 1);
    const double last = alpha + x + (V_SHIFT - 1);
    d.lgamma -= back.lgamma + log(last);
    d.digamma -= back.digamma + 1.0 / last;
    d.trigamma -= back.trigamma - 1.0 / (last * last);
    return d;
}

double dmm_lgamma_difference(double alpha, double x)
{
    return all_differences(alpha, x).lgamma;
}

double dmm_digamma_difference(double alpha, double x)
{
    return all_differences(alpha, x).digamma;
}

double dmm_trigamma_difference(double alpha, double x)
{
    return all_differences(alpha, x).trigamma;
}
