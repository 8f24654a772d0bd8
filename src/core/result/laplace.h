/* Log-determinant and standard errors from the M-step's Hessian, in O(S).
 *
 * H_k = diag(h) + E a a' with h_j = a (nu - P_j + B) + a_j^2 |Q_j| of every
 * taxon and E <= 0 of mstep.h, so that by the matrix determinant lemma and
 * Sherman and Morrison
 *   log det H_k    = sum log h + log(1 + E s1),   s1 = sum a^2 / h
 *   (H_k^-1)_jj    = 1/h_j - E (a_j/h_j)^2 / (1 + E s1)
 */
#ifndef DMM_LAPLACE_H
#define DMM_LAPLACE_H

#include "em/mstep.h"
#include "em/parameters.h"

/* Both for all components, at evaluated parameters: log_det has k values,
 * variance, a taxon's of each column, n_taxa_columns x kp. Away from an optimum
 * H_k need not be positive definite: then its positive model (mstep.h) stands
 * in, so that the result is finite, and the function returns 0; else 1. */
int dmm_laplace_curvature(const dmm_newton *newton,
                          const dmm_parameters *parameters,
                          const dmm_dictionary *dictionary,
                          const dmm_sums *sums, double *log_det,
                          double *variance);

/* The criteria of dmm.h from their parts; N pi_k counts as 1 where it is less,
 * as it goes to 0, and its logarithm to where EM happens to stop, for
 * components that the samples do not need. log_weight has k log weights in
 * decreasing order, log_det the sum over components of log det H_k. */
typedef struct {
    double log_det, laplace, bic, aic;
} dmm_criteria;

dmm_criteria dmm_laplace_criteria(double nle, double log_det,
                                  const double *log_weight, size_t n_samples,
                                  size_t n_taxa, size_t k);

#endif
