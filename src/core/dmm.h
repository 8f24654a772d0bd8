/* dmmomp's C core: Dirichlet-multinomial mixtures (Holmes, Harris & Quince
 * 2012, PLoS ONE 7(2):e30126).
 *
 * Counts x_ij of N samples and S taxa, totals t_i. Component k of K has the
 * Dirichlet parameters alpha_kj = exp(lambda_kj), A_k = sum_j alpha_kj, and the
 * weight pi_k.
 *
 *   evidence   ev_ik = sum_j [lgamma(alpha_kj + x_ij) - lgamma(alpha_kj)]
 *                      + lgamma(A_k) - lgamma(A_k + t_i)
 *   z_ik       = pi_k exp(ev_ik) / sum_l pi_l exp(ev_il)
 *   loglik     = sum_i [log multinomial(t_i; x_i) + log sum_k pi_k exp(ev_ik)]
 *   prior      alpha_kj ~ Gamma(shape eta, rate nu), taken in lambda
 *   NLE        = -loglik - log prior, the negative log posterior
 *   F_k        = -sum_i z_ik ev_ik + nu A_k - eta sum_j lambda_kj
 *   P          = K S + K - 1
 *   BIC        = NLE + P log(N) / 2        AIC = NLE + P
 *   LogDet     = sum_k log det H_k + sum_{k>1} [2 log N - log(N pi_k)],
 *                components by decreasing weight, H_k the Hessian of F_k,
 *                N pi_k at least 1
 *   Laplace    = NLE + LogDet/2 - P log(2 pi)/2
 *
 * This is the whole interface for callers. No function here prints, exits or
 * keeps state; matrices are in column-major order, as in R.
 */
#ifndef DMM_H
#define DMM_H

#include <stddef.h>

#include "base/status.h"
#include "counts/matrix.h"

typedef enum { DMM_OPTIMIZER_NEWTON, DMM_OPTIMIZER_BFGS } dmm_optimizer;

/* What a fit is doing when it reports progress. */
typedef enum {
    DMM_PHASE_START,   /* soft k-means; value: largest move of a centre */
    DMM_PHASE_SETUP,   /* the first M-step                              */
    DMM_PHASE_EM,      /* value: change of NLE                          */
    DMM_PHASE_HESSIAN  /* criteria and standard errors                  */
} dmm_phase;

/* Called by the calling thread, outside of parallel regions: at the begin of a
 * phase with iteration 0, then after every iteration. */
typedef void (*dmm_progress)(dmm_phase phase, int iteration, double value,
                             void *user);

/* Called by the calling thread now and then; nonzero stops the work, which then
 * ends with DMM_ERROR_INTERRUPTED. */
typedef int (*dmm_interrupt)(void *user);

typedef struct {
    double eta, nu;            /* Gamma prior of alpha: shape and rate     */
    double stiffness;          /* of the soft k-means start                */
    double kmeans_tolerance;   /* Euclidean move of a centre, proportions  */
    int kmeans_iterations;     /* at most                                  */
    double tolerance;          /* change of NLE at convergence             */
    double relative_tolerance; /* the same, relative to |NLE|; the larger
                                  of the two counts                        */
    int max_iterations;        /* of EM                                    */
    int accelerate;            /* whether EM is accelerated                */
    double accelerate_change;  /* it is once NLE changes by less than this */
    double accelerate_change_per_sample; /* or less than this times N      */
    dmm_optimizer optimizer;   /* of the M-step                            */
    unsigned long seed;        /* of the random start                      */
    int n_threads;
    dmm_progress progress;     /* may be NULL */
    dmm_interrupt interrupt;   /* may be NULL */
    void *user;                /* for both    */
} dmm_control;

/* The defaults of all fields. */
dmm_control dmm_control_default(void);

typedef struct {
    size_t n_samples, n_taxa, k;
    double nle, log_likelihood, log_det, laplace, bic, aic;
    double *weight;   /* k, decreasing, sum 1: pi                          */
    double *z;        /* n_samples x k                                     */
    double *estimate; /* n_taxa x k: alpha                                 */
    double *lower;    /* n_taxa x k: exp(lambda - 2 std_error)             */
    double *upper;    /* n_taxa x k: exp(lambda + 2 std_error)             */
    double *std_error; /* n_taxa x k: of lambda, sqrt((H_k^-1)_jj)         */
    int iterations, evaluations, kmeans_iterations;
    int converged;
    int reseeded;     /* components that emptied in the start              */
    int empty;        /* components that hold no sample in the end         */
    int n_threads;    /* used                                              */
} dmm_fit_result;

/* Fits a mixture of k components, 1 <= k <= N, to a table that has passed
 * dmm_matrix_check(), from one k-means start on the samples and taxa as they
 * are ordered. The result belongs to the caller: dmm_fit_free(). */
dmm_status dmm_fit(const dmm_matrix *matrix, size_t k,
                   const dmm_control *control, dmm_fit_result **result);
void dmm_fit_free(dmm_fit_result *result);

/* A table compressed once, for several fits. In canonical order
 * (counts/order.h) fits do not depend on the order of samples and taxa; else
 * they are those of dmm_fit(). `largest_k` is the most components that will be fitted, of which
 * only the size of the row blocks depends. The matrix is not needed any more
 * afterwards. A table is const for dmm_table_fit(). */
typedef struct dmm_table dmm_table;
dmm_status dmm_table_new(const dmm_matrix *matrix, int canonical,
                         size_t largest_k, int n_threads, dmm_table **table);
void dmm_table_free(dmm_table *table);

/* How the responsibilities are made that a fit starts from (see
 * start/starts.h). */
typedef enum {
    DMM_START_KMEANS,
    DMM_START_SEEDS,
    DMM_START_LABELS,
    DMM_START_MOVE,
    DMM_START_RESAMPLE,
    DMM_START_GIVEN,
    DMM_START_KINDS /* their number */
} dmm_start_kind;

typedef struct {
    dmm_start_kind kind;
    unsigned long seed; /* below 2^32, derived from the control's */
    double nle;         /* at its end; INFINITY where it failed   */
    int iterations, evaluations, converged;
} dmm_start_record;

typedef struct {
    size_t n_starts;             /* >= 1                                     */
    const dmm_start_kind *kinds; /* n_starts, or NULL for the usual sequence */
    const double *given;         /* n_samples x k: what DMM_START_GIVEN starts
                                    from; else NULL                          */
} dmm_start_plan;

/* The fit with the least NLE from plan->n_starts starts, each with a seed
 * derived from control->seed, the first with that itself. Fills a record for
 * each start. Progress is reported for a lone start only. */
dmm_status dmm_table_fit(const dmm_table *table, size_t k,
                         const dmm_start_plan *plan, const dmm_control *control,
                         dmm_start_record *records, dmm_fit_result **result);

/* The model at given parameters: for checks, and for the likelihood of new
 * samples. All matrices as in dmm_fit_result; lambda is n_taxa x k, weight has
 * k positive numbers of sum 1. Outputs have room from the caller; any of them
 * may be NULL. */
typedef struct {
    double nle, log_likelihood;
    double *z;                /* n_samples x k                        */
    double *objective;        /* k: F_k at these z                    */
    double *gradient;         /* n_taxa x k: dF_k / dlambda           */
    double *hessian_diagonal; /* n_taxa x k, with hessian_rank_one:
                                 H_k = diag + E_k alpha_k alpha_k'     */
    double *hessian_rank_one; /* k: E_k                               */
    double *log_det;          /* k: log det H_k                       */
    double *variance;         /* n_taxa x k: diagonal of H_k^-1       */
} dmm_evaluation;

dmm_status dmm_evaluate(const dmm_matrix *matrix, size_t k,
                        const double *lambda, const double *weight,
                        const dmm_control *control, dmm_evaluation *result);

/* Minimises every F_k at fixed responsibilities z (n_samples x k), from and
 * into lambda (n_taxa x k). objective: k values of F_k, iterations: of the
 * optimiser. */
dmm_status dmm_maximize(const dmm_matrix *matrix, size_t k, const double *z,
                        const dmm_control *control, double *lambda,
                        double *objective, int *iterations);

/* Log evidence (log_evidence != 0) or posterior probabilities of the components
 * for the samples of a table, n_samples x k, at alpha (n_taxa x k) and
 * weight. Samples without counts are allowed. */
dmm_status dmm_predict(const dmm_matrix *matrix, size_t k, const double *alpha,
                       const double *weight, int log_evidence, int n_threads,
                       double *result);

#endif
