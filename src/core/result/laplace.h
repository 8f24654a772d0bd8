/* The Laplace approximation and the other criteria, and standard errors.
 *
 * The Hessian of F_k is that of the M-step (em/mstep.h, where the letters are
 * defined), a diagonal plus a rank-one matrix:
 *   H_k = diag(h) + E a a',   h_j = a_j (nu - P_j + B) + a_j^2 |Q_j|,  E <= 0
 * Its determinant and the diagonal of its inverse therefore cost O(S), by the
 * matrix determinant lemma and the Sherman-Morrison formula:
 *   log det H_k    = sum log h + log(1 + E s1),   s1 = sum a^2 / h
 *   (H_k^-1)_jj    = 1/h_j - E (a_j/h_j)^2 / (1 + E s1)
 * The sums are over taxa; merged taxa count once each. With V = H_k^-1 and the
 * shares s = a / A_k, which are the mean proportions, log s_j has the variance
 *   V_jj - 2 (V s)_j + s' V s,   V a = (a / h) / (1 + E s1)
 */
#ifndef DMM_LAPLACE_H
#define DMM_LAPLACE_H

#include "em/mstep.h"
#include "em/parameters.h"

/* Log determinants and variances of all components, at evaluated parameters.
 * log_det[k] is log det H_k. variance[column * kp + k] is (H_k^-1)_jj of any
 * one of the column's taxa, and share_variance, unless it is NULL, the variance
 * of the logarithm of its mean proportion. Away from an optimum H_k need not be
 * positive definite; the M-step's positive model of it is then used instead, so
 * that the results are finite. */
void dmm_laplace_curvature(const dmm_newton *newton,
                           const dmm_parameters *parameters,
                           const dmm_dictionary *dictionary,
                           const dmm_sums *sums, double *log_det,
                           double *variance, double *share_variance);

typedef struct {
    double log_det, laplace, bic, aic;
} dmm_criteria;

/* The criteria of dmm.h from their parts: log_det is the sum over components of
 * log det H_k, log_weight has k log weights in decreasing order. N pi_k counts
 * as at least 1: for a component that the samples do not need, pi_k goes to 0,
 * and how far its logarithm falls depends only on where EM stops. */
dmm_criteria dmm_laplace_criteria(double nle, double log_det,
                                  const double *log_weight, size_t n_samples,
                                  size_t n_taxa, size_t k);

#endif
