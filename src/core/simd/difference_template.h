/* The kernels lgamma_table and difference_sums of kernels.h: they evaluate the
 * differences T, P and Q of special_template.h for the features of columns.
 *
 * Included by kernels_template.h, after special_template.h. kp, the padded
 * number of components, is 1, 2, 4 or a multiple of 8. If it is a multiple of
 * DMM_VL, a vector holds DMM_VL components of one feature: the *strided*
 * layout. Otherwise a vector holds DMM_VL / kp consecutive features with all
 * their components: the *packed* layout. There, the work that is done once for
 * a column is done for a *batch* of DMM_VL / kp columns at once.
 *
 * In both layouts the features of a column with counts below DMM_SMALL_COUNT,
 * which come first, use the product form, and the others Stirling's series.
 */

/* Sums over features of a weight, and of its products with T, P and Q. */
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

/* Adds the terms t, p and q that all features added since the last call have in
 * common, times the sum of their weights. */
V_INLINE void v_sums_add_common(v_sums *s, vd t, vd p, vd q)
{
    const vd weight = s->weight;
    s->weight = v_set(0.0);
    v_sums_add(s, weight, t, p, q);
    s->weight = v_set(0.0);
}

/* ---- Strided layout ------------------------------------------------------ */

/* The table for one vector of components and one column of n features, of which
 * `small` have counts below DMM_SMALL_COUNT. `table` points to the first
 * feature and the first of the components. */
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
    if (form == V_DIRECT) {
        for (; f < n; f++) {
            const vd v = v_broadcast(value[f]);
            const vd t = v_large_terms(&c, V_DIRECT, v, 0, NULL, NULL);
            v_store(table + f * kp, scale * t);
        }
    } else {
        for (; f < n; f++) {
            const vd v = v_broadcast(value[f]);
            const vd t = v_large_terms(&c, V_RATIO, v, 0, NULL, NULL);
            v_store(table + f * kp, scale * t);
        }
    }
}

/* The sums for one vector of components and one column; arguments as above. */
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
    v_sums_add_common(&s, v_set(0.0), c.constant_1, c.constant_2);
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
            v_table_strided(d->value + begin, d->n_small[j], d->end[j] - begin,
                            d->multiplicity[j], v_load(alpha + j * kp + k),
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
/* ---- Packed layout ------------------------------------------------------- */

/* Puts value[f] into the kp lanes of feature f, for a vector of features. */
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

/* Puts p[k] into the lanes of component k of all features of a vector. */
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

/* Puts into each lane the sum of all lanes of the same component. */
V_INLINE vd v_fold(vd x, size_t kp)
{
#if DMM_VL == 8
    x += (vd)_mm512_shuffle_f64x2(x, x, 0x4e); /* halves */
    if (kp <= 2)
        x += (vd)_mm512_shuffle_f64x2(x, x, 0xb1); /* quarters */
    if (kp == 1)
        x += (vd)_mm512_permute_pd(x, 0x55); /* neighbours */
#elif DMM_VL == 4
    x += (vd)_mm256_permute2f128_pd(x, x, 1);
    if (kp == 1)
        x += (vd)_mm256_permute_pd(x, 5);
#else
    (void)kp;
    x += (vd){x[1], x[0]};
#endif
    return x;
}

/* A mask as an integer with one bit for each lane. */
V_INLINE unsigned v_mask_bits(vi mask)
{
#if DMM_VL == 8
    return _mm512_movepi64_mask((__m512i)mask);
#elif DMM_VL == 4
    return (unsigned)_mm256_movemask_pd((__m256d)mask);
#else
    return (unsigned)(mask[0] & 1) | (unsigned)(mask[1] & 2);
#endif
}

/* The mask of the first n lanes, n in 0 .. DMM_VL. */
V_INLINE vi v_first_lanes(size_t n)
{
    /* DMM_VL lanes of ones, then as many of zeros. */
#if DMM_VL == 8
    static const int64_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
#elif DMM_VL == 4
    static const int64_t lanes[8] = {-1, -1, -1, -1};
#else
    static const int64_t lanes[4] = {-1, -1};
#endif
    vi mask;
    memcpy(&mask, lanes + (DMM_VL - n), sizeof mask);
    return mask;
}

/* A vector for each count from 1 to DMM_SMALL_COUNT - 1, whose lanes are the
 * columns and components of a batch. */
typedef double v_small_lanes[DMM_SMALL_COUNT - 1][DMM_VL];

/* The v_large of a batch in memory, from which v_large_repeat() makes the
 * v_large of one column. */
typedef struct {
    double alpha[DMM_VL];
    double constant_0[DMM_VL];
    double constant_1[DMM_VL];
    double constant_2[DMM_VL];
    double low_0[DMM_VL];
    double shift[DMM_VL];
    double base[DMM_VL];
    double inverse_base[DMM_VL];
    double log_base_1[DMM_VL];
    double log_base_low[DMM_VL];
} v_large_lanes;

V_INLINE void v_large_keep(v_large_lanes *lanes, const v_large *c, v_form form,
                           int derivatives)
{
    v_store(lanes->alpha, c->alpha);
    v_store(lanes->constant_0, c->constant_0);
    v_store(lanes->low_0, c->low_0);
    if (derivatives) {
        v_store(lanes->constant_1, c->constant_1);
        v_store(lanes->constant_2, c->constant_2);
    }
    if (form == V_RATIO) {
        v_store(lanes->shift, c->shift);
        v_store(lanes->base, c->base);
        v_store(lanes->inverse_base, c->inverse_base);
        v_store(lanes->log_base_1, c->log_base_1);
        v_store(lanes->log_base_low, c->log_base_low);
    }
}

/* The v_large of the column whose lanes begin at `lane`, repeated for all
 * features of a vector. */
V_INLINE v_large v_large_repeat(const v_large_lanes *lanes, size_t lane,
                                size_t kp)
{
    v_large c;
    c.alpha = v_repeat(lanes->alpha + lane, kp);
    v_large_halve(&c);
    c.constant_0 = v_repeat(lanes->constant_0 + lane, kp);
    c.constant_1 = v_repeat(lanes->constant_1 + lane, kp);
    c.constant_2 = v_repeat(lanes->constant_2 + lane, kp);
    c.low_0 = v_repeat(lanes->low_0 + lane, kp);
    c.shift = v_repeat(lanes->shift + lane, kp);
    c.base = v_repeat(lanes->base + lane, kp);
    c.inverse_base = v_repeat(lanes->inverse_base + lane, kp);
    c.log_base_1 = v_repeat(lanes->log_base_1 + lane, kp);
    c.log_base_low = v_repeat(lanes->log_base_low + lane, kp);
    c.cut = v_large_cut(c.base);
    return c;
}

/* A batch of DMM_VL / kp columns; the last batch may have fewer. What does not
 * depend on a large count is computed for all its columns at once: lanes are
 * columns and their components. A column's results do not depend on the other
 * columns of its batch. */
typedef struct {
    size_t column; /* the first column     */
    size_t n;      /* number of columns    */
    vi used;       /* mask of their lanes  */
    vd alpha;      /* 1 in unused lanes    */
    vd lambda;     /* 0 in unused lanes    */
    vd multiplicity;
    vd product[V_SHIFT]; /* v_product for v = 1 .. V_SHIFT */
    vd first[V_SHIFT];
    vd half_second[V_SHIFT];
    size_t largest_small;   /* largest count below DMM_SMALL_COUNT, or 0 */
    v_large_lanes large[2]; /* by form; unset if no column uses it       */
    unsigned ratio;         /* bits of the lanes that need the ratio form */
} v_batch;

V_INLINE v_form v_batch_form(const v_batch *b, size_t column, size_t kp)
{
    const unsigned lanes = (1u << kp) - 1;
    return b->ratio >> (column * kp) & lanes ? V_RATIO : V_DIRECT;
}

V_INLINE void v_batch_start(v_batch *b, const dmm_dictionary *d, size_t kp,
                            const double *alpha, const double *lambda,
                            size_t column, size_t column_end, int derivatives)
{
    const size_t step = DMM_VL / kp;
    int uses[2] = {0, 0};
    b->column = column;
    b->n = column_end - column < step ? column_end - column : step;
    b->used = v_first_lanes(b->n * kp);
    b->alpha = v_select(b->used, v_load(alpha + column * kp), v_set(1.0));
    b->lambda = v_and(b->used, v_load(lambda + column * kp));
    b->multiplicity = v_and(b->used, v_spread(d->multiplicity + column, kp));
    v_product p = v_product_one();
    for (size_t v = 2; v <= V_SHIFT; v++) {
        v_product_times(&p, b->alpha + (double)(v - 1), derivatives);
        b->product[v - 1] = p.product;
        if (derivatives) {
            b->first[v - 1] = p.first;
            b->half_second[v - 1] = p.half_second;
        }
    }
    b->ratio = v_mask_bits(V_MASK(b->alpha >= V_DIRECT_ALPHA));
    b->largest_small = 0;
    for (size_t r = 0; r < b->n; r++) {
        const size_t begin = d->begin[column + r];
        const size_t small = d->n_small[column + r];
        if (small > 0) {
            const size_t v = (size_t)d->value[begin + small - 1];
            b->largest_small = v > b->largest_small ? v : b->largest_small;
        }
        if (begin + small < d->end[column + r])
            uses[v_batch_form(b, r, kp)] = 1;
    }
    if (uses[V_DIRECT]) {
        const v_large c =
            v_large_start(b->alpha, b->lambda, &p, V_DIRECT, derivatives);
        v_large_keep(&b->large[V_DIRECT], &c, V_DIRECT, derivatives);
    }
    if (uses[V_RATIO]) {
        const v_large c =
            v_large_start(b->alpha, b->lambda, &p, V_RATIO, derivatives);
        v_large_keep(&b->large[V_RATIO], &c, V_RATIO, derivatives);
    }
}

/* The table for the large counts of one column. */
V_INLINE void v_table_large_packed(const v_large *c, v_form form,
                                   const double *value, size_t n, vd scale,
                                   size_t kp, double *restrict table)
{
    const size_t step = DMM_VL / kp;
    for (size_t f = 0; f < n; f += step) {
        const vd t =
            v_large_terms(c, form, v_spread(value + f, kp), 0, NULL, NULL);
        v_store(table + f * kp, scale * t);
    }
}

/* The table for the columns of a batch. The vectors of a column's large counts
 * may reach past its last feature. What they write there is overwritten with
 * the next column's large or small counts, or is in the padding; this is why
 * the small counts are written last. */
V_INLINE void v_table_batch(const dmm_dictionary *d, const v_batch *b,
                            size_t kp, double *restrict table)
{
    for (size_t r = 0; r < b->n; r++) {
        const size_t j = b->column + r, f = d->begin[j] + d->n_small[j];
        const size_t n = d->end[j] - f;
        const vd scale = v_broadcast(d->multiplicity[j]);
        if (n == 0)
            continue;
        if (v_batch_form(b, r, kp) == V_DIRECT) {
            const v_large c = v_large_repeat(&b->large[V_DIRECT], r * kp, kp);
            v_table_large_packed(&c, V_DIRECT, d->value + f, n, scale, kp,
                                 table + f * kp);
        } else {
            const v_large c = v_large_repeat(&b->large[V_RATIO], r * kp, kp);
            v_table_large_packed(&c, V_RATIO, d->value + f, n, scale, kp,
                                 table + f * kp);
        }
    }
    if (b->largest_small == 0)
        return;

    v_small_lanes small;
    const vd scaled_lambda = b->multiplicity * b->lambda;
    v_store(small[0], scaled_lambda);
    for (size_t v = 2; v <= b->largest_small; v++) {
        const vd log_p = v_log_above_1(b->product[v - 1]);
        v_store(small[v - 1], v_fma(b->multiplicity, log_p, scaled_lambda));
    }
    for (size_t r = 0; r < b->n; r++) {
        const size_t begin = d->begin[b->column + r];
        for (size_t f = begin; f < begin + d->n_small[b->column + r]; f++) {
            const size_t v = (size_t)d->value[f];
            memcpy(table + f * kp, small[v - 1] + r * kp, kp * sizeof *table);
        }
    }
}

/* The sums over the large counts of one column. They are still spread over the
 * lanes of several features: see v_fold(). */
V_INLINE v_sums v_sums_large_packed(const v_large *c, v_form form,
                                    const double *value, size_t n, size_t kp,
                                    const double *histogram)
{
    const size_t step = DMM_VL / kp;
    v_sums s = v_sums_zero();
    vd first, second;
    size_t f = 0;
    for (; f + step <= n; f += step) {
        const vd t =
            v_large_terms(c, form, v_spread(value + f, kp), 1, &first, &second);
        v_sums_add(&s, v_load(histogram + f * kp), t, first, second);
    }
    if (f < n) {
        /* Lanes past the last feature get a harmless count and weight 0. */
        const vi mask = v_first_lanes((n - f) * kp);
        const vd v =
            v_select(mask, v_spread(value + f, kp), v_set((double)V_SHIFT));
        const vd t = v_large_terms(c, form, v, 1, &first, &second);
        v_sums_add(&s, v_and(mask, v_load(histogram + f * kp)), t, first,
                   second);
    }
    v_sums_add_common(&s, v_set(0.0), c->constant_1, c->constant_2);
    return s;
}

/* The sums for the columns of a batch. */
V_INLINE v_sums v_sums_batch(const dmm_dictionary *d, const v_batch *b,
                             size_t kp, const double *histogram)
{
    v_sums s = v_sums_zero();
    if (b->largest_small > 0) {
        v_small_lanes weight;
        memset(weight, 0, b->largest_small * sizeof weight[0]);
        for (size_t r = 0; r < b->n; r++) {
            const size_t begin = d->begin[b->column + r];
            for (size_t f = begin; f < begin + d->n_small[b->column + r]; f++) {
                const size_t v = (size_t)d->value[f];
                memcpy(weight[v - 1] + r * kp, histogram + f * kp,
                       kp * sizeof *histogram);
            }
        }
        s.weight = v_load(weight[0]);
        for (size_t v = 2; v <= b->largest_small; v++) {
            const v_product p = {b->product[v - 1], b->first[v - 1],
                                 b->half_second[v - 1]};
            vd first, second;
            const vd log_p = v_product_log(&p, &first, &second);
            v_sums_add(&s, v_load(weight[v - 1]), log_p, first, second);
        }
        const vd inverse = 1.0 / b->alpha;
        v_sums_add_common(&s, b->lambda, inverse, -inverse * inverse);
    }
    for (size_t r = 0; r < b->n; r++) {
        const size_t j = b->column + r, f = d->begin[j] + d->n_small[j];
        const size_t n = d->end[j] - f;
        v_sums large;
        if (n == 0)
            continue;
        if (v_batch_form(b, r, kp) == V_DIRECT) {
            const v_large c = v_large_repeat(&b->large[V_DIRECT], r * kp, kp);
            large = v_sums_large_packed(&c, V_DIRECT, d->value + f, n, kp,
                                        histogram + f * kp);
        } else {
            const v_large c = v_large_repeat(&b->large[V_RATIO], r * kp, kp);
            large = v_sums_large_packed(&c, V_RATIO, d->value + f, n, kp,
                                        histogram + f * kp);
        }
        const vi mask = v_first_lanes((r + 1) * kp) & ~v_first_lanes(r * kp);
        s.sum_0 += v_and(mask, v_fold(large.sum_0, kp));
        s.sum_1 += v_and(mask, v_fold(large.sum_1, kp));
        s.sum_2 += v_and(mask, v_fold(large.sum_2, kp));
    }
    return s;
}

V_INLINE void v_all_tables_packed(const dmm_dictionary *d, size_t kp,
                                  const double *alpha, const double *lambda,
                                  size_t column_begin, size_t column_end,
                                  double *table)
{
    for (size_t j = column_begin; j < column_end; j += DMM_VL / kp) {
        v_batch b;
        v_batch_start(&b, d, kp, alpha, lambda, j, column_end, 0);
        v_table_batch(d, &b, kp, table);
    }
}

V_INLINE void v_all_sums_packed(const dmm_dictionary *d, size_t kp,
                                const double *alpha, const double *lambda,
                                const double *histogram, size_t column_begin,
                                size_t column_end, double *lgamma,
                                double *digamma, double *trigamma)
{
    vd sum = v_set(0.0);
    double lanes[DMM_VL];
    for (size_t j = column_begin; j < column_end; j += DMM_VL / kp) {
        v_batch b;
        v_batch_start(&b, d, kp, alpha, lambda, j, column_end, 1);
        const v_sums s = v_sums_batch(d, &b, kp, histogram);
        sum = v_fma(b.multiplicity, s.sum_0, sum);
        if (b.n * kp == DMM_VL) {
            v_store(digamma + j * kp, s.sum_1);
            v_store(trigamma + j * kp, s.sum_2);
        } else {
            v_store(lanes, s.sum_1);
            memcpy(digamma + j * kp, lanes, b.n * kp * sizeof *digamma);
            v_store(lanes, s.sum_2);
            memcpy(trigamma + j * kp, lanes, b.n * kp * sizeof *trigamma);
        }
    }
    v_store(lanes, v_fold(sum, kp));
    memcpy(lgamma, lanes, kp * sizeof *lgamma);
}
#endif

/* ---- Kernels ------------------------------------------------------------- */

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

static void special_difference_sums(const dmm_dictionary *dictionary, size_t kp,
                                    const double *alpha, const double *lambda,
                                    const double *histogram,
                                    size_t column_begin, size_t column_end,
                                    double *lgamma, double *digamma,
                                    double *trigamma)
{
    switch (kp) {
#if DMM_VL > 1
    case 1:
        v_all_sums_packed(dictionary, 1, alpha, lambda, histogram, column_begin,
                          column_end, lgamma, digamma, trigamma);
        break;
#endif
#if DMM_VL > 2
    case 2:
        v_all_sums_packed(dictionary, 2, alpha, lambda, histogram, column_begin,
                          column_end, lgamma, digamma, trigamma);
        break;
#endif
#if DMM_VL > 4
    case 4:
        v_all_sums_packed(dictionary, 4, alpha, lambda, histogram, column_begin,
                          column_end, lgamma, digamma, trigamma);
        break;
#endif
    default:
        v_all_sums_strided(dictionary, kp, alpha, lambda, histogram,
                           column_begin, column_end, lgamma, digamma, trigamma);
    }
}
