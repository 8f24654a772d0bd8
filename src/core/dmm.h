/* The interface of dmmomp's C core, which fits Dirichlet-multinomial mixtures
 * (Holmes, Harris & Quince 2012, PLoS ONE 7(2):e30126).
 *
 * A table holds the counts x_ij of N samples and S taxa; t_i is the total of
 * sample i. Component k of K has the Dirichlet parameters
 * alpha_kj = exp(lambda_kj), their sum A_k = sum_j alpha_kj, and the weight
 * pi_k. In this notation:
 *
 *   evidence   ev_ik = sum_j [lgamma(alpha_kj + x_ij) - lgamma(alpha_kj)]
 *                      + lgamma(A_k) - lgamma(A_k + t_i)
 *   z_ik       = pi_k exp(ev_ik) / sum_l pi_l exp(ev_il)
 *   loglik     = sum_i [log multinomial(t_i; x_i) + log sum_k pi_k exp(ev_ik)]
 *   prior      alpha_kj ~ Gamma(shape eta, rate nu), as a density of lambda_kj
 *   NLE        = -loglik - log prior, the negative log posterior
 *   F_k        = -sum_i z_ik ev_ik + nu A_k - eta sum_j lambda_kj
 *   P          = K S + K - 1
 *   BIC        = NLE + P log(N) / 2        AIC = NLE + P
 *   LogDet     = sum_k log det H_k + sum_{k>1} [2 log N - log(N pi_k)],
 *                components by decreasing weight, H_k the Hessian of F_k,
 *                N pi_k at least 1
 *   Laplace    = NLE + LogDet/2 - P log(2 pi)/2
 *
 * Callers need no other header. No function here prints, exits or keeps state
 * between calls. All matrices are in column-major order, as in R.
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
    DMM_PHASE_EM,      /* EM; value: absolute change of NLE             */
    DMM_PHASE_HESSIAN  /* criteria and standard errors                  */
} dmm_phase;

/* Called at the start of a phase with iteration 0, and then after every
 * iteration. Only the thread that called the core calls it. */
typedef void (*dmm_progress)(dmm_phase phase, int iteration, double value,
                             void *user);

/* Called regularly, by the thread that called the core. If it returns nonzero,
 * the work stops and its function returns DMM_ERROR_INTERRUPTED. */
typedef int (*dmm_interrupt)(void *user);

/* Called when one of several starts has ended, by the thread that called the
 * core. So many have been made, and if the best optimum goes on being met as
 * often, there will be `expected` in all. */
struct dmm_start_record;
typedef void (*dmm_start_made)(const struct dmm_start_record *record,
                               size_t made, size_t expected, void *user);

/* 3, and all starts in small tables. */
#define DMM_AGREE_USUAL (-1)

typedef struct {
    double eta, nu;            /* Gamma prior of alpha: shape and rate     */
    double stiffness;          /* of the soft k-means start                */
    double kmeans_tolerance;   /* k-means has converged when no centre moves
                                  further (Euclidean, in proportions)      */
    int kmeans_iterations;     /* at most so many                          */
    double tolerance;          /* change of NLE at which EM has converged  */
    double relative_tolerance; /* the same relative to |NLE|; the larger
                                  limit applies                            */
    int max_iterations;        /* of EM                                    */
    int accelerate;            /* whether EM is accelerated                */
    double accelerate_change;  /* ... once NLE changes by less than this   */
    double accelerate_change_per_sample; /* ... or less than N times this  */
    dmm_optimizer optimizer;   /* of the M-step                            */
    int agree;                 /* starts that end at the best optimum: with so
                                  many no more are made; 0: all are made; or
                                  DMM_AGREE_USUAL                          */
    unsigned long seed;        /* of the random start                      */
    int compact;               /* whether the result has `assigned` in place
                                  of z                                     */
    int n_threads;             /* at most                                  */
    dmm_progress progress;     /* may be NULL                              */
    dmm_interrupt interrupt;   /* may be NULL                              */
    dmm_start_made start_made; /* may be NULL                              */
    void *user;                /* passed to the callbacks                  */
} dmm_control;

/* The default values of all fields. */
dmm_control dmm_control_default(void);

typedef struct {
    size_t n_samples, n_taxa, k;
    double nle, log_likelihood, log_det, laplace, bic, aic;
    double *weight;   /* k, decreasing, sum 1: pi                          */
    double *z;        /* n_samples x k; NULL if compact                    */
    double *assigned; /* n_samples x 2: the most probable component, from 0,
                         the first of several, and the sum of the
                         probabilities of all others. NULL unless compact  */
    double entropy;   /* -sum z log z, if compact                          */
    double *estimate; /* n_taxa x k: alpha                                 */
    double *lower;    /* n_taxa x k: exp(lambda - 2 std_error)             */
    double *upper;    /* n_taxa x k: exp(lambda + 2 std_error)             */
    double *std_error; /* n_taxa x k: of lambda, sqrt((H_k^-1)_jj)         */
    double *share_error; /* n_taxa x k: of log(alpha_kj / A_k)             */
    int iterations, evaluations, kmeans_iterations;
    int converged;
    int reseeded;     /* components that became empty during the start     */
    int empty;        /* components that hold no sample in the end         */
    int n_threads;    /* threads that were used                            */
} dmm_fit_result;

/* Fits a mixture of k components, 1 <= k <= N, from one k-means start. The
 * matrix must have passed dmm_matrix_check(); its samples and taxa are used in
 * their order. The caller frees the result with dmm_fit_free(). */
dmm_status dmm_fit(const dmm_matrix *matrix, size_t k,
                   const dmm_control *control, dmm_fit_result **result);
void dmm_fit_free(dmm_fit_result *result);

/* A count table that is compressed once and then serves several fits. With
 * `canonical`, samples and taxa are put in canonical order (counts/order.h),
 * and fits do not depend on their order in the matrix; otherwise fits are those
 * of dmm_fit(). `largest_k` is the largest number of components that will be
 * fitted; the size of the row blocks depends on it and, above 400, that of the
 * part of a large table on which starts are made. The matrix may be
 * freed when dmm_table_new() has returned. dmm_table_fit() does not change a
 * table. */
typedef struct dmm_table dmm_table;
dmm_status dmm_table_new(const dmm_matrix *matrix, int canonical,
                         size_t largest_k, int n_threads, dmm_table **table);
void dmm_table_free(dmm_table *table);
size_t dmm_table_taxa(const dmm_table *table); /* S */

/* The kinds of start: how the responsibilities that a fit starts from are made
 * (see start/starts.h). */
typedef enum {
    DMM_START_KMEANS,
    DMM_START_SEEDS,
    DMM_START_LABELS,
    DMM_START_MOVE,
    DMM_START_RESAMPLE,
    DMM_START_GIVEN,
    DMM_START_KINDS /* their number */
} dmm_start_kind;

typedef struct dmm_start_record {
    dmm_start_kind kind;
    unsigned long seed; /* below 2^32, derived from the control's */
    size_t samples;     /* that the start was made on             */
    double nle;         /* at the end; INFINITY if the fit failed */
    int iterations, evaluations, converged;
} dmm_start_record;

/* All samples of a table that is not in memory, or not in this process. An
 * iteration needs only sums over them (see dmm_part_sums()), which the caller
 * adds up over parts of the samples. */
typedef struct {
    size_t n_samples;
    double log_multinomial; /* the sum of the parts' */
    /* Computes the sums at the parameters lambda (n_taxa x k) and the log
     * weights (k). Any status but DMM_OK ends the fit. Only the thread that
     * called the core calls it. */
    dmm_status (*sums)(void *user, const double *lambda,
                       const double *log_weight, double *sums);
    /* Called when the best of the starts has been chosen, from which on each
     * iteration leads to the result; may be NULL. */
    void (*chosen)(void *user);
    void *user;
    const double *lambda;     /* where to begin, in place of starts, with */
    const double *log_weight; /* ... the log weights; or NULL             */
} dmm_parts;

typedef struct {
    size_t n_starts;             /* >= 1, the most                           */
    const dmm_start_kind *kinds; /* n_starts, or NULL for the usual sequence */
    const double *given;         /* n_samples x k: the responsibilities for
                                    DMM_START_GIVEN; otherwise NULL          */
    const double *log_prior;     /* n_samples x k: for one given start, the log
                                    probabilities of the components for each
                                    sample, in place of log pi; or NULL. pi_k
                                    is then the mean of z_ik, and components
                                    keep their order                         */
    const dmm_parts *parts;      /* the samples to fit, if the table holds only
                                    some of them; or NULL                    */
    int reassign;                /* whether a lone start goes on to the optimum
                                    that the reassignment of samples finds, as
                                    each of several does                     */
} dmm_start_plan;

/* Fits from up to plan->n_starts starts and returns the fit with the smallest
 * NLE. The first start uses control->seed, the others use seeds derived from
 * it. `records` has n_starts elements, of which the first *n_made receive the
 * starts that were made. If there may be several, each goes on to the optimum
 * that the reassignment of samples finds (start/reassign.h); in large tables
 * they are made on a random part of the samples, and the best are continued on
 * all: then progress reports another EM from iteration 0.
 *
 * With plan->parts, the table is the part on which starts are made, and the
 * best are continued on all samples. The result has neither z nor `assigned`.
 * The optimiser must be Newton's method. */
dmm_status dmm_table_fit(const dmm_table *table, size_t k,
                         const dmm_start_plan *plan, const dmm_control *control,
                         dmm_start_record *records, size_t *n_made,
                         dmm_fit_result **result);

/* ---- Markers and a shared background -------------------------------------
 *
 * In a model with markers the components differ in some taxa only, the markers
 * M. The others are the background B, with x_iB = sum_{j in B} x_ij:
 *
 *   (x_iM, x_iB)    a mixture as above, of |M| + 1 taxa
 *   x_ij, j in B    given x_iB, one Dirichlet-multinomial with parameters
 *                   beta_j and their sum beta_0, the same for all components
 *
 * The model is thus two fits, whose NLE, LogDet and Laplace add up.
 */

/* Makes the tables of the two fits from the compressed counts of `table`. Taxa
 * are in the order of the matrix, and the sum of the background is the last
 * taxon of *markers. Samples without counts of the background are left out of
 * *background. `is_marker` has an element for each taxon; there must be markers
 * and others, and the others must have counts. *markers serves fits with up to
 * largest_k components. The caller frees both, in any order. */
dmm_status dmm_table_split(const dmm_table *table,
                           const unsigned char *is_marker, size_t largest_k,
                           int n_threads, dmm_table **markers,
                           dmm_table **background);

/* A fit with markers, or without them: then `other` is A_k, and `shared` the
 * sum of the parameters of a fit with one component. */
typedef struct {
    size_t k;
    const double *z;                /* n_samples x k                        */
    const unsigned char *is_marker; /* n_taxa                               */
    const double *estimate;         /* n_taxa x k: alpha of the markers; the
                                       others are not read                  */
    const double *other;            /* k: alpha of the background           */
    double shared;                  /* beta_0                               */
} dmm_marker_model;

/* For each taxon, about how much less Laplace is if it is a marker than if it
 * is not, all else being equal (result/gains.c). gain has n_taxa elements. Of
 * the control, the prior and the number of threads are used. */
dmm_status dmm_table_gains(const dmm_table *table,
                           const dmm_marker_model *model,
                           const dmm_control *control, double *gain);

/* ---- Parts of a table -----------------------------------------------------
 *
 * A part holds some of a table's samples, compressed, with all taxa. It can be
 * an image, bytes that are written to a file and used where they lie.
 */
typedef struct dmm_part dmm_part;

/* Compresses a part. `k` is the number of components that it will be used with.
 * Samples without counts are allowed. */
dmm_status dmm_part_new(const dmm_matrix *matrix, size_t k, int n_threads,
                        dmm_part **part);

/* The size of a part's image in bytes; writes it; and uses an image, at an
 * address that is a multiple of 8. The image must outlive the part. The error
 * is DMM_ERROR_ARGUMENT if it is incomplete or made on another kind of machine.
 */
size_t dmm_part_size(const dmm_part *part);
void dmm_part_write(const dmm_part *part, void *image);
dmm_status dmm_part_open(const void *image, size_t size, dmm_part **part);
void dmm_part_free(dmm_part *part);

typedef struct {
    size_t n_samples, n_taxa;
    double log_multinomial; /* sum_i log multinomial(t_i; x_i) */
} dmm_part_info;
dmm_part_info dmm_part_about(const dmm_part *part);

/* The sums over a part's samples at the parameters lambda (n_taxa x k) and the
 * log weights. Those of several parts are added element by element:
 *
 *   sum_i log sum_k pi_k exp(ev_ik)                       1
 *   sum_i z_ik                                            k
 *   the same of z_ik [psi(A_k + t_i) - psi(A_k)]          k, and of psi', k
 *   the same of z_ik [psi(alpha_kj + x_ij) - psi(alpha_kj)]
 *                                           n_taxa x k, and of psi', n_taxa x k
 *
 * dmm_sums_length() is the number of elements. */
size_t dmm_sums_length(size_t n_taxa, size_t k);
dmm_status dmm_part_sums(const dmm_part *part, size_t k, const double *lambda,
                         const double *log_weight, int n_threads, double *sums);

/* The responsibilities of a part's samples, n_samples x k, or if `compact` the
 * most probable components, n_samples x 2 as in dmm_fit_result, and their
 * entropy. */
dmm_status dmm_part_posterior(const dmm_part *part, size_t k,
                              const double *lambda, const double *log_weight,
                              int compact, int n_threads, double *result,
                              double *entropy);

/* ---- Given parameters --------------------------------------------------- */

/* Evaluates the model at given parameters, for checks and for the likelihood of
 * new samples. lambda is n_taxa x k; weight holds k positive numbers that sum
 * to 1. The caller allocates the outputs in `result` and sets those that it
 * does not want to NULL. */
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

/* The M-step alone: minimises every F_k at fixed responsibilities z, which is
 * n_samples x k. lambda (n_taxa x k) holds the starting point and receives the
 * minimum; objective receives the k values F_k there, and *iterations the
 * number of iterations of the optimiser. */
dmm_status dmm_maximize(const dmm_matrix *matrix, size_t k, const double *z,
                        const dmm_control *control, double *lambda,
                        double *objective, int *iterations);

/* Writes the log evidence ev_ik (log_evidence != 0) or the posterior
 * probabilities z_ik of the samples of a table into result (n_samples x k), at
 * the parameters alpha (n_taxa x k) and weight (k). Samples without counts are
 * allowed. */
dmm_status dmm_predict(const dmm_matrix *matrix, size_t k, const double *alpha,
                       const double *weight, int log_evidence, int n_threads,
                       double *result);

#endif
