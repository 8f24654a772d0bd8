/* The M-step: minimise every component's F_k over lambda by Newton's method.
 *
 * With P, Q the sums over the samples of z times the digamma and trigamma
 * differences of a taxon, B, E the same of the totals, a = alpha, and m the
 * multiplicity of a column of merged taxa, which share their lambda:
 *
 *   g_j = m (a (nu - P_j + B) - eta)                   gradient
 *   h_j = max(g_j, 0) + m (eta + a^2 |Q_j|)            curvature, positive
 *   H   = diag(h) + E (m a)(m a)'                      (exact where g = 0)
 *   step = -(g - E s2/den m a) / h
 *   s1 = sum (m a)^2/h, s2 = sum m a g/h, den = 1 + E s1
 *
 * All components are stepped together, so that the parallel loops are over taxa
 * and do not depend on K.
 */
#ifndef DMM_MSTEP_H
#define DMM_MSTEP_H

#include "base/status.h"
#include "counts/chunk.h"
#include "em/parameters.h"

/* No lambda moves further than this in one step. */
#define DMM_NEWTON_LONGEST 3.0
/* The rank-one part is damped so that den stays at least this. */
#define DMM_NEWTON_LEAST_DEN 1e-3

typedef struct {
    size_t k;
    size_t kp;
    /* n_taxa_columns x kp; gradient and step have room for kp more behind,
     * which accelerate.c uses. Gradient and curvature take the room of the
     * sums' P and Q, of which they are made. The gradient is 0 in the
     * padding. */
    double *gradient;
    double *curvature;
    double *step;
    double *s2;        /* kp */
    double *rank_one;  /* kp: E, damped                                 */
    double *den;       /* kp: 1 + E s1 of the damped E                  */
    double *decrease;  /* kp: -gradient . step, twice the decrease of the
                          quadratic model                               */
    double *part;      /* n_taxa_groups x 2 kp: scratch */
} dmm_newton;

/* The sums stay the caller's, and have to live as long. */
dmm_status dmm_newton_new(const dmm_parameters *parameters,
                          const dmm_dictionary *dictionary, dmm_sums *sums,
                          dmm_newton **newton);
void dmm_newton_free(dmm_newton *newton);

/* Gradient and Hessian of all components at fresh parameters and their sums, of
 * which P and Q are spent. Called by all threads of a team. */
void dmm_newton_model(const dmm_worker *worker, dmm_newton *newton,
                      const dmm_parameters *parameters,
                      const dmm_dictionary *dictionary, const dmm_sums *sums);

/* Step and promised decrease, from the gradient and Hessian at hand. Called by
 * all threads of a team. */
void dmm_newton_step(const dmm_worker *worker, dmm_newton *newton,
                     const dmm_parameters *parameters,
                     const dmm_dictionary *dictionary);

/* The exact Hessian's diagonal at [column * kp + component], without E (m a)^2:
 * negative where there is no minimum nearby. */
double dmm_newton_diagonal(const dmm_newton *newton, size_t at);

/* Solves H x = rhs with the damped model Hessians of all components; rhs and x
 * are n_taxa_columns x kp and may be the same. */
void dmm_newton_solve(dmm_newton *newton, const dmm_parameters *parameters,
                      const dmm_dictionary *dictionary, const double *rhs,
                      double *x);

/* Minimises every F_k for the histogram at hand, until a step promises a
 * decrease below `tolerance`, or max_iterations. Leaves fresh parameters, their
 * gradient, Hessian and step. */
dmm_status dmm_mstep_run(dmm_team *team, dmm_chunk *chunk,
                         dmm_parameters *parameters, dmm_sums *sums,
                         dmm_newton *newton, double tolerance,
                         int max_iterations, int *iterations);

#endif
