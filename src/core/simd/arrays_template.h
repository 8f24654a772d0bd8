/* The kernels of kernels.h over whole arrays: exponentials and logarithms,
 * inner products, scaled sums, and the check for counts.
 *
 * Included by kernels_template.h, after special_template.h and
 * difference_template.h.
 */

/* y[i] = function(x[i]) for n elements; the last vector is filled up with 1. */
#define V_FOR_ARRAY(function)                                                  \
    do {                                                                       \
        size_t i = 0;                                                          \
        for (; i + DMM_VL <= n; i += DMM_VL)                                   \
            v_store(y + i, function(v_load(x + i)));                           \
        if (i < n) {                                                           \
            double rest[DMM_VL];                                               \
            v_store(rest, v_set(1.0));                                         \
            memcpy(rest, x + i, (n - i) * sizeof *x);                          \
            v_store(rest, function(v_load(rest)));                             \
            memcpy(y + i, rest, (n - i) * sizeof *y);                          \
        }                                                                      \
    } while (0)

static void special_exp_array(size_t n, const double *x, double *y)
{
    V_FOR_ARRAY(v_exp);
}

static void special_log_array(size_t n, const double *x, double *y)
{
    V_FOR_ARRAY(v_log);
}

#undef V_FOR_ARRAY

/* Inner products are summed in this many vectors in turn: each addition to a
 * single vector would have to wait for the one before it. */
#define V_STEP 4

/* The counts x[0 .. DMM_VL-1] as doubles. */
V_INLINE vd v_load_counts(const int32_t *x)
{
#if DMM_VL == 8
    return _mm512_cvtepi32_pd(_mm256_loadu_si256((const __m256i *)x));
#elif DMM_VL == 4
    return _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)x));
#elif DMM_VL == 2
    return (vd){x[0], x[1]};
#else
    return *x;
#endif
}

/* The sum of all lanes of V_STEP vectors. */
V_INLINE double v_sum_steps(const vd *sum)
{
    const vd all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
#if DMM_VL == 1
    return all;
#else
    return v_fold(all, 1)[0];
#endif
}

/* Returns the sum of x[i] * y[i] over n elements; load() loads from x. */
#define V_DOT(load)                                                     \
    do {                                                                \
        vd sum[V_STEP] = {v_set(0), v_set(0), v_set(0), v_set(0)};      \
        size_t i = 0;                                                   \
        for (; i + V_STEP * DMM_VL <= n; i += V_STEP * DMM_VL)          \
            for (int q = 0; q < V_STEP; q++)                            \
                sum[q] = v_fma(load(x + i + q * DMM_VL),                \
                               v_load(y + i + q * DMM_VL), sum[q]);     \
        double rest = 0;                                                \
        for (; i < n; i++)                                              \
            rest += x[i] * y[i];                                        \
        return v_sum_steps(sum) + rest;                                 \
    } while (0)

static double array_dot(size_t n, const double *x, const double *y)
{
    V_DOT(v_load);
}

static double array_dot_counts(size_t n, const int32_t *x, const double *y)
{
    V_DOT(v_load_counts);
}

#undef V_DOT

static void array_add_scaled(size_t n, double scale, const double *x,
                             double *restrict y)
{
    const vd s = v_set(scale);
    size_t i = 0;
    for (; i + DMM_VL <= n; i += DMM_VL)
        v_store(y + i, v_fma(s, v_load(x + i), v_load(y + i)));
    for (; i < n; i++)
        y[i] += scale * x[i];
}

static void array_from_counts(size_t n, const int32_t *x, double *restrict y)
{
    size_t i = 0;
    for (; i + DMM_VL <= n; i += DMM_VL)
        v_store(y + i, v_load_counts(x + i));
    for (; i < n; i++)
        y[i] = x[i];
}

/* x rounded up or down to a whole number, for x in 0 .. DMM_MAX_COUNT. */
V_INLINE vd v_whole(vd x)
{
#if DMM_VL == 1
    return (double)(int)x;
#else
    const double whole = 4503599627370496.0; /* 2^52 */
    return (x + whole) - whole;
#endif
}

/* The mask of the lanes in which x is a count. Numbers out of range are
 * replaced by 0.5, which is not whole. */
V_INLINE vi v_is_count(vd x)
{
    const vi in_range = V_MASK(x >= 0.0) & V_MASK(x <= (double)DMM_MAX_COUNT);
    return V_MASK(v_whole(v_select(in_range, x, v_set(0.5))) == x);
}

static int array_are_counts(size_t n, const double *x)
{
    vi good = V_MASK(v_set(0.0) == 0.0);
    size_t i = 0;
    for (; i + DMM_VL <= n; i += DMM_VL)
        good &= v_is_count(v_load(x + i));
    if (i < n) {
        double rest[DMM_VL];
        v_store(rest, v_set(0.0));
        memcpy(rest, x + i, (n - i) * sizeof *x);
        good &= v_is_count(v_load(rest));
    }
    return !v_any(~good);
}

/* A negative number has its highest bit set, and so has the bitwise OR of all
 * numbers if one of them is negative. */
static int array_are_counts_int(size_t n, const int *x)
{
    vi all = (vi)v_set(0.0), part;
    size_t i = 0;
    for (; i + 2 * DMM_VL <= n; i += 2 * DMM_VL) {
        memcpy(&part, x + i, sizeof part);
        all |= part;
    }
    int lanes[2 * DMM_VL], rest = 0;
    memcpy(lanes, &all, sizeof lanes);
    for (size_t lane = 0; lane < 2 * DMM_VL; lane++)
        rest |= lanes[lane];
    for (; i < n; i++)
        rest |= x[i];
    return rest >= 0;
}
