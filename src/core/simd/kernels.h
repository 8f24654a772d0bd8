/* The kernels: the inner loops of the core, compiled once for each instruction
 * set.
 *
 * All sets of kernels have the same source, kernels_template.h, which one file
 * for each instruction set includes; dispatch.c chooses a set at run time.
 *
 * Arrays over components are padded: `kp` is at least K and is 1, 2, 4 or a
 * multiple of 8, and the value of feature f and component k is at [f * kp + k].
 * All arrays except the user's own table come from base/alloc.h, so that a
 * whole vector may be read or written at their end. Kernels do not allocate, do
 * not fail, and do not depend on the number of threads.
 */
#ifndef DMM_KERNELS_H
#define DMM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "counts/counts.h"

typedef struct {
    const char *name; /* "plain", "baseline", "avx2", "avx512" */
    size_t width;     /* doubles in a vector                   */

    /* y = exp(x) for x <= 709, and 0 for x < -708, also -Inf. y may be x. */
    void (*exp_array)(size_t n, const double *x, double *y);

    /* y = log(x) for normal, positive and finite x. y may be x. */
    void (*log_array)(size_t n, const double *x, double *y);

    /* The sum of x[i] y[i]. */
    double (*dot)(size_t n, const double *x, const double *y);
    double (*dot_counts)(size_t n, const int32_t *x, const double *y);

    /* y += scale x. */
    void (*add_scaled)(size_t n, double scale, const double *x, double *y);

    /* y = x. */
    void (*from_counts)(size_t n, const int32_t *x, double *y);

    /* Whether all elements are counts: whole numbers from 0 to DMM_MAX_COUNT.
     * x is part of the user's table; nothing past its last element is read. */
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

    /* For the columns j in [column_begin, column_end), with w = histogram[f][k]
     * and sums over the features f of a column, whose counts are v:
     *   digamma[j][k]  = sum w (digamma(alpha + v) - digamma(alpha))
     *   trigamma[j][k] = sum w (trigamma(alpha + v) - trigamma(alpha))
     * and, over these columns with their multiplicities m_j,
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

    /* histogram[feature][k] += z[row][k] over the same entries. */
    void (*scatter)(const dmm_block *block, size_t kp, size_t group_begin,
                    size_t group_end, const double *z, double *histogram);

    /* For soft k-means, which uses the counts v_f themselves:
     * acc[row][k] += v_f * weight[column of f][k]
     * over all entries of a block. */
    void (*gather_counts)(const dmm_block *block,
                          const dmm_dictionary *dictionary, size_t kp,
                          const double *weight, double *acc);

    /* sum[column of f][k] += v_f * z[row][k] over the entries of a block that
     * belong to taxa groups [group_begin, group_end). */
    void (*scatter_counts)(const dmm_block *block,
                           const dmm_dictionary *dictionary, size_t kp,
                           size_t group_begin, size_t group_end,
                           const double *z, double *sum);

    /* Turns rows of inner products into scaled distances, in place:
     * dot <- scale * sqrt(max(0, square[row] + centre_square[k]
     *                            - 2 inverse_total[row] dot)). */
    void (*scaled_distance)(size_t n_rows, size_t kp, double scale,
                            const double *inverse_total, const double *square,
                            const double *centre_square, double *dot);

    /* Turns rows of log weights into probabilities, in place:
     * z <- exp(z) / sum exp(z) over the first k of kp components, and 0 in the
     * others. Adds the rows to `weight` (k sums) and returns the sum of
     * log sum exp(z) over the rows, both in the order of the rows. */
    double (*softmax)(size_t n_rows, size_t k, size_t kp, double *z,
                      double *weight);
} dmm_kernels;

/* kp for k components: the smallest number >= k that is 1, 2, 4 or a multiple
 * of 8. */
size_t dmm_padded_components(size_t k);

/* The kernels in use: those that the environment variable DMMOMP_SIMD named at
 * the first call or, if this machine has no such kernels, the widest that
 * compiler, processor and operating system support. Safe from any thread. */
const dmm_kernels *dmm_kernels_active(void);

/* The kernels of that name, or NULL if this machine cannot run them. */
const dmm_kernels *dmm_kernels_find(const char *name);

/* Makes dmm_kernels_active() return the kernels of that name; for tests.
 * DMM_ERROR_ARGUMENT if this machine cannot run them. */
dmm_status dmm_kernels_select(const char *name);

#endif
