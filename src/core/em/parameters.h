/* The parameters of a mixture and the sums that an EM iteration takes of them.
 *
 * An EM iteration is update(sum over chunks of step(chunk, parameters)): the
 * counts of a chunk of samples enter only through dmm_sums, whose size does not
 * depend on the number of samples. Here a fit has one chunk.
 *
 * Arrays over columns and components are [column * kp + component], with kp
 * components a column of which the first k are real (dmm_padded_components() in
 * simd/kernels.h).
 * The columns are those of the compressed counts, totals included: the "alpha"
 * of a column of totals is A_k = sum_j alpha_kj.
 */
#ifndef DMM_PARAMETERS_H
#define DMM_PARAMETERS_H

#include <stddef.h>

#include "base/status.h"
#include "base/threads.h"
#include "counts/counts.h"

/* Limits of lambda = log(alpha): beyond them alpha's square would overflow or
 * underflow, and no table of counts can tell the difference. */
#define DMM_LAMBDA_LIMIT 80.0

/* A component with less weight than this, in samples, is empty: its weight is
 * held there, so that the log weight and the Laplace criterion stay finite. */
#define DMM_EMPTY_WEIGHT 1e-6

/* A component that expects fewer samples than this is reported as empty. */
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
    double *part;       /* partial sums by group                           */
} dmm_parameters;

dmm_status dmm_parameters_new(const dmm_counts *counts, size_t k,
                              dmm_prior prior, dmm_parameters **parameters);
void dmm_parameters_free(dmm_parameters *parameters);

/* Clamps lambda, and computes alpha, theta and the columns of totals from it.
 * Called by all threads of a team. */
void dmm_parameters_refresh(const dmm_worker *worker,
                            dmm_parameters *parameters,
                            const dmm_dictionary *dictionary);

/* lambda += step (n_taxa_columns x kp). Called by all threads of a team, and to
 * be refreshed after by the same ones. */
void dmm_parameters_move(const dmm_worker *worker, dmm_parameters *parameters,
                         const dmm_dictionary *dictionary, const double *step);

/* log pi = log of weight / (sum of weights), with empty components held at
 * DMM_EMPTY_WEIGHT. `weight` is in samples. */
void dmm_parameters_set_weights(dmm_parameters *parameters,
                                const double *weight);

/* What is kept of parameters to go back to: all that the others come from. */
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

/* Makes the weights exp(log_weight) sum to 1. */
void dmm_parameters_normalise_weights(dmm_parameters *parameters);

/* Takes lambda (n_taxa x k, column-major) and weights of sum 1, for counts
 * whose taxa are separate. */
void dmm_parameters_set(dmm_parameters *parameters, const dmm_counts *counts,
                        const double *lambda, const double *weight);

/* log of the prior's density of all lambda: (S K)(eta log nu - lgamma eta) +
 * eta sum lambda - nu sum alpha. Needs fresh parameters. */
double dmm_parameters_log_prior(const dmm_parameters *parameters,
                                size_t n_taxa);

/* F_k of dmm.h up to the prior's normalisation, for one component:
 * -sum z ev + nu A - eta sum lambda, where sums->lgamma holds sum z ev. */
double dmm_parameters_penalty(const dmm_parameters *parameters, size_t k);

/* What a step over the samples leaves. */
typedef struct {
    double log_likelihood; /* without the multinomial coefficients         */
    double *weight;        /* kp: sum over samples of z, in samples        */
    double *lgamma;        /* kp: sum over samples of z ev                 */
    double *digamma;       /* n_columns x kp and kp more: P, digamma
                              differences; then the gradient (mstep.h)     */
    double *trigamma;      /* n_columns x kp: Q, trigamma differences; then
                              the curvature                                */
    double *total_digamma; /* kp: B, of the totals                         */
    double *total_trigamma; /* kp: E, of the totals (E <= 0)               */
} dmm_sums;

dmm_status dmm_sums_new(const dmm_parameters *parameters, dmm_sums **sums);
void dmm_sums_free(dmm_sums *sums);

/* Frees the sums by column; those by component stay. */
void dmm_sums_release(dmm_sums *sums);

#endif
