/* The model and the M-step at given parameters: see dmm.h. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "bfgs.h"
#include "counts.h"
#include "dmm.h"
#include "em.h"
#include "laplace.h"
#include "predict.h"

/* Newton steps that promise less than this end dmm_maximize(). */
#define MAXIMIZE_TOLERANCE 1e-12
#define MAXIMIZE_ITERATIONS 200

/* Copies column `k` of components to n_taxa values. */
static void copy_taxa(const dmm_em *em, const double *from, size_t k,
                      double *to)
{
    const size_t kp = em->chunk->kp;
    for (size_t j = 0; j < em->counts->n_taxa; j++)
        to[j] = from[em->counts->column_of_taxon[j] * kp + k];
}

static void copy_hessian(const dmm_em *em, size_t k, double *diagonal)
{
    const dmm_parameters *p = em->parameters;
    for (size_t j = 0; j < em->counts->n_taxa; j++) {
        const size_t at = em->counts->column_of_taxon[j] * p->kp + k;
        const double a = p->alpha[at];
        diagonal[j] = em->newton->gradient[at] + p->prior.eta -
                      a * a * em->sums->trigamma[at];
    }
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
                          log_det, variance);
    r->nle = em->nle;
    r->log_likelihood =
        em->counts->log_multinomial + em->sums->log_likelihood;
    if (r->z)
        dmm_predict_copy(em->chunk, NULL, r->z);
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

/* A table and the state to evaluate it, with separate taxa. */
static dmm_status prepare(const dmm_matrix *matrix, size_t k,
                          const dmm_control *control, dmm_counts **counts,
                          dmm_em **em)
{
    if (k == 0)
        return DMM_ERROR_ARGUMENT;
    dmm_status status =
        dmm_counts_build(matrix, DMM_TAXA_SEPARATE, dmm_padded_components(k),
                         control->n_threads, counts);
    if (status == DMM_OK)
        status = dmm_em_new(*counts, k, control, em);
    return status;
}

dmm_status dmm_evaluate(const dmm_matrix *matrix, size_t k,
                        const double *lambda, const double *weight,
                        const dmm_control *control, dmm_evaluation *result)
{
    dmm_counts *counts = NULL;
    dmm_em *em = NULL;
    dmm_status status = prepare(matrix, k, control, &counts, &em);
    if (status == DMM_OK) {
        dmm_parameters_set(em->parameters, counts, lambda, weight);
        dmm_em_evaluate(em);
        status = copy_evaluation(em, result);
    }
    dmm_em_free(em);
    dmm_counts_free(counts);
    return status;
}

dmm_status dmm_maximize(const dmm_matrix *matrix, size_t k, const double *z,
                        const dmm_control *control, double *lambda,
                        double *objective, int *iterations)
{
    dmm_counts *counts = NULL;
    dmm_em *em = NULL;
    double *weight = NULL;
    dmm_status status = prepare(matrix, k, control, &counts, &em);
    if (status != DMM_OK)
        goto done;
    weight = DMM_NEW(k, double);
    if (!weight) {
        status = DMM_ERROR_MEMORY;
        goto done;
    }
    for (size_t c = 0; c < k; c++)
        weight[c] = 1 / (double)k; /* plays no part in the M-step */
    dmm_parameters_set(em->parameters, counts, lambda, weight);
    const size_t n = counts->n_samples, kp = em->chunk->kp;
    for (size_t c = 0; c < k; c++)
        for (size_t i = 0; i < n; i++)
            em->chunk->z[i * kp + c] = z[c * n + i];
    dmm_estep_histogram(em->chunk);
    if (control->optimizer == DMM_OPTIMIZER_BFGS) {
        status = dmm_bfgs_run(em->chunk, em->parameters, em->n_threads,
                              iterations);
        dmm_parameters_refresh(em->parameters, &counts->dictionary);
        dmm_estep_sums(em->chunk, em->parameters, em->sums);
    } else {
        status = dmm_mstep_run(em->chunk, em->parameters, em->sums,
                               em->newton, MAXIMIZE_TOLERANCE,
                               MAXIMIZE_ITERATIONS, em->n_threads,
                               iterations);
    }
    if (status != DMM_OK)
        goto done;
    for (size_t c = 0; c < k; c++) {
        copy_taxa(em, em->parameters->lambda, c, lambda + c * counts->n_taxa);
        objective[c] = dmm_parameters_penalty(em->parameters, c) -
                       em->sums->lgamma[c];
    }
done:
    dmm_free(weight);
    dmm_em_free(em);
    dmm_counts_free(counts);
    return status;
}
