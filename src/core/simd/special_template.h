/* Special functions on vectors: exp, log, and the differences of lgamma,
 * digamma and trigamma that the model needs.
 *
 * Included by kernels_template.h for each instruction set, after vec.h, and by
 * special.c for single doubles. DMM_VL is the number of doubles in a vector;
 * <immintrin.h> must have been included if it is 4 or 8.
 *
 * For alpha > 0 and a count v the kernels need
 *     T = lgamma(alpha + v) - lgamma(alpha)         (order 0)
 *     P = digamma(alpha + v) - digamma(alpha)       (order 1)
 *     Q = trigamma(alpha + v) - trigamma(alpha)     (order 2)
 * without the cancellation of these subtractions.
 *
 * Counts below DMM_SMALL_COUNT use the product form. With the product
 * p = prod_{m=1}^{v-1} (alpha + m) and its derivatives p', p'' in alpha,
 *     T = log alpha + log p,  P = 1/alpha + p'/p,
 *     Q = -1/alpha^2 + p''/p - (p'/p)^2.
 *
 * Larger counts use Stirling's series for y = alpha + v >= 8 and for a base b.
 * b is alpha, or alpha + 8 if alpha < 8; in this case the product form, for
 * v = 8, gives the difference between alpha and b. The difference of the two
 * series is evaluated in one of two forms:
 *   direct  log y and log b are evaluated separately. This takes the fewest
 *           operations, and is accurate while the difference is not much
 *           smaller than its terms, as is the case for alpha < V_DIRECT_ALPHA.
 *   ratio   w = y - b, and L = log(y / b) is computed from w instead of from
 *           rounded logarithms:
 *           T = (y - 1/2) L + w (log b - 1) + S(y) - S(b),
 *           P = L + S'(y) - S'(b),  Q = -w / (y b) + S''(y) - S''(b).
 *           This is accurate to rounding for any alpha.
 * S is the remainder of Stirling's series (Abramowitz & Stegun 6.1.41). The
 * terms of T, P and Q that do not depend on v are computed once for a column
 * and component. Each evaluation takes a single division: 1/y and the quotient
 * in the logarithm are both computed from the inverse of a product.
 *
 * The coefficients of the polynomials come from tools/minimax.py.
 */

/* The smallest argument of Stirling's series: alphas below it are increased by
 * it, and counts below it use the product form (DMM_SMALL_COUNT). */
#define V_SHIFT 8

/* The direct form is used for smaller alphas, for which it loses at most three
 * bits. */
#define V_DIRECT_ALPHA 16.0

#define V_LN_2 0.693147180559945309417
#define V_LN_2_HIGH 0.693147180369123816490 /* the first 32 bits of ln 2 */
#define V_LN_2_LOW 1.90821492927058770002e-10
#define V_SQRT_HALF 0.707106781186547524401
#define V_BITS_SQRT_HALF UINT64_C(0x3fe6a09e667f3bcd)
#define V_BITS_ONE UINT64_C(0x3ff0000000000000)
#define V_BITS_EXPONENT UINT64_C(0xfff0000000000000)

/* ---- Operations with instructions of their own ------------------------ */

/* a * b + c, rounded only once if there is an instruction for it. */
V_INLINE vd v_fma(vd a, vd b, vd c)
{
#if DMM_VL == 8
    return _mm512_fmadd_pd(a, b, c);
#elif DMM_VL == 4
    return _mm256_fmadd_pd(a, b, c);
#else
    return a * b + c;
#endif
}

/* A vector with x in all lanes. The compiler can remove the subtraction of 0,
 * but not an addition of 0, which changes -0. */
V_INLINE vd v_broadcast(double x)
{
#if DMM_VL == 1
    return x;
#else
    return x - (vd){0};
#endif
}

/* t / 2^52 without its fraction, as a double, for t < 2^63: the exponent bits
 * if t holds the bits of a positive double. */
V_INLINE vd v_exponent(vu t)
{
#if DMM_VL == 8
    return _mm512_cvtepi64_pd((__m512i)(t >> 52));
#else
    /* The integer is put into the low bits of 2^52, which is then
     * subtracted. */
    return v_from_bits((t >> 52) | UINT64_C(0x4330000000000000)) -
           4503599627370496.0;
#endif
}

/* Whether any lane of a mask is set. */
V_INLINE int v_any(vi mask)
{
#if DMM_VL == 8
    return _mm512_movepi64_mask((__m512i)mask) != 0;
#elif DMM_VL == 4
    return _mm256_movemask_pd((__m256d)mask) != 0;
#elif DMM_VL == 2
    return (mask[0] | mask[1]) != 0;
#else
    return mask != 0;
#endif
}

/* ---- Exponential and logarithm ---------------------------------------- */

/* exp(x) for x <= 709; 0 for x < -708. NaN stays NaN. */
V_INLINE vd v_exp(vd x)
{
    const vi zero = V_MASK(x < v_set(-708.0));
    /* n is x / ln 2, rounded; the low bits of 1.5 * 2^52 + n hold it as an
     * integer. */
    const vd shifted =
        v_fma(x, v_set(1.44269504088896340736), v_set(6755399441055744.0));
    const vd n = shifted - 6755399441055744.0;
    /* r = x - n ln 2. ln 2 is split in two; n times the high part is exact. */
    vd r = v_fma(n, v_set(-V_LN_2_HIGH), x);
    r = v_fma(n, v_set(-V_LN_2_LOW), r);
    vd p = v_set(2.5118146122653207e-08);
    p = v_fma(p, r, v_set(2.763127153303643e-07));
    p = v_fma(p, r, v_set(2.755721535970276e-06));
    p = v_fma(p, r, v_set(2.4801489969983757e-05));
    p = v_fma(p, r, v_set(0.00019841269918497036));
    p = v_fma(p, r, v_set(0.0013888888946984909));
    p = v_fma(p, r, v_set(0.008333333333306653));
    p = v_fma(p, r, v_set(0.04166666666651556));
    p = v_fma(p, r, v_set(0.166666666666667));
    p = v_fma(p, r, v_set(0.5000000000000012));
    p = v_fma(r * r, p, r) + 1.0;
    p = v_from_bits(v_bits(p) + (v_bits(shifted) << 52));
    return v_from_bits(v_bits(p) & ~(vu)zero);
}

/* 2 atanh(g / 2) for |g| <= 2 (sqrt 2 - 1) / (sqrt 2 + 1). This is log m for
 * g = 2 (m - 1) / (m + 1) and m in [sqrt(1/2), sqrt 2]. */
V_INLINE vd v_log_fraction(vd g)
{
    const vd s = g * g;
    vd r = v_set(2.053201569263383e-05);
    r = v_fma(r, s, v_set(8.849434630383806e-05));
    r = v_fma(r, s, v_set(0.0004340502284550458));
    r = v_fma(r, s, v_set(0.002232141963250307));
    r = v_fma(r, s, v_set(0.012500000016335876));
    r = v_fma(r, s, v_set(0.083333333333234));
    return v_fma(g * s, r, g);
}

/* A logarithm as exponent * ln 2 + fraction, where |fraction| <= ln(2) / 2. */
typedef struct {
    vd exponent;
    vd fraction;
} v_logarithm;

V_INLINE vd v_log_value(v_logarithm l)
{
    return v_fma(l.exponent, v_set(V_LN_2), l.fraction);
}

/* log x for any normal x > 0. */
V_INLINE vd v_log(vd x)
{
    /* x = m 2^e with m in [sqrt(1/2), sqrt 2). The exponent bits of t hold
     * e + 1023. */
    const vu t = v_bits(x) + (V_BITS_ONE - V_BITS_SQRT_HALF);
    const vd m = v_from_bits(v_bits(x) - (t & V_BITS_EXPONENT) + V_BITS_ONE);
    const vd g = (m - 1.0) / v_fma(m, v_set(0.5), v_set(0.5));
    const v_logarithm l = {v_exponent(t) - 1023.0, v_log_fraction(g)};
    return v_log_value(l);
}

/* log x for x >= 1. Here the exponent bits of t hold e itself, which saves an
 * operation. */
V_INLINE vd v_log_above_1(vd x)
{
    const vu t = v_bits(x) - V_BITS_SQRT_HALF;
    const vd m = v_from_bits(v_bits(x) - (t & V_BITS_EXPONENT));
    const vd g = (m - 1.0) / v_fma(m, v_set(0.5), v_set(0.5));
    const v_logarithm l = {v_exponent(t), v_log_fraction(g)};
    return v_log_value(l);
}

/* log x and 1 / x for x from 1 to 1e307, with one division. */
V_INLINE v_logarithm v_log_inverse(vd x, vd *inverse)
{
    const vu t = v_bits(x) - V_BITS_SQRT_HALF;
    const vd m = v_from_bits(v_bits(x) - (t & V_BITS_EXPONENT));
    const vd h = v_fma(m, v_set(0.5), v_set(0.5));
    const vd both = 1.0 / (h * x);
    *inverse = h * both;
    const v_logarithm l = {v_exponent(t),
                           v_log_fraction((m - 1.0) * (x * both))};
    return l;
}

/* ---- Stirling's series ------------------------------------------------- *
 * For y >= 8, with i = 1 / y and u = i^2:
 *     S(y)   = lgamma(y) - (y - 1/2) log y + y - log(2 pi) / 2 = i s0(u)
 *     S'(y)  = digamma(y) - log y    = -(i / 2 + u s1(u))
 *     S''(y) = trigamma(y) - 1 / y   = u / 2 + u i s2(u)                   */

V_INLINE vd v_stirling_0(vd u)
{
    vd r = v_set(0.000766348181711384);
    r = v_fma(r, u, v_set(-0.0005940956956332874));
    r = v_fma(r, u, v_set(0.0007936431111325905));
    r = v_fma(r, u, v_set(-0.0027777777565777292));
    return v_fma(r, u, v_set(0.08333333333331693));
}

V_INLINE vd v_stirling_1(vd u)
{
    vd r = v_set(0.0067049018562371976);
    r = v_fma(r, u, v_set(-0.004152300355325665));
    r = v_fma(r, u, v_set(0.003968144421919491));
    r = v_fma(r, u, v_set(-0.00833333296628496));
    return v_fma(r, u, v_set(0.0833333333329328));
}

V_INLINE vd v_stirling_2(vd u)
{
    vd r = v_set(-0.2034585420650038);
    r = v_fma(r, u, v_set(0.07484600156328414));
    r = v_fma(r, u, v_set(-0.03332505731208546));
    r = v_fma(r, u, v_set(0.023809486861975412));
    r = v_fma(r, u, v_set(-0.033333333262276575));
    return v_fma(r, u, v_set(0.16666666666662755));
}

/* ---- Products for small counts ----------------------------------------- */

/* prod_{m=1}^{v-1} (alpha + m), its derivative in alpha, and half its second
 * derivative. */
typedef struct {
    vd product;
    vd first;
    vd half_second;
} v_product;

V_INLINE v_product v_product_one(void)
{
    const v_product one = {v_set(1.0), v_set(0.0), v_set(0.0)};
    return one;
}

/* Multiplies by a further factor y = alpha + m. The derivatives are updated
 * only if `derivatives` is nonzero. */
V_INLINE void v_product_times(v_product *p, vd y, int derivatives)
{
    if (derivatives) {
        p->half_second = v_fma(p->half_second, y, p->first);
        p->first = v_fma(p->first, y, p->product);
    }
    p->product = p->product * y;
}

/* log p, p'/p and p''/p - (p'/p)^2. */
V_INLINE vd v_product_log(const v_product *p, vd *first, vd *second)
{
    vd inverse;
    const vd log_p = v_log_value(v_log_inverse(p->product, &inverse));
    const vd r = p->first * inverse;
    *first = r;
    *second = (p->half_second + p->half_second) * inverse - r * r;
    return log_p;
}

/* ---- Large counts -------------------------------------------------------- */

typedef enum { V_DIRECT, V_RATIO } v_form;

/* What is computed once for the large counts of a column. */
typedef struct {
    vd alpha;
    vd alpha_half; /* alpha - 1/2                                         */
    vd half_low;   /* its rounding error                                  */
    vd constant_0; /* the terms of T, P and Q that do not depend on v     */
    vd constant_1;
    vd constant_2;
    vd low_0;      /* the rounding error of constant_0                    */
    /* for the ratio form: */
    vd shift;        /* b - alpha: 0 or V_SHIFT     */
    vd base;         /* b                           */
    vd inverse_base; /* 1 / b                       */
    vd log_base_1;   /* log b - 1                   */
    vd log_base_low; /* the rounding error of log b */
    vu cut;          /* the bits of b sqrt(1/2)     */
} v_large;

/* The ratio form if any lane needs it. */
V_INLINE v_form v_choose_form(vd alpha)
{
    return v_any(V_MASK(alpha >= V_DIRECT_ALPHA)) ? V_RATIO : V_DIRECT;
}

V_INLINE vu v_large_cut(vd base)
{
    return v_bits(base * V_SQRT_HALF);
}

/* a + b, rounded; *low receives the rounding error, so that the sum and *low
 * add up to a + b exactly (Knuth 1997, The Art of Computer Programming 2,
 * section 4.2.2, theorem B). */
V_INLINE vd v_two_sum(vd a, vd b, vd *low)
{
    const vd sum = a + b;
    const vd b_in_sum = sum - a;
    *low = (a - (sum - b_in_sum)) + (b - b_in_sum);
    return sum;
}

/* Sets alpha_half and half_low from alpha. */
V_INLINE void v_large_halve(v_large *c)
{
    c->alpha_half = c->alpha - 0.5;
    c->half_low = c->alpha - (c->alpha_half + 0.5);
}

/* Computes what the large counts of a column share. `seven` is the product for
 * v = V_SHIFT, which has seven factors; it is used only in lanes where alpha is
 * less than V_SHIFT. */
V_INLINE v_large v_large_start(vd alpha, vd lambda, const v_product *seven,
                               v_form form, int derivatives)
{
    v_large c;
    const vi shifted = V_MASK(alpha < (double)V_SHIFT);
    c.alpha = alpha;
    v_large_halve(&c);
    c.shift = v_and(shifted, v_set((double)V_SHIFT));
    c.base = alpha + c.shift;
    const v_logarithm l = v_log_inverse(c.base, &c.inverse_base);
    const vd log_base = v_log_value(l);
    const vd i = c.inverse_base, u = i * i;
    c.log_base_1 = log_base - 1.0;
    c.log_base_low = v_fma(l.exponent, v_set(V_LN_2_HIGH), -log_base) +
                     v_fma(l.exponent, v_set(V_LN_2_LOW), l.fraction);
    c.cut = v_large_cut(c.base);

    /* The constants are the differences between alpha and the base, minus the
     * terms of Stirling's series at the base. constant_0 is summed in two
     * parts: multiples of LN_2_HIGH and the base, which are large but exact for
     * a tiny alpha, and the rest in `low`. */
    v_product gap = *seven;
    gap.product = v_select(shifted, gap.product, v_set(1.0));
    if (derivatives) {
        v_product_log(&gap, &c.constant_1, &c.constant_2);
        c.constant_1 = v_and(shifted, c.constant_1 + 1.0 / alpha);
        c.constant_2 = v_and(shifted, c.constant_2 - 1.0 / (alpha * alpha));
        c.constant_1 += 0.5 * i + u * v_stirling_1(u);
        c.constant_2 -= 0.5 * u + u * i * v_stirling_2(u);
        if (form == V_DIRECT) {
            c.constant_1 -= log_base;
            c.constant_2 -= i;
        }
    } else {
        c.constant_1 = c.constant_2 = v_set(0.0);
    }
    vd inverse;
    const v_logarithm g = v_log_inverse(gap.product, &inverse);
    vd exponents = g.exponent, high = v_set(0.0);
    vd low = g.fraction - i * v_stirling_0(u);
    if (form == V_DIRECT) {
        const vd b_half = c.base - 0.5;
        const vd base_low = alpha - (c.base - c.shift);
        exponents -= b_half * l.exponent;
        high = c.base;
        low -= v_fma(b_half, l.fraction, base_low * log_base);
    }
    low = v_fma(exponents, v_set(V_LN_2_LOW), low);
    vd low_t, low_c;
    const vd t = v_two_sum(v_fma(exponents, v_set(V_LN_2_HIGH), high), low,
                           &low_t);
    c.constant_0 = v_two_sum(v_and(shifted, lambda), t, &low_c);
    c.low_0 = low_t + low_c;
    return c;
}

/* T for counts v >= V_SHIFT. With `derivatives` also P and Q, in *first and
 * *second, but without constant_1 and constant_2. */
V_INLINE vd v_large_terms(const v_large *c, v_form form, vd v, int derivatives,
                          vd *first, vd *second)
{
    const vd y = c->alpha + v, y_half = c->alpha_half + v;
    const vd half_low = (c->alpha_half - (y_half - v)) + c->half_low;
    v_logarithm l;
    vd low = c->low_0;
    vd i, rest; /* T = (y - 1/2) l + rest + S(y) + constant_0 */
    if (form == V_DIRECT) {
        l = v_log_inverse(y, &i);
        rest = -y;
    } else {
        /* y = y' 2^e with y' / b in [sqrt(1/2), sqrt 2). y' - b is computed
         * from w, so that it is accurate to rounding if e = 0. */
        const vd w = v - c->shift;
        const vu cut = v_bits(y) - c->cut;
        const vd scale = v_from_bits(V_BITS_ONE - (cut & V_BITS_EXPONENT));
        const vd difference = v_fma(w, scale, c->base * (scale - 1.0));
        const vd h = v_fma(difference, v_set(0.5), c->base);
        const vd both = 1.0 / (h * y);
        i = h * both;
        l.exponent = v_exponent(cut);
        l.fraction = v_log_fraction(difference * (y * both));
        rest = w * c->log_base_1;
        low = v_fma(w, c->log_base_low, low);
        if (derivatives)
            *second = -w * (i * c->inverse_base);
    }
    const vd u = i * i;
    const vd logarithm = v_log_value(l);
    if (derivatives) {
        const vd half = v_fma(i, v_set(0.5), u * v_stirling_1(u));
        *first = logarithm - half;
        if (form == V_DIRECT)
            *second = i;
        *second = v_fma(u, v_fma(i, v_stirling_2(u), v_set(0.5)), *second);
    }
    /* The two parts of the logarithm are multiplied separately: the rounding
     * error of their sum would be multiplied by y. */
    const vd exponents = y_half * l.exponent;
    low = v_fma(half_low, logarithm, low);
    low = v_fma(i, v_stirling_0(u), low);
    low = v_fma(y_half, l.fraction, low);
    low = v_fma(exponents, v_set(V_LN_2_LOW), low);
    /* For a tiny alpha, T is a small difference of large terms. The large terms
     * are added first, because their sum is then exact. */
    return (v_fma(exponents, v_set(V_LN_2_HIGH), c->constant_0) + rest) + low;
}
