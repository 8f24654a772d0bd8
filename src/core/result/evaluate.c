/* Work on a table at given parameters, without a fit: dmm_evaluate(),
 * dmm_maximize() and dmm_predict() of dmm.h.
 *
 * All three compress the table with one column for each taxon, since identical
 * taxa may have different given parameters, and set up the state of EM for it.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "counts/counts.h"
#include "dmm.h"
#include "em/bfgs.h"
#include "em/em.h"
#include "em/estep.h"
#include "em/histogram.h"
#include "result/laplace.h"
#include "simd/kernels.h"

/* dmm_maximize() by Newton's method ends at a step that promises to decrease
 * F_k by less than this, or after so many steps. */
#define MAXIMIZE_TOLERANCE 1e-12
#define MAXIMIZE_ITERATIONS 200

/* Copies component k of `from` (n_taxa_columns x kp) to n_taxa values. */
static void copy_taxa(const dmm_em *em, const double *from, size_t k,
                      double *to)
{
    const size_t kp = em->chunk->kp;
    for (size_t j = 0; j < em->counts->n_taxa; j++)
        to[j] = from[em->counts->column_of_taxon[j] * kp + k];
}

static void copy_hessian(const dmm_em *em, size_t k, double *diagonal)
{
    const size_t kp = em->chunk->kp;
    for (size_t j = 0; j < em->counts->n_taxa; j++)
        diagonal[j] = dmm_newton_diagonal(
            em->newton, em->counts->column_of_taxon[j] * kp + k);
}

static dmm_status copy_evaluation(const dmm_em *em, dmm_evaluation *r)
{
    const dmm_parameters *p = em->parameters;
    const size_t k = p->k, taxa = em->counts->n_taxa;
    double *log_det = DMM_NEW(k, double);
    double *variance = DMM_NEW2(p->n_taxa_columns, p->kp, double);
    if (!log_det || !variance) {
        dmm_free(log_det);
        dmm_free(variance);
        return DMM_ERROR_MEMORY;
    }
    dmm_laplace_curvature(em->newton, p, &em->counts->dictionary, em->sums,
                          log_det, variance, NULL);
    r->nle = em->nle;
    r->log_likelihood =
        em->counts->log_multinomial + em->sums->log_likelihood;
    if (r->z)
        dmm_chunk_get_responsibilities(em->chunk, NULL, r->z);
    for (size_t c = 0; c < k; c++) {
        if (r->objective)
            r->objective[c] =
                dmm_parameters_penalty(p, c) - em->sums->lgamma[c];
        if (r->gradient)
            copy_taxa(em, em->newton->gradient, c, r->gradient + c * taxa);
        if (r->hessian_diagonal)
            copy_hessian(em, c, r->hessian_diagonal + c * taxa);
        if (r->hessian_rank_one)
            r->hessian_rank_one[c] = em->sums->total_trigamma[c];
        if (r->log_det)
            r->log_det[c] = log_det[c];
        if (r->variance)
            copy_taxa(em, variance, c, r->variance + c * taxa);
    }
    dmm_free(log_det);
    dmm_free(variance);
    return DMM_OK;
}

/* ---- Jobs --------------------------------------------------------------- */

/* A call of one of the three: arguments, working state and outputs. */
typedef struct job job;
struct job {
    const dmm_matrix *matrix;
    size_t k;
    const dmm_control *control;
    const double *lambda, *weight;
    dmm_status (*work)(dmm_team *team, job *x);
    dmm_counts *counts;
    dmm_em *em;
    dmm_status status;
    /* dmm_evaluate() */
    dmm_evaluation *evaluation;
    /* dmm_maximize() */
    const double *z;
    double *lambda_out, *objective;
    int iterations;
    /* dmm_predict() */
    int log_evidence;
    double *prediction;
};

/* Sets x->em up at the given parameters and calls x->work. */
static void run_team(dmm_team *team, void *data)
{
    job *x = data;
    dmm_chunk *chunk;
    x->status = dmm_counts_build(team, x->matrix, DMM_TAXA_SEPARATE,
                                 dmm_padded_components(x->k), &x->counts);
    if (x->status == DMM_OK)
        x->status = dmm_chunk_new(x->counts, x->k, &chunk);
    if (x->status == DMM_OK)
        x->status = dmm_em_new(team, chunk, x->control, &x->em);
    if (x->status == DMM_OK) {
        dmm_parameters_set(x->em->parameters, x->counts, x->lambda, x->weight);
        x->status = x->work(team, x);
    }
    dmm_em_free(x->em);
    dmm_counts_free(x->counts);
}

static dmm_status run(job *x)
{
    if (x->k == 0)
        return DMM_ERROR_ARGUMENT;
    dmm_team_run(
        dmm_estep_threads(x->matrix, x->k, x->control->n_threads), run_team, x);
    return x->status;
}

/* ---- The model at given parameters -------------------------------------- */

static dmm_status evaluate(dmm_team *team, job *x)
{
    (void)team;
    dmm_em_evaluate(x->em);
    return copy_evaluation(x->em, x->evaluation);
}

dmm_status dmm_evaluate(const dmm_matrix *matrix, size_t k,
                        const double *lambda, const double *weight,
                        const dmm_control *control, dmm_evaluation *result)
{
    job x = {.matrix = matrix,
             .k = k,
             .control = control,
             .lambda = lambda,
             .weight = weight,
             .work = evaluate,
             .evaluation = result};
    return run(&x);
}

/* ---- The M-step at given responsibilities -------------------------------- */

static void sums_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    dmm_parameters_refresh(worker, em->parameters, &em->counts->dictionary);
    dmm_histogram_sums(worker, em->chunk, em->parameters, em->sums);
}

static dmm_status minimise(dmm_team *team, job *x)
{
    dmm_em *em = x->em;
    if (x->control->optimizer == DMM_OPTIMIZER_NEWTON)
        return dmm_mstep_run(team, em->chunk, em->parameters, em->sums,
                             em->newton, MAXIMIZE_TOLERANCE,
                             MAXIMIZE_ITERATIONS, &x->iterations);
    const dmm_status status =
        dmm_bfgs_run(team, em->chunk, em->parameters, x->control,
                     &x->iterations);
    if (status == DMM_OK)
        dmm_team_do(team, sums_task, em);
    return status;
}

static dmm_status maximize(dmm_team *team, job *x)
{
    dmm_chunk_set_responsibilities(x->em->chunk, x->z);
    dmm_histogram_run(team, x->em->chunk);
    const dmm_status status = minimise(team, x);
    for (size_t c = 0; status == DMM_OK && c < x->k; c++) {
        copy_taxa(x->em, x->em->parameters->lambda, c,
                  x->lambda_out + c * x->counts->n_taxa);
        x->objective[c] = dmm_parameters_penalty(x->em->parameters, c) -
                          x->em->sums->lgamma[c];
    }
    return status;
}

dmm_status dmm_maximize(const dmm_matrix *matrix, size_t k, const double *z,
                        const dmm_control *control, double *lambda,
                        double *objective, int *iterations)
{
    double *weight = DMM_NEW(k, double);
    if (!weight)
        return DMM_ERROR_MEMORY;
    for (size_t c = 0; c < k; c++)
        weight[c] = 1 / (double)k; /* the M-step does not read them */
    job x = {.matrix = matrix,
             .k = k,
             .control = control,
             .lambda = lambda,
             .weight = weight,
             .work = maximize,
             .z = z,
             .lambda_out = lambda,
             .objective = objective};
    const dmm_status status = run(&x);
    *iterations = x.iterations;
    dmm_free(weight);
    return status;
}

/* ---- Predictions -------------------------------------------------------- */

static void evidence_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    dmm_parameters_refresh(worker, em->parameters, &em->counts->dictionary);
    dmm_estep_evidence(worker, em->chunk, em->parameters);
}

static void posterior_task(const dmm_worker *worker, void *data)
{
    dmm_em *em = data;
    dmm_parameters_refresh(worker, em->parameters, &em->counts->dictionary);
    dmm_estep_responsibilities(worker, em->chunk, em->parameters, em->sums);
}

static dmm_status predict(dmm_team *team, job *x)
{
    dmm_team_do(team, x->log_evidence ? evidence_task : posterior_task, x->em);
    dmm_chunk_get_responsibilities(x->em->chunk, NULL, x->prediction);
    return DMM_OK;
}

dmm_status dmm_predict(const dmm_matrix *matrix, size_t k, const double *alpha,
                       const double *weight, int log_evidence, int n_threads,
                       double *result)
{
    dmm_control control = dmm_control_default();
    control.n_threads = n_threads;
    double *lambda = DMM_NEW2(matrix->columns, k, double);
    if (!lambda)
        return DMM_ERROR_MEMORY;
    for (size_t i = 0; i < matrix->columns * k; i++)
        lambda[i] = log(alpha[i]);
    job x = {.matrix = matrix,
             .k = k,
             .control = &control,
             .lambda = lambda,
             .weight = weight,
             .work = predict,
             .log_evidence = log_evidence,
             .prediction = result};
    const dmm_status status = run(&x);
    dmm_free(lambda);
    return status;
}
