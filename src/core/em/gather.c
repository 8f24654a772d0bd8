#include "em/gather.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Groups of columns, whose partial sums are added up in order. */
#define GROUPS 64

size_t dmm_sums_length(size_t n_taxa, size_t k)
{
    return 1 + 3 * k + 2 * n_taxa * k;
}

dmm_sums_layout dmm_layout_sums(double *sums, size_t n_taxa, size_t k)
{
    dmm_sums_layout at;
    at.log_likelihood = sums;
    at.weight = at.log_likelihood + 1;
    at.total_digamma = at.weight + k;
    at.total_trigamma = at.total_digamma + k;
    at.digamma = at.total_trigamma + k;
    at.trigamma = at.digamma + n_taxa * k;
    return at;
}

/* ---- Counts without samples --------------------------------------------- */

static dmm_status fill_dictionary(dmm_dictionary *d, size_t taxa)
{
    const size_t groups = taxa < GROUPS ? taxa : GROUPS;
    d->n_taxa_columns = d->n_columns = taxa;
    d->n_taxa_groups = d->n_groups = groups;
    d->begin = DMM_NEW(taxa, size_t);
    d->end = DMM_NEW(taxa, size_t);
    d->n_small = DMM_NEW(taxa, uint32_t);
    d->multiplicity = DMM_NEW(taxa, double);
    d->value = DMM_NEW(1, double);
    d->column = DMM_NEW(1, uint32_t);
    d->group = DMM_NEW(groups + 1, size_t);
    d->share_work = DMM_NEW(groups + 2, double);
    if (!d->begin || !d->end || !d->n_small || !d->multiplicity || !d->value ||
        !d->column || !d->group || !d->share_work)
        return DMM_ERROR_MEMORY;
    for (size_t j = 0; j < taxa; j++)
        d->multiplicity[j] = 1;
    for (size_t g = 0; g <= groups; g++)
        d->group[g] = (size_t)((double)taxa * (double)g / (double)groups);
    d->group[groups] = taxa;
    return DMM_OK;
}

dmm_status dmm_gather_counts(const dmm_parts *parts, size_t n_taxa,
                             dmm_counts **result)
{
    *result = NULL;
    dmm_counts *counts = DMM_NEW(1, dmm_counts);
    if (!counts)
        return DMM_ERROR_MEMORY;
    counts->n_samples = parts->n_samples;
    counts->n_taxa = n_taxa;
    counts->log_multinomial = parts->log_multinomial;
    counts->block_rows = 1;
    counts->column_of_taxon = DMM_NEW(n_taxa, uint32_t);
    dmm_status status = fill_dictionary(&counts->dictionary, n_taxa);
    if (status == DMM_OK && !counts->column_of_taxon)
        status = DMM_ERROR_MEMORY;
    if (status != DMM_OK) {
        dmm_counts_free(counts);
        return status;
    }
    for (size_t j = 0; j < n_taxa; j++)
        counts->column_of_taxon[j] = (uint32_t)j;
    *result = counts;
    return DMM_OK;
}

/* ---- Sums --------------------------------------------------------------- */

struct dmm_gather {
    const dmm_parts *parts;
    const uint32_t *column_source;
    size_t n_taxa, k;
    double *lambda; /* n_taxa x k, by taxon of the parts */
    double *sums;   /* as dmm_part_sums() has them       */
    dmm_status status;
};

dmm_status dmm_gather_new(const dmm_parts *parts, size_t n_taxa, size_t k,
                          const uint32_t *column_source, dmm_gather **result)
{
    *result = NULL;
    dmm_gather *g = DMM_NEW(1, dmm_gather);
    if (!g)
        return DMM_ERROR_MEMORY;
    g->parts = parts;
    g->column_source = column_source;
    g->n_taxa = n_taxa;
    g->k = k;
    g->lambda = DMM_NEW2(n_taxa, k, double);
    g->sums = DMM_NEW(dmm_sums_length(n_taxa, k), double);
    if (!g->lambda || !g->sums) {
        dmm_gather_free(g);
        return DMM_ERROR_MEMORY;
    }
    *result = g;
    return DMM_OK;
}

void dmm_gather_free(dmm_gather *g)
{
    if (g == NULL)
        return;
    dmm_free(g->lambda);
    dmm_free(g->sums);
    dmm_free(g);
}

dmm_status dmm_gather_status(const dmm_gather *g)
{
    return g->status;
}

static size_t taxon_of(const dmm_gather *g, size_t column)
{
    return g->column_source ? g->column_source[column] : column;
}

void dmm_gather_begin(const dmm_gather *g, dmm_parameters *p)
{
    for (size_t k = 0; k < g->k; k++) {
        for (size_t j = 0; j < g->n_taxa; j++)
            p->lambda[j * p->kp + k] =
                g->parts->lambda[k * g->n_taxa + taxon_of(g, j)];
        p->log_weight[k] = g->parts->log_weight[k];
    }
}

void dmm_gather_sums(dmm_gather *g, const dmm_parameters *p, dmm_sums *sums)
{
    const size_t n = g->n_taxa, kp = p->kp;
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < g->k; k++)
            g->lambda[k * n + taxon_of(g, j)] = p->lambda[j * kp + k];
    if (g->status == DMM_OK)
        g->status = g->parts->sums(g->parts->user, g->lambda, p->log_weight,
                                   g->sums);
    const dmm_sums_layout at = dmm_layout_sums(g->sums, n, g->k);
    sums->log_likelihood = g->status == DMM_OK ? *at.log_likelihood : NAN;
    memset(sums->digamma, 0, n * kp * sizeof *sums->digamma);
    memset(sums->trigamma, 0, n * kp * sizeof *sums->trigamma);
    for (size_t k = 0; k < g->k; k++) {
        sums->weight[k] = at.weight[k];
        sums->total_digamma[k] = at.total_digamma[k];
        sums->total_trigamma[k] = at.total_trigamma[k];
        for (size_t j = 0; j < n; j++) {
            const size_t from = k * n + taxon_of(g, j);
            sums->digamma[j * kp + k] = at.digamma[from];
            sums->trigamma[j * kp + k] = at.trigamma[from];
        }
    }
}
