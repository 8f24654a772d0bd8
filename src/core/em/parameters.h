/* The parameters of a mixture, and the sums over the samples that an EM
 * iteration computes at them.
 *
 * The counts enter the update of the parameters only through dmm_sums, whose
 * size does not depend on the number of samples. The sums of several chunks of
 * samples could thus be added up; at present a fit has one chunk.
 *
 * Arrays over columns and components are [column * kp + component], where kp is
 * k rounded up for the vector kernels (dmm_padded_components() in
 * simd/kernels.h); components from k on are padding. The columns are those of
 * the compressed counts (counts.h): the taxa columns, then the columns of
 * totals, whose "alpha" is A_k = sum_j alpha_kj.
 *
 * Parameters are *fresh* when dmm_parameters_refresh() has been called since
 * lambda last changed, so that everything derived from lambda belongs to it.
 */
#ifndef DMM_PARAMETERS_H
#define DMM_PARAMETERS_H

#include <stddef.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

/* Largest |lambda|, lambda = log(alpha). Within it alpha and its square neither
 * overflow nor underflow; beyond it no table of counts can tell the
 * difference. */
#define DMM_LAMBDA_LIMIT 80.0

/* The least weight of a component, in samples. A component with less is empty,
 * and its weight is held here so that the log weight stays finite. */
#define DMM_EMPTY_WEIGHT 1e-6

/* A component whose sum of z is below this is reported as empty in a result. */
#define DMM_EMPTY_REPORTED 0.1

/* eta and nu: shape and rate of alpha's Gamma prior. */
typedef struct {
    double eta;
    double nu;
} dmm_prior;

typedef struct {
    size_t k;
    size_t kp;
    size_t n_taxa_columns;
    size_t n_columns;
    dmm_prior prior;
    double *log_weight; /* kp: log pi, 0 in the padding                    */
    double *lambda;     /* n_columns x kp: log alpha                       */
    double *alpha;      /* n_columns x kp                                  */
    /* Derived by dmm_parameters_refresh(): */
    double *theta;      /* kp: A_k                                         */
    double *lambda_sum; /* kp: sum over taxa of lambda                     */
    double *part;       /* n_taxa_groups x 2 kp: partial sums by group     */
} dmm_parameters;

/* Zero lambda and log weights. The only error is DMM_ERROR_MEMORY. */
dmm_status dmm_parameters_new(const dmm_counts *counts, size_t k,
                              dmm_prior prior, dmm_parameters **parameters);
void dmm_parameters_free(dmm_parameters *parameters);

/* Makes parameters fresh: clamps lambda to +-DMM_LAMBDA_LIMIT and computes
 * alpha, theta, lambda_sum and the columns of totals from it. Called by all
 * threads of a team. */
void dmm_parameters_refresh(const dmm_worker *worker,
                            dmm_parameters *parameters,
                            const dmm_dictionary *dictionary);

/* lambda += step, which is n_taxa_columns x kp. Called by all threads of a
 * team, which have to call dmm_parameters_refresh() next. There is no barrier:
 * in both functions a thread works on the same groups of taxa. */
void dmm_parameters_move(const dmm_worker *worker, dmm_parameters *parameters,
                         const dmm_dictionary *dictionary, const double *step);

/* Sets log pi to log(weight / sum of weights), where weights, in samples, below
 * DMM_EMPTY_WEIGHT are raised to it. */
void dmm_parameters_set_weights(dmm_parameters *parameters,
                                const double *weight);

/* A copy of the parameters that all others are derived from, for going back to
 * them. After a restore the parameters are not fresh. */
typedef struct {
    double *lambda;     /* n_taxa_columns x kp */
    double *log_weight; /* kp                  */
} dmm_position;

dmm_status dmm_position_init(dmm_position *position,
                             const dmm_parameters *parameters);
void dmm_position_release(dmm_position *position);
void dmm_position_keep(dmm_position *position,
                       const dmm_parameters *parameters);
void dmm_position_restore(const dmm_position *position,
                          dmm_parameters *parameters);

/* Scales the weights exp(log_weight) to sum 1. */
void dmm_parameters_normalise_weights(dmm_parameters *parameters);

/* Sets lambda (n_taxa x k, column-major) and weights (k, positive, of sum 1),
 * for counts built with DMM_TAXA_SEPARATE. The parameters are not fresh
 * afterwards. */
void dmm_parameters_set(dmm_parameters *parameters, const dmm_counts *counts,
                        const double *lambda, const double *weight);

/* Sets lambda alone. */
void dmm_parameters_set_lambda(dmm_parameters *parameters,
                               const dmm_counts *counts, const double *lambda);

/* The log density of the prior, over all lambda: S K (eta log nu - lgamma eta)
 * + eta sum lambda - nu sum alpha. Needs fresh parameters. */
double dmm_parameters_log_prior(const dmm_parameters *parameters,
                                size_t n_taxa);

/* The prior's part of F_k (dmm.h), nu A_k - eta sum_j lambda_kj: F_k is this
 * minus the sums' lgamma[k]. Needs fresh parameters. */
double dmm_parameters_penalty(const dmm_parameters *parameters, size_t k);

/* The sums over the samples. Differences are those of dmm.h's ev_ik,
 * lgamma(alpha + x) - lgamma(alpha), and of its derivatives. */
typedef struct {
    double log_likelihood; /* without the multinomial coefficients         */
    double *weight;        /* kp: sum over samples of z                    */
    double *lgamma;        /* kp: sum over samples of z ev                 */
    double *digamma;       /* (n_columns + 1) x kp: P, sum of z times digamma
                              differences; dmm_newton_model() overwrites it
                              with the gradient (mstep.h)                  */
    double *trigamma;      /* n_columns x kp: Q, the same of trigamma;
                              overwritten with the curvature               */
    double *total_digamma; /* kp: B, as P but of the totals                */
    double *total_trigamma; /* kp: E, as Q but of the totals (E <= 0)      */
} dmm_sums;

/* The only error is DMM_ERROR_MEMORY. */
dmm_status dmm_sums_new(const dmm_parameters *parameters, dmm_sums **sums);
void dmm_sums_free(dmm_sums *sums);

/* Frees the sums by column (digamma and trigamma); those by component stay. */
void dmm_sums_release(dmm_sums *sums);

#endif
