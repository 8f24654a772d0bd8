/* The kernels of kernels.h that evaluate special functions.
 *
 * Behind special_template.h. kp, the padded number of components, is 1, 2, 4 or
 * a multiple of 8. If it is a multiple of DMM_VL, a vector holds components of
 * one feature (the strided layout), else DMM_VL / kp consecutive features and
 * all their components (the packed layout).
 */

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

/* Sums over features of a weight and of its products with T, P and Q. */
typedef struct {
    vd weight;
    vd sum_0;
    vd sum_1;
    vd sum_2;
} v_sums;

V_INLINE v_sums v_sums_zero(void)
{
    const v_sums zero = {v_set(0.0), v_set(0.0), v_set(0.0), v_set(0.0)};
    return zero;
}

V_INLINE void v_sums_add(v_sums *s, vd weight, vd t, vd p, vd q)
{
    s->weight += weight;
    s->sum_0 = v_fma(weight, t, s->sum_0);
    s->sum_1 = v_fma(weight, p, s->sum_1);
    s->sum_2 = v_fma(weight, q, s->sum_2);
}

/* Adds what all features so far have in common; then starts a new weight. */
V_INLINE void v_sums_add_common(v_sums *s, vd t, vd p, vd q)
{
    const vd weight = s->weight;
    s->weight = v_set(0.0);
    v_sums_add(s, weight, t, p, q);
    s->weight = v_set(0.0);
}

/* Strided layout, kp a multiple of DMM_VL: one vector of components of one
 * column with n features, `small` of them below DMM_SMALL_COUNT. `table` is at
 * the first feature and the vector's first component. */
V_INLINE void v_table_strided(const double *value, size_t small, size_t n,
                              double multiplicity, vd alpha, vd lambda,
                              size_t kp, double *restrict table)
{
    const vd scale = v_broadcast(multiplicity);
    const vd scaled_lambda = scale * lambda;
    v_product p = v_product_one();
    double m = 1.0;
    size_t f = 0;

    if (f < small && value[f] == 1.0) {
        v_store(table, scaled_lambda);
        f++;
    }
    for (; f < small; f++) {
        for (; m < value[f]; m += 1.0)
            v_product_times(&p, alpha + m, 0);
        const vd log_p = v_log_above_1(p.product);
        v_store(table + f * kp, v_fma(scale, log_p, scaled_lambda));
    }
    if (f == n)
        return;

    for (; m < (double)V_SHIFT; m += 1.0)
        v_product_times(&p, alpha + m, 0);
    const v_form form = v_choose_form(alpha);
    const v_large c = v_large_start(alpha, lambda, &p, form, 0);
    const vd constant = scale * c.constant_0;
    if (form == V_DIRECT) {
        for (; f < n; f++) {
            const vd v = v_broadcast(value[f]);
            const vd t = v_large_terms(&c, V_DIRECT, v, 0, NULL, NULL);
            v_store(table + f * kp, v_fma(scale, t, constant));
        }
    } else {
        for (; f < n; f++) {
            const vd v = v_broadcast(value[f]);
            const vd t = v_large_terms(&c, V_RATIO, v, 0, NULL, NULL);
            v_store(table + f * kp, v_fma(scale, t, constant));
        }
    }
}

/* The same for the sums of one column. */
V_INLINE v_sums v_sums_strided(const double *value, size_t small, size_t n,
                               vd alpha, vd lambda, size_t kp,
                               const double *histogram)
{
    const vd inverse = 1.0 / alpha;
    v_sums s = v_sums_zero();
    v_product p = v_product_one();
    vd first, second;
    double m = 1.0;
    size_t f = 0;

    if (f < small && value[f] == 1.0) {
        s.weight = v_load(histogram);
        f++;
    }
    for (; f < small; f++) {
        for (; m < value[f]; m += 1.0)
            v_product_times(&p, alpha + m, 1);
        const vd log_p = v_product_log(&p, &first, &second);
        v_sums_add(&s, v_load(histogram + f * kp), log_p, first, second);
    }
    v_sums_add_common(&s, lambda, inverse, -inverse * inverse);
    if (f == n)
        return s;

    for (; m < (double)V_SHIFT; m += 1.0)
        v_product_times(&p, alpha + m, 1);
    const v_form form = v_choose_form(alpha);
    const v_large c = v_large_start(alpha, lambda, &p, form, 1);
    if (form == V_DIRECT) {
        for (; f < n; f++) {
            const vd t = v_large_terms(&c, V_DIRECT, v_broadcast(value[f]), 1,
                                       &first, &second);
            v_sums_add(&s, v_load(histogram + f * kp), t, first, second);
        }
    } else {
        for (; f < n; f++) {
            const vd t = v_large_terms(&c, V_RATIO, v_broadcast(value[f]), 1,
                                       &first, &second);
            v_sums_add(&s, v_load(histogram + f * kp), t, first, second);
        }
    }
    v_sums_add_common(&s, c.constant_0, c.constant_1, c.constant_2);
    return s;
}

V_INLINE void v_all_tables_strided(const dmm_dictionary *d, size_t kp,
                                   const double *alpha, const double *lambda,
                                   size_t column_begin, size_t column_end,
                                   double *table)
{
    for (size_t j = column_begin; j < column_end; j++) {
        const size_t begin = d->begin[j];
        for (size_t k = 0; k < kp; k += DMM_VL)
            v_table_strided(d->value + begin, d->n_small[j],
                            d->end[j] - begin, d->multiplicity[j],
                            v_load(alpha + j * kp + k),
                            v_load(lambda + j * kp + k), kp,
                            table + begin * kp + k);
    }
}

V_INLINE void v_all_sums_strided(const dmm_dictionary *d, size_t kp,
                                 const double *alpha, const double *lambda,
                                 const double *histogram, size_t column_begin,
                                 size_t column_end, double *lgamma,
                                 double *digamma, double *trigamma)
{
    for (size_t k = 0; k < kp; k++)
        lgamma[k] = 0.0;
    for (size_t j = column_begin; j < column_end; j++) {
        const size_t begin = d->begin[j];
        const vd multiplicity = v_broadcast(d->multiplicity[j]);
        for (size_t k = 0; k < kp; k += DMM_VL) {
            const v_sums s = v_sums_strided(
                d->value + begin, d->n_small[j], d->end[j] - begin,
                v_load(alpha + j * kp + k), v_load(lambda + j * kp + k), kp,
                histogram + begin * kp + k);
            v_store(lgamma + k,
                    v_fma(multiplicity, s.sum_0, v_load(lgamma + k)));
            v_store(digamma + j * kp + k, s.sum_1);
            v_store(trigamma + j * kp + k, s.sum_2);
        }
    }
}

#if DMM_VL > 1
/* Packed layout, kp < DMM_VL.
 *
 * Each lane its feature's value. */
V_INLINE vd v_spread(const double *value, size_t kp)
{
#if DMM_VL == 8
    if (kp == 2) {
        const __m512i lane = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
        const __m512d x = _mm512_castpd256_pd512(_mm256_loadu_pd(value));
        return _mm512_permutexvar_pd(lane, x);
    }
    if (kp == 4) {
        const __m512i lane = _mm512_setr_epi64(0, 0, 0, 0, 1, 1, 1, 1);
        const __m512d x = _mm512_castpd128_pd512(_mm_loadu_pd(value));
        return _mm512_permutexvar_pd(lane, x);
    }
#elif DMM_VL == 4
    if (kp == 2) {
        const __m256d x = _mm256_castpd128_pd256(_mm_loadu_pd(value));
        return _mm256_permute4x64_pd(x, 0x50);
    }
#endif
    (void)kp;
    return v_load(value);
}

/* Each lane its component's element of p[0..kp). */
V_INLINE vd v_repeat(const double *p, size_t kp)
{
#if DMM_VL == 8
    if (kp == 2)
        return _mm512_broadcast_f64x2(_mm_loadu_pd(p));
    if (kp == 4)
        return _mm512_broadcast_f64x4(_mm256_loadu_pd(p));
#elif DMM_VL == 4
    if (kp == 2) {
        const __m256d x = _mm256_castpd128_pd256(_mm_loadu_pd(p));
        return _mm256_permute4x64_pd(x, 0x44);
    }
#endif
    (void)kp;
    return v_broadcast(p[0]);
}

/* sum[k] = the sum of component k's lanes, in the order of the features. */
V_INLINE void v_sum_lanes(double *sum, vd x, size_t kp)
{
    double lane[DMM_VL];
    v_store(lane, x);
    for (size_t k = 0; k < kp; k++) {
        double s = lane[k];
        for (size_t i = k + kp; i < DMM_VL; i += kp)
            s += lane[i];
        sum[k] = s;
    }
}

/* The first n lanes, n in 1..DMM_VL. */
V_INLINE vi v_first_lanes(size_t n)
{
    static const int64_t lanes[2 * DMM_VL] = {
        -1, -1,
#if DMM_VL >= 4
        -1, -1,
#endif
#if DMM_VL >= 8
        -1, -1, -1, -1,
#endif
    };
    vi mask;
    memcpy(&mask, lanes + (DMM_VL - n), sizeof mask);
    return mask;
}

/* log p of counts v < DMM_SMALL_COUNT that differ from lane to lane, the wanted
 * ones at most `largest`; and p'/p and p''/p - (p'/p)^2. */
V_INLINE vd v_small_packed(vd alpha, vd v, double largest, int derivatives,
                           vd *first, vd *second)
{
    v_product p = v_product_one();
    for (double m = 1.0; m < largest; m += 1.0) {
        /* Lanes that are through multiply by 1, of derivative 0. */
        const vi more = V_MASK(v > m);
        const vd y = v_select(more, alpha + m, v_set(1.0));
        if (derivatives) {
            p.half_second = v_fma(p.half_second, y, v_and(more, p.first));
            p.first = v_fma(p.first, y, v_and(more, p.product));
        }
        p.product = p.product * y;
    }
    return derivatives ? v_product_log(&p, first, second)
                       : v_log_above_1(p.product);
}

/* The product for v = V_SHIFT. */
V_INLINE v_product v_product_seven(vd alpha, int derivatives)
{
    v_product p = v_product_one();
    for (double m = 1.0; m < (double)V_SHIFT; m += 1.0)
        v_product_times(&p, alpha + m, derivatives);
    return p;
}

/* The table of one column. Lanes behind the last small or large feature write
 * something of no use, which the large counts or the next column overwrite, or
 * which lands in the padding. */
V_INLINE void v_table_packed(const double *value, size_t small, size_t n,
                             double multiplicity, vd alpha, vd lambda,
                             size_t kp, double *restrict table)
{
    const size_t step = DMM_VL / kp;
    const vd scale = v_broadcast(multiplicity);
    const vd scaled_lambda = scale * lambda;
    size_t f;

    for (f = 0; f < small; f += step) {
        const size_t left = small - f < step ? small - f : step;
        const vd v = v_spread(value + f, kp);
        const vd log_p =
            v_small_packed(alpha, v, value[f + left - 1], 0, NULL, NULL);
        v_store(table + f * kp, v_fma(scale, log_p, scaled_lambda));
    }
    f = small;
    if (f == n)
        return;

    const v_product seven = v_product_seven(alpha, 0);
    const v_form form = v_choose_form(alpha);
    const v_large c = v_large_start(alpha, lambda, &seven, form, 0);
    const vd constant = scale * c.constant_0;
    if (form == V_DIRECT) {
        for (; f < n; f += step) {
            const vd v = v_spread(value + f, kp);
            const vd t = v_large_terms(&c, V_DIRECT, v, 0, NULL, NULL);
            v_store(table + f * kp, v_fma(scale, t, constant));
        }
    } else {
        for (; f < n; f += step) {
            const vd v = v_spread(value + f, kp);
            const vd t = v_large_terms(&c, V_RATIO, v, 0, NULL, NULL);
            v_store(table + f * kp, v_fma(scale, t, constant));
        }
    }
}

/* Adds the terms of the large counts f..n of a column. */
V_INLINE void v_sums_large_packed(v_sums *s, const v_large *c, v_form form,
                                  const double *value, size_t f, size_t n,
                                  size_t kp, const double *histogram)
{
    const size_t step = DMM_VL / kp;
    vd first, second;
    for (; f + step <= n; f += step) {
        const vd t = v_large_terms(c, form, v_spread(value + f, kp), 1,
                                   &first, &second);
        v_sums_add(s, v_load(histogram + f * kp), t, first, second);
    }
    if (f < n) {
        /* The lanes behind the last feature: a harmless count, weight 0. */
        const vi mask = v_first_lanes((n - f) * kp);
        const vd v = v_select(mask, v_spread(value + f, kp),
                              v_set((double)V_SHIFT));
        const vd t = v_large_terms(c, form, v, 1, &first, &second);
        v_sums_add(s, v_and(mask, v_load(histogram + f * kp)), t, first,
                   second);
    }
}

/* The sums of one column, still to be added over the lanes of a component. */
V_INLINE v_sums v_sums_packed(const double *value, size_t small, size_t n,
                              vd alpha, vd lambda, size_t kp,
                              const double *histogram)
{
    const size_t step = DMM_VL / kp;
    const vd inverse = 1.0 / alpha;
    v_sums s = v_sums_zero();

    for (size_t f = 0; f < small; f += step) {
        const size_t left = small - f < step ? small - f : step;
        const vi mask = v_first_lanes(left * kp);
        const vd v = v_select(mask, v_spread(value + f, kp), v_set(1.0));
        vd first, second;
        const vd log_p = v_small_packed(alpha, v, value[f + left - 1], 1,
                                        &first, &second);
        v_sums_add(&s, v_and(mask, v_load(histogram + f * kp)), log_p, first,
                   second);
    }
    v_sums_add_common(&s, lambda, inverse, -inverse * inverse);
    if (small == n)
        return s;

    const v_product seven = v_product_seven(alpha, 1);
    const v_form form = v_choose_form(alpha);
    const v_large c = v_large_start(alpha, lambda, &seven, form, 1);
    if (form == V_DIRECT)
        v_sums_large_packed(&s, &c, V_DIRECT, value, small, n, kp, histogram);
    else
        v_sums_large_packed(&s, &c, V_RATIO, value, small, n, kp, histogram);
    v_sums_add_common(&s, c.constant_0, c.constant_1, c.constant_2);
    return s;
}

V_INLINE void v_all_tables_packed(const dmm_dictionary *d, size_t kp,
                                  const double *alpha, const double *lambda,
                                  size_t column_begin, size_t column_end,
                                  double *table)
{
    for (size_t j = column_begin; j < column_end; j++) {
        const size_t begin = d->begin[j];
        v_table_packed(d->value + begin, d->n_small[j], d->end[j] - begin,
                       d->multiplicity[j], v_repeat(alpha + j * kp, kp),
                       v_repeat(lambda + j * kp, kp), kp, table + begin * kp);
    }
}

V_INLINE void v_all_sums_packed(const dmm_dictionary *d, size_t kp,
                                const double *alpha, const double *lambda,
                                const double *histogram, size_t column_begin,
                                size_t column_end, double *lgamma,
                                double *digamma, double *trigamma)
{
    vd sum = v_set(0.0);
    for (size_t j = column_begin; j < column_end; j++) {
        const size_t begin = d->begin[j];
        const v_sums s = v_sums_packed(
            d->value + begin, d->n_small[j], d->end[j] - begin,
            v_repeat(alpha + j * kp, kp), v_repeat(lambda + j * kp, kp), kp,
            histogram + begin * kp);
        sum = v_fma(v_broadcast(d->multiplicity[j]), s.sum_0, sum);
        v_sum_lanes(digamma + j * kp, s.sum_1, kp);
        v_sum_lanes(trigamma + j * kp, s.sum_2, kp);
    }
    v_sum_lanes(lgamma, sum, kp);
}
#endif

static void special_lgamma_table(const dmm_dictionary *dictionary, size_t kp,
                                 const double *alpha, const double *lambda,
                                 size_t column_begin, size_t column_end,
                                 double *table)
{
    switch (kp) {
#if DMM_VL > 1
    case 1:
        v_all_tables_packed(dictionary, 1, alpha, lambda, column_begin,
                            column_end, table);
        break;
#endif
#if DMM_VL > 2
    case 2:
        v_all_tables_packed(dictionary, 2, alpha, lambda, column_begin,
                            column_end, table);
        break;
#endif
#if DMM_VL > 4
    case 4:
        v_all_tables_packed(dictionary, 4, alpha, lambda, column_begin,
                            column_end, table);
        break;
#endif
    default:
        v_all_tables_strided(dictionary, kp, alpha, lambda, column_begin,
                             column_end, table);
    }
}

static void special_difference_sums(const dmm_dictionary *dictionary,
                                    size_t kp, const double *alpha,
                                    const double *lambda,
                                    const double *histogram,
                                    size_t column_begin, size_t column_end,
                                    double *lgamma, double *digamma,
                                    double *trigamma)
{
    switch (kp) {
#if DMM_VL > 1
    case 1:
        v_all_sums_packed(dictionary, 1, alpha, lambda, histogram,
                          column_begin, column_end, lgamma, digamma, trigamma);
        break;
#endif
#if DMM_VL > 2
    case 2:
        v_all_sums_packed(dictionary, 2, alpha, lambda, histogram,
                          column_begin, column_end, lgamma, digamma, trigamma);
        break;
#endif
#if DMM_VL > 4
    case 4:
        v_all_sums_packed(dictionary, 4, alpha, lambda, histogram,
                          column_begin, column_end, lgamma, digamma, trigamma);
        break;
#endif
    default:
        v_all_sums_strided(dictionary, kp, alpha, lambda, histogram,
                           column_begin, column_end, lgamma, digamma,
                           trigamma);
    }
}
