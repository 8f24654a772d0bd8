/* The M-step: minimise every component's F_k over lambda by Newton's method.
 *
 * For one component, let a = alpha_j, and m the multiplicity of column j: the
 * number of identical taxa that it stands for, which share their lambda. P_j
 * and Q_j are the sums over the samples of z times the digamma and trigamma
 * differences of column j; B and E are those of the totals.
 *
 *   g_j  = m (a (nu - P_j + B) - eta)                  gradient
 *   h_j  = max(g_j, 0) + m (eta + a^2 |Q_j|)           curvature, positive
 *   H    = diag(h) + E (m a)(m a)'                     model Hessian, E <= 0
 *   step = -(g - E s2/den m a) / h                     = -H^-1 g
 *   s1   = sum (m a)^2/h,  s2 = sum m a g/h,  den = 1 + E s1
 *
 * In the exact Hessian g_j stands in place of max(g_j, 0). H is positive
 * definite when den > 0; E is damped (moved towards 0) where den would be too
 * small. The inverse of H is by the Sherman-Morrison formula.
 *
 * All components are stepped together, so that the parallel loops are over
 * groups of taxa and do not depend on K.
 */
#ifndef DMM_MSTEP_H
#define DMM_MSTEP_H

#include "base/status.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* The largest change of a lambda in one Newton step. */
#define DMM_NEWTON_LONGEST 3.0
/* E is damped so that den is at least this. */
#define DMM_NEWTON_LEAST_DEN 1e-3

typedef struct {
    size_t k;
    size_t kp;
    /* n_taxa_columns x kp. Gradient and step have kp more elements after the
     * last column, which accelerate.c uses for the log weights. Gradient and
     * curvature are the same arrays as the sums' P and Q, which they overwrite.
     * The gradient is 0 in the padding. */
    double *gradient;
    double *curvature;
    double *step;
    double *s2;        /* kp */
    double *rank_one;  /* kp: E, damped                                 */
    double *den;       /* kp: 1 + E s1 of the damped E                  */
    double *decrease;  /* kp: -gradient . step, twice the decrease of F_k that
                          the quadratic model predicts                  */
    double *part;      /* n_taxa_groups x 2 kp: partial sums by group   */
} dmm_newton;

/* Borrows the sums' arrays: the sums stay the caller's and must live as long as
 * the result. The only error is DMM_ERROR_MEMORY. */
dmm_status dmm_newton_new(const dmm_parameters *parameters,
                          const dmm_dictionary *dictionary, dmm_sums *sums,
                          dmm_newton **newton);
void dmm_newton_free(dmm_newton *newton);

/* Computes gradient and model Hessian of all components from fresh parameters
 * and the sums at them. Overwrites the sums' P and Q. Called by all threads of
 * a team. */
void dmm_newton_model(const dmm_worker *worker, dmm_newton *newton,
                      const dmm_parameters *parameters,
                      const dmm_dictionary *dictionary, const dmm_sums *sums);

/* Computes step and predicted decrease from the current gradient and Hessian;
 * does not change the parameters. Called by all threads of a team. */
void dmm_newton_step(const dmm_worker *worker, dmm_newton *newton,
                     const dmm_parameters *parameters,
                     const dmm_dictionary *dictionary);

/* The diagonal of the exact Hessian without E (m a)^2, at `at` = [column * kp +
 * component]. It can be negative away from a minimum. */
double dmm_newton_diagonal(const dmm_newton *newton, size_t at);

/* Solves H x = rhs for the damped model Hessians H of all components. rhs and x
 * are n_taxa_columns x kp and may be the same array. Serial; overwrites
 * newton->part. */
void dmm_newton_solve(dmm_newton *newton, const dmm_parameters *parameters,
                      const dmm_dictionary *dictionary, const double *rhs,
                      double *x);

/* Minimises every F_k for the chunk's current histogram, until the predicted
 * decrease of each is below `tolerance`, or for max_iterations. A component is
 * also done when no step along its direction decreases its F_k. *iterations is
 * the number of Newton iterations. Leaves fresh parameters with their gradient,
 * Hessian and step. The only error is DMM_ERROR_MEMORY. Called by the team's
 * thread 0. */
dmm_status dmm_mstep_run(dmm_team *team, dmm_chunk *chunk,
                         dmm_parameters *parameters, dmm_sums *sums,
                         dmm_newton *newton, double tolerance,
                         int max_iterations, int *iterations);

#endif
