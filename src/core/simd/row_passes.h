/* Passes over the entries of a block for one vector type.
 *
 * Included by passes_template.h once for each vector type. PASS_VECTOR is the
 * type, PASS_ZERO an initialiser for an array of it, and PASS_NAME(x) the name
 * of function x for it. A pass processes `n` consecutive vectors of each row,
 * where n is a constant after inlining; rows begin `stride` doubles apart. What
 * the passes compute is documented in kernels.h.
 */

/* Row `index` of an array, to write to and to read from. */
#define PASS_AT(base, index) \
    ((PASS_VECTOR *)((base) + (size_t)(index) * stride))
#define PASS_CAT(base, index) \
    ((const PASS_VECTOR *)((base) + (size_t)(index) * stride))

V_INLINE void PASS_NAME(gather)(const dmm_block *block, size_t stride, int n,
                                const dmm_offset *from, const dmm_offset *to,
                                const double *table, double *acc)
{
    for (size_t e = from->singles; e < to->singles; e++) {
        const PASS_VECTOR *t = PASS_CAT(table, block->single_feature[e]);
        PASS_VECTOR *a = PASS_AT(acc, block->single_row[e]);
        V_UNROLL
        for (int q = 0; q < n; q++)
            a[q] += t[q];
    }
    const uint16_t *row = block->run_row + from->run_rows;
    for (size_t r = from->runs; r < to->runs; r++) {
        const PASS_VECTOR *t = PASS_CAT(table, block->run_feature[r]);
        const size_t length = (size_t)block->run_length[r] + 1;
        PASS_VECTOR term[PASS_MAX] = PASS_ZERO;
        V_UNROLL
        for (int q = 0; q < n; q++)
            term[q] = t[q];
        for (size_t e = 0; e < length; e++) {
            PASS_VECTOR *a = PASS_AT(acc, row[e]);
            V_UNROLL
            for (int q = 0; q < n; q++)
                a[q] += term[q];
        }
        row += length;
    }
}

V_INLINE void PASS_NAME(scatter)(const dmm_block *block, size_t stride, int n,
                                 const dmm_offset *from, const dmm_offset *to,
                                 const double *z, double *histogram)
{
    for (size_t e = from->singles; e < to->singles; e++) {
        PASS_VECTOR *h = PASS_AT(histogram, block->single_feature[e]);
        const PASS_VECTOR *a = PASS_CAT(z, block->single_row[e]);
        V_UNROLL
        for (int q = 0; q < n; q++)
            h[q] += a[q];
    }
    const uint16_t *row = block->run_row + from->run_rows;
    for (size_t r = from->runs; r < to->runs; r++) {
        PASS_VECTOR *h = PASS_AT(histogram, block->run_feature[r]);
        const size_t length = (size_t)block->run_length[r] + 1;
        /* Two sums in turn: each addition to a single one would have to wait
         * for the one before it. */
        PASS_VECTOR even[PASS_MAX] = PASS_ZERO, odd[PASS_MAX] = PASS_ZERO;
        V_UNROLL
        for (int q = 0; q < n; q++)
            even[q] = h[q];
        size_t e = 0;
        for (; e + 4 <= length; e += 4) {
            const PASS_VECTOR *a = PASS_CAT(z, row[e]);
            const PASS_VECTOR *b = PASS_CAT(z, row[e + 1]);
            const PASS_VECTOR *c = PASS_CAT(z, row[e + 2]);
            const PASS_VECTOR *d = PASS_CAT(z, row[e + 3]);
            V_UNROLL
            for (int q = 0; q < n; q++) {
                even[q] += a[q] + b[q];
                odd[q] += c[q] + d[q];
            }
        }
        for (; e < length; e++) {
            const PASS_VECTOR *a = PASS_CAT(z, row[e]);
            V_UNROLL
            for (int q = 0; q < n; q++)
                even[q] += a[q];
        }
        V_UNROLL
        for (int q = 0; q < n; q++)
            h[q] = even[q] + odd[q];
        row += length;
    }
}

V_INLINE void PASS_NAME(gather_counts)(const dmm_block *block,
                                       const dmm_dictionary *dictionary,
                                       size_t stride, int n,
                                       const double *weight, double *acc)
{
    const double *value = dictionary->value;
    const uint32_t *column = dictionary->column;
    for (size_t e = 0; e < block->n_singles; e++) {
        const uint32_t f = block->single_feature[e];
        const double v = value[f];
        const PASS_VECTOR *w = PASS_CAT(weight, column[f]);
        PASS_VECTOR *a = PASS_AT(acc, block->single_row[e]);
        V_UNROLL
        for (int q = 0; q < n; q++)
            a[q] += v * w[q];
    }
    const uint16_t *row = block->run_row;
    for (size_t r = 0; r < block->n_runs; r++) {
        const uint32_t f = block->run_feature[r];
        const double v = value[f];
        const PASS_VECTOR *w = PASS_CAT(weight, column[f]);
        const size_t length = (size_t)block->run_length[r] + 1;
        PASS_VECTOR term[PASS_MAX] = PASS_ZERO;
        V_UNROLL
        for (int q = 0; q < n; q++)
            term[q] = v * w[q];
        for (size_t e = 0; e < length; e++) {
            PASS_VECTOR *a = PASS_AT(acc, row[e]);
            V_UNROLL
            for (int q = 0; q < n; q++)
                a[q] += term[q];
        }
        row += length;
    }
}

V_INLINE void PASS_NAME(scatter_counts)(const dmm_block *block,
                                        const dmm_dictionary *dictionary,
                                        size_t stride, int n,
                                        const dmm_offset *from,
                                        const dmm_offset *to, const double *z,
                                        double *sum)
{
    const double *value = dictionary->value;
    size_t e = from->singles;
    while (e < to->singles) {
        const uint32_t column = dictionary->column[block->single_feature[e]];
        const size_t column_end = dictionary->end[column];
        PASS_VECTOR *s = PASS_AT(sum, column);
        PASS_VECTOR even[PASS_MAX] = PASS_ZERO, odd[PASS_MAX] = PASS_ZERO;
        V_UNROLL
        for (int q = 0; q < n; q++)
            even[q] = s[q];
        for (; e + 1 < to->singles &&
               block->single_feature[e + 1] < column_end;
             e += 2) {
            const double v = value[block->single_feature[e]];
            const double w = value[block->single_feature[e + 1]];
            const PASS_VECTOR *a = PASS_CAT(z, block->single_row[e]);
            const PASS_VECTOR *b = PASS_CAT(z, block->single_row[e + 1]);
            V_UNROLL
            for (int q = 0; q < n; q++) {
                even[q] += v * a[q];
                odd[q] += w * b[q];
            }
        }
        if (e < to->singles && block->single_feature[e] < column_end) {
            const double v = value[block->single_feature[e]];
            const PASS_VECTOR *a = PASS_CAT(z, block->single_row[e]);
            V_UNROLL
            for (int q = 0; q < n; q++)
                even[q] += v * a[q];
            e++;
        }
        V_UNROLL
        for (int q = 0; q < n; q++)
            s[q] = even[q] + odd[q];
    }
    const uint16_t *row = block->run_row + from->run_rows;
    for (size_t r = from->runs; r < to->runs; r++) {
        const uint32_t f = block->run_feature[r];
        const double v = value[f];
        PASS_VECTOR *s = PASS_AT(sum, dictionary->column[f]);
        const size_t length = (size_t)block->run_length[r] + 1;
        PASS_VECTOR even[PASS_MAX] = PASS_ZERO, odd[PASS_MAX] = PASS_ZERO;
        size_t i = 0;
        for (; i + 2 <= length; i += 2) {
            const PASS_VECTOR *a = PASS_CAT(z, row[i]);
            const PASS_VECTOR *b = PASS_CAT(z, row[i + 1]);
            V_UNROLL
            for (int q = 0; q < n; q++) {
                even[q] += a[q];
                odd[q] += b[q];
            }
        }
        if (i < length) {
            const PASS_VECTOR *a = PASS_CAT(z, row[i]);
            V_UNROLL
            for (int q = 0; q < n; q++)
                even[q] += a[q];
        }
        V_UNROLL
        for (int q = 0; q < n; q++)
            s[q] += v * (even[q] + odd[q]);
        row += length;
    }
}

#undef PASS_AT
#undef PASS_CAT
#undef PASS_VECTOR
#undef PASS_ZERO
#undef PASS_NAME
