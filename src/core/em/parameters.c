#include "em/parameters.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "simd/kernels.h"

dmm_status dmm_parameters_new(const dmm_counts *counts, size_t k,
                              dmm_prior prior, dmm_parameters **result)
{
    *result = NULL;
    const dmm_dictionary *d = &counts->dictionary;
    dmm_parameters *p = DMM_NEW(1, dmm_parameters);
    if (!p)
        return DMM_ERROR_MEMORY;
    p->k = k;
    p->kp = dmm_padded_components(k);
    p->n_taxa_columns = d->n_taxa_columns;
    p->n_columns = d->n_columns;
    p->prior = prior;
    p->log_weight = DMM_NEW(p->kp, double);
    p->lambda = DMM_NEW2(p->n_columns, p->kp, double);
    p->alpha = DMM_NEW2(p->n_columns, p->kp, double);
    p->theta = DMM_NEW(p->kp, double);
    p->lambda_sum = DMM_NEW(p->kp, double);
    p->part = DMM_NEW2(2 * d->n_taxa_groups, p->kp, double);
    if (!p->log_weight || !p->lambda || !p->alpha || !p->theta ||
        !p->lambda_sum || !p->part) {
        dmm_parameters_free(p);
        return DMM_ERROR_MEMORY;
    }
    *result = p;
    return DMM_OK;
}

void dmm_parameters_free(dmm_parameters *p)
{
    if (p == NULL)
        return;
    dmm_free(p->log_weight);
    dmm_free(p->lambda);
    dmm_free(p->alpha);
    dmm_free(p->theta);
    dmm_free(p->lambda_sum);
    dmm_free(p->part);
    dmm_free(p);
}

/* Clamps lambda and computes alpha for one group of taxa, and the group's sums
 * of both. */
static void refresh_group(dmm_parameters *p, const dmm_dictionary *d, size_t g)
{
    const size_t kp = p->kp, from = d->group[g], to = d->group[g + 1];
    double *lambda = p->lambda + from * kp, *alpha = p->alpha + from * kp;
    for (size_t i = 0; i < (to - from) * kp; i++) {
        const double l = lambda[i] < DMM_LAMBDA_LIMIT ? lambda[i]
                                                      : DMM_LAMBDA_LIMIT;
        lambda[i] = l > -DMM_LAMBDA_LIMIT ? l : -DMM_LAMBDA_LIMIT;
    }
    dmm_kernels_active()->exp_array((to - from) * kp, lambda, alpha);
    double *theta = p->part + 2 * g * kp, *sum = theta + kp;
    for (size_t k = 0; k < kp; k++)
        theta[k] = sum[k] = 0;
    for (size_t j = from; j < to; j++, lambda += kp, alpha += kp) {
        const double m = d->multiplicity[j];
        for (size_t k = 0; k < kp; k++) {
            theta[k] += m * alpha[k];
            sum[k] += m * lambda[k];
        }
    }
}

/* Adds up the groups' sums, and sets the columns of totals from them. */
static void refresh_totals(dmm_parameters *p, size_t groups)
{
    const size_t kp = p->kp;
    for (size_t k = 0; k < kp; k++) {
        double theta = 0, sum = 0;
        for (size_t g = 0; g < groups; g++) {
            theta += p->part[2 * g * kp + k];
            sum += p->part[(2 * g + 1) * kp + k];
        }
        p->theta[k] = theta;
        p->lambda_sum[k] = sum;
        for (size_t c = p->n_taxa_columns; c < p->n_columns; c++) {
            p->alpha[c * kp + k] = theta;
            p->lambda[c * kp + k] = log(theta);
        }
    }
}

void dmm_parameters_refresh(const dmm_worker *worker, dmm_parameters *p,
                            const dmm_dictionary *d)
{
    size_t begin, end;
    dmm_team_split(worker, d->n_taxa_groups, &begin, &end);
    for (size_t g = begin; g < end; g++)
        refresh_group(p, d, g);
    if (dmm_team_enter(worker)) {
        refresh_totals(p, d->n_taxa_groups);
        dmm_team_leave(worker);
    }
}

void dmm_parameters_move(const dmm_worker *worker, dmm_parameters *p,
                         const dmm_dictionary *d, const double *step)
{
    size_t begin, end;
    dmm_team_split(worker, d->n_taxa_groups, &begin, &end);
    for (size_t i = d->group[begin] * p->kp; i < d->group[end] * p->kp; i++)
        p->lambda[i] += step[i];
}

dmm_status dmm_position_init(dmm_position *x, const dmm_parameters *p)
{
    x->lambda = DMM_NEW2(p->n_taxa_columns, p->kp, double);
    x->log_weight = DMM_NEW(p->kp, double);
    return x->lambda && x->log_weight ? DMM_OK : DMM_ERROR_MEMORY;
}

void dmm_position_release(dmm_position *x)
{
    dmm_free(x->lambda);
    dmm_free(x->log_weight);
}

void dmm_position_keep(dmm_position *x, const dmm_parameters *p)
{
    memcpy(x->lambda, p->lambda,
           p->n_taxa_columns * p->kp * sizeof *p->lambda);
    memcpy(x->log_weight, p->log_weight, p->kp * sizeof *p->log_weight);
}

void dmm_position_restore(const dmm_position *x, dmm_parameters *p)
{
    memcpy(p->lambda, x->lambda,
           p->n_taxa_columns * p->kp * sizeof *p->lambda);
    memcpy(p->log_weight, x->log_weight, p->kp * sizeof *p->log_weight);
}

void dmm_parameters_set_weights(dmm_parameters *p, const double *weight)
{
    double all = 0;
    for (size_t k = 0; k < p->k; k++)
        all += weight[k] > DMM_EMPTY_WEIGHT ? weight[k] : DMM_EMPTY_WEIGHT;
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] = log(
            (weight[k] > DMM_EMPTY_WEIGHT ? weight[k] : DMM_EMPTY_WEIGHT) /
            all);
}

void dmm_parameters_normalise_weights(dmm_parameters *p)
{
    double largest = p->log_weight[0], sum = 0;
    for (size_t k = 1; k < p->k; k++)
        largest = p->log_weight[k] > largest ? p->log_weight[k] : largest;
    for (size_t k = 0; k < p->k; k++)
        sum += exp(p->log_weight[k] - largest);
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] -= largest + log(sum);
}

void dmm_parameters_set_lambda(dmm_parameters *p, const dmm_counts *counts,
                               const double *lambda)
{
    for (size_t j = 0; j < counts->n_taxa; j++) {
        double *row = p->lambda + counts->column_of_taxon[j] * p->kp;
        for (size_t k = 0; k < p->k; k++)
            row[k] = lambda[k * counts->n_taxa + j];
    }
}

void dmm_parameters_set(dmm_parameters *p, const dmm_counts *counts,
                        const double *lambda, const double *weight)
{
    dmm_parameters_set_lambda(p, counts, lambda);
    for (size_t k = 0; k < p->k; k++)
        p->log_weight[k] = log(weight[k]);
}

double dmm_parameters_penalty(const dmm_parameters *p, size_t k)
{
    return p->prior.nu * p->theta[k] - p->prior.eta * p->lambda_sum[k];
}

double dmm_parameters_log_prior(const dmm_parameters *p, size_t n_taxa)
{
    const double constant =
        p->prior.eta * log(p->prior.nu) - lgamma(p->prior.eta);
    double sum = (double)n_taxa * (double)p->k * constant;
    for (size_t k = 0; k < p->k; k++)
        sum -= dmm_parameters_penalty(p, k);
    return sum;
}

dmm_status dmm_sums_new(const dmm_parameters *p, dmm_sums **result)
{
    *result = NULL;
    dmm_sums *sums = DMM_NEW(1, dmm_sums);
    if (!sums)
        return DMM_ERROR_MEMORY;
    sums->weight = DMM_NEW(p->kp, double);
    sums->lgamma = DMM_NEW(p->kp, double);
    sums->digamma = DMM_NEW2(p->n_columns + 1, p->kp, double);
    sums->trigamma = DMM_NEW2(p->n_columns, p->kp, double);
    sums->total_digamma = DMM_NEW(p->kp, double);
    sums->total_trigamma = DMM_NEW(p->kp, double);
    if (!sums->weight || !sums->lgamma || !sums->digamma || !sums->trigamma ||
        !sums->total_digamma || !sums->total_trigamma) {
        dmm_sums_free(sums);
        return DMM_ERROR_MEMORY;
    }
    *result = sums;
    return DMM_OK;
}

void dmm_sums_release(dmm_sums *sums)
{
    dmm_free(sums->digamma);
    dmm_free(sums->trigamma);
    sums->digamma = sums->trigamma = NULL;
}

void dmm_sums_free(dmm_sums *sums)
{
    if (sums == NULL)
        return;
    dmm_sums_release(sums);
    dmm_free(sums->weight);
    dmm_free(sums->lgamma);
    dmm_free(sums->total_digamma);
    dmm_free(sums->total_trigamma);
    dmm_free(sums);
}
