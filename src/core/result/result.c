#include "result/result.h"

#include <math.h>

#include "base/alloc.h"
#include "result/laplace.h"

/* Half the width of an interval for lambda, in standard errors. */
#define INTERVAL_WIDTH 2.0

void dmm_fit_free(dmm_fit_result *result)
{
    if (result == NULL)
        return;
    dmm_free(result->weight);
    dmm_free(result->z);
    dmm_free(result->assigned);
    dmm_free(result->estimate);
    dmm_free(result->lower);
    dmm_free(result->upper);
    dmm_free(result->std_error);
    dmm_free(result->share_error);
    dmm_free(result);
}

static dmm_status result_new(size_t n_samples, size_t n_taxa, size_t k,
                             int compact, int posterior,
                             dmm_fit_result **result)
{
    dmm_fit_result *r = DMM_NEW(1, dmm_fit_result);
    if (!r)
        return DMM_ERROR_MEMORY;
    r->n_samples = n_samples;
    r->n_taxa = n_taxa;
    r->k = k;
    r->weight = DMM_NEW(k, double);
    double **z = compact ? &r->assigned : &r->z;
    if (posterior)
        *z = DMM_NEW2(n_samples, compact ? 2 : k, double);
    r->estimate = DMM_NEW2(n_taxa, k, double);
    r->lower = DMM_NEW2(n_taxa, k, double);
    r->upper = DMM_NEW2(n_taxa, k, double);
    r->std_error = DMM_NEW2(n_taxa, k, double);
    r->share_error = DMM_NEW2(n_taxa, k, double);
    if (!r->weight || (posterior && !*z) || !r->estimate || !r->lower ||
        !r->upper || !r->std_error || !r->share_error) {
        dmm_fit_free(r);
        return DMM_ERROR_MEMORY;
    }
    *result = r;
    return DMM_OK;
}

/* Components by decreasing weight; equal weights keep their order. So do all
 * components if samples have weights of their own. */
static void order_components(const dmm_em *em, size_t *order)
{
    const double *log_weight = em->parameters->log_weight;
    const int sort = em->chunk->log_prior == NULL;
    for (size_t k = 0; k < em->parameters->k; k++) {
        size_t at = k;
        for (; sort && at > 0 && log_weight[order[at - 1]] < log_weight[k];
             at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

/* Estimates, intervals and standard errors of component `k` as column `c`. */
static void copy_component(const dmm_em *em, const double *variance,
                           const double *share_variance, size_t k, size_t c,
                           dmm_fit_result *r)
{
    const dmm_parameters *p = em->parameters;
    for (size_t j = 0; j < r->n_taxa; j++) {
        const size_t from = em->counts->column_of_taxon[j] * p->kp + k;
        const size_t to = c * r->n_taxa + j;
        const double error = sqrt(variance[from]);
        r->estimate[to] = p->alpha[from];
        r->std_error[to] = error;
        r->share_error[to] = sqrt(share_variance[from]);
        r->lower[to] = exp(p->lambda[from] - INTERVAL_WIDTH * error);
        r->upper[to] = exp(p->lambda[from] + INTERVAL_WIDTH * error);
    }
}

static dmm_status fill_result(const dmm_em *em, const dmm_start *start,
                              const double *log_det, const double *variance,
                              const double *share_variance, dmm_fit_result *r)
{
    const dmm_parameters *p = em->parameters;
    const size_t k = p->k;
    dmm_status status = DMM_ERROR_MEMORY;
    size_t *order = DMM_NEW(k, size_t);
    double *log_weight = DMM_NEW(k, double);
    if (!order || !log_weight)
        goto done;
    order_components(em, order);
    double sum = 0;
    for (size_t c = 0; c < k; c++) {
        sum += log_det[order[c]];
        log_weight[c] = p->log_weight[order[c]];
        r->weight[c] = exp(log_weight[c]);
        r->empty += em->sums->weight[order[c]] < DMM_EMPTY_REPORTED;
        copy_component(em, variance, share_variance, order[c], c, r);
    }
    const dmm_criteria criteria = dmm_laplace_criteria(
        em->nle, sum, log_weight, r->n_samples, r->n_taxa, k);
    r->nle = em->nle;
    r->log_likelihood =
        em->counts->log_multinomial + em->sums->log_likelihood;
    r->log_det = criteria.log_det;
    r->laplace = criteria.laplace;
    r->bic = criteria.bic;
    r->aic = criteria.aic;
    r->iterations = em->iterations;
    r->evaluations = em->evaluations;
    r->kmeans_iterations = start->iterations;
    r->converged = em->converged;
    r->reseeded = start->reseeded;
    r->n_threads = dmm_team_size(em->team);
    if (em->gather)
        r->entropy = NAN;
    else if (r->assigned)
        r->entropy = dmm_chunk_assign(em->chunk, order, r->assigned);
    else
        dmm_chunk_get_responsibilities(em->chunk, order, r->z);
    status = isfinite(r->laplace) ? DMM_OK : DMM_ERROR_NUMERIC;
done:
    dmm_free(order);
    dmm_free(log_weight);
    return status;
}

dmm_status dmm_result_make(dmm_em *em, const dmm_start *start,
                           dmm_fit_result **result)
{
    *result = NULL;
    if (em->control->progress)
        em->control->progress(DMM_PHASE_HESSIAN, 0, 0, em->control->user);
    const dmm_parameters *p = em->parameters;
    double *log_det = DMM_NEW(p->k, double);
    double *share_variance = DMM_NEW2(p->n_taxa_columns, p->kp, double);
    dmm_status status = DMM_ERROR_MEMORY;
    if (!log_det || !share_variance)
        goto done;
    /* No step follows, so the step's array can hold the variances. */
    double *variance = em->newton->step;
    dmm_laplace_curvature(em->newton, p, &em->counts->dictionary, em->sums,
                          log_det, variance, share_variance);
    dmm_em_release_workspace(em);
    status = result_new(em->counts->n_samples, em->counts->n_taxa, p->k,
                        em->control->compact, !em->gather, result);
    if (status == DMM_OK)
        status = fill_result(em, start, log_det, variance, share_variance,
                             *result);
done:
    dmm_free(log_det);
    dmm_free(share_variance);
    if (status != DMM_OK) {
        dmm_fit_free(*result);
        *result = NULL;
    }
    return status;
}
