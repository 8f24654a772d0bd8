/* The inner loops of the engine, compiled once for every instruction set.
 *
 * simd/ holds their one source (kernels_template.h) and a file for each
 * instruction set that includes it; simd/dispatch.c chooses among them at run
 * time. All arrays over components are padded: `kp` is 1, 2, 4 or a multiple
 * of 8, at least K, and the value of feature f and component k is at
 * [f * kp + k]. Arrays but the user's own table come from alloc.h, so that a
 * whole vector may be read or written at their end. Nothing here allocates,
 * fails or depends on the number of threads.
 */
#ifndef DMM_KERNELS_H
#define DMM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "counts/counts.h"

typedef struct {
    const char *name; /* "plain", "baseline", "avx2", "avx512" */
    size_t width;     /* doubles in a vector                   */

    /* y = exp(x) for x up to 709; below -708, -Inf included, it is 0. In place
     * allowed. */
    void (*exp_array)(size_t n, const double *x, double *y);

    /* y = log(x), x normal, positive and finite. In place allowed. */
    void (*log_array)(size_t n, const double *x, double *y);

    /* sum of x[i] y[i]. */
    double (*dot)(size_t n, const double *x, const double *y);
    double (*dot_counts)(size_t n, const int32_t *x, const double *y);

    /* y += scale x. */
    void (*add_scaled)(size_t n, double scale, const double *x, double *y);

    /* y = x. */
    void (*from_counts)(size_t n, const int32_t *x, double *y);

    /* Whether all are counts: whole numbers from 0 to DMM_MAX_COUNT. Of the
     * user's table: nothing behind the last is read. */
    int (*are_counts)(size_t n, const double *x);
    int (*are_counts_int)(size_t n, const int *x);

    /* table[f][k] = multiplicity * (lgamma(alpha + v_f) - lgamma(alpha)) for
     * the features of columns [column_begin, column_end), all in one group.
     * alpha and lambda = log(alpha) are n_columns x kp. Writes up to one
     * vector past the last feature. */
    void (*lgamma_table)(const dmm_dictionary *dictionary, size_t kp,
                         const double *alpha, const double *lambda,
                         size_t column_begin, size_t column_end,
                         double *table);

    /* With w = histogram[f][k], and sums over the features of one column:
     *   digamma[j][k]  = sum w (digamma(alpha + v) - digamma(alpha))
     *   trigamma[j][k] = sum w (trigamma(alpha + v) - trigamma(alpha))
     * without the multiplicity m, and over the columns asked for
     *   lgamma[k] = sum_j m_j sum w (lgamma(alpha + v) - lgamma(alpha))
     */
    void (*difference_sums)(const dmm_dictionary *dictionary, size_t kp,
                            const double *alpha, const double *lambda,
                            const double *histogram, size_t column_begin,
                            size_t column_end, double *lgamma, double *digamma,
                            double *trigamma);

    /* acc[row][k] += table[feature][k] over the entries of a block that belong
     * to taxa groups [group_begin, group_end). */
    void (*gather)(const dmm_block *block, size_t kp, size_t group_begin,
                   size_t group_end, const double *table, double *acc);

    /* histogram[feature][k] += z[row][k] over the same. */
    void (*scatter)(const dmm_block *block, size_t kp, size_t group_begin,
                    size_t group_end, const double *z, double *histogram);

    /* The soft k-means start reads counts, not tables of them:
     * acc[row][k] += v_f * weight[column of f][k] over all entries. */
    void (*gather_counts)(const dmm_block *block,
                          const dmm_dictionary *dictionary, size_t kp,
                          const double *weight, double *acc);

    /* sum[column of f][k] += v_f * z[row][k] over the entries of a block that
     * belong to taxa groups [group_begin, group_end). */
    void (*scatter_counts)(const dmm_block *block,
                           const dmm_dictionary *dictionary, size_t kp,
                           size_t group_begin, size_t group_end,
                           const double *z, double *sum);

    /* Rows of inner products to scaled distances, in place:
     * dot <- scale * sqrt(max(0, square[row] + centre_square[k]
     *                            - 2 inverse_total[row] dot)). */
    void (*scaled_distance)(size_t n_rows, size_t kp, double scale,
                            const double *inverse_total, const double *square,
                            const double *centre_square, double *dot);

    /* Rows of log weights to probabilities, in place: z <- exp(z) / sum exp(z)
     * over the first K of kp components, 0 in the others. Adds the rows to
     * weight[k] and returns the sum of log sum exp(z), both in row order. */
    double (*softmax)(size_t n_rows, size_t k, size_t kp, double *z,
                      double *weight);
} dmm_kernels;

/* The least kp >= k that is 1, 2, 4 or a multiple of 8. */
size_t dmm_padded_components(size_t k);

/* The kernels in use: the widest that compiler, processor and system support,
 * or the one that the environment variable DMMOMP_SIMD names. */
const dmm_kernels *dmm_kernels_active(void);

/* The kernels of that name, or NULL when this machine cannot run them. */
const dmm_kernels *dmm_kernels_find(const char *name);

/* Makes dmm_kernels_active() return the kernels of that name; for tests.
 * DMM_ERROR_ARGUMENT when this machine cannot run them. */
dmm_status dmm_kernels_select(const char *name);

#endif
