/* Parts of a table: dmm_part_...() of dmm.h. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/threads.h"
#include "counts/image.h"
#include "dmm.h"
#include "em/estep.h"
#include "em/gather.h"
#include "em/histogram.h"
#include "simd/kernels.h"

struct dmm_part {
    dmm_counts *counts;
    int is_image; /* whether the counts' arrays lie in an image */
};

/* ---- Making, writing and opening ---------------------------------------- */

static dmm_status part_new(dmm_counts *counts, int is_image, dmm_part **part)
{
    *part = DMM_NEW(1, dmm_part);
    if (*part == NULL) {
        if (is_image)
            dmm_image_close(counts);
        else
            dmm_counts_free(counts);
        return DMM_ERROR_MEMORY;
    }
    (*part)->counts = counts;
    (*part)->is_image = is_image;
    return DMM_OK;
}

typedef struct {
    const dmm_matrix *matrix;
    size_t k;
    dmm_counts *counts;
    dmm_status status;
} compression;

static void compress(dmm_team *team, void *data)
{
    compression *x = data;
    x->status = dmm_counts_build(team, x->matrix, DMM_TAXA_SEPARATE,
                                 dmm_padded_components(x->k), &x->counts);
}

dmm_status dmm_part_new(const dmm_matrix *matrix, size_t k, int n_threads,
                        dmm_part **part)
{
    compression x = {.matrix = matrix, .k = k};
    *part = NULL;
    if (k == 0)
        return DMM_ERROR_ARGUMENT;
    dmm_team_run(dmm_estep_threads(matrix, k, n_threads), compress, &x);
    return x.status == DMM_OK ? part_new(x.counts, 0, part) : x.status;
}

size_t dmm_part_size(const dmm_part *part)
{
    return dmm_image_size(part->counts);
}

void dmm_part_write(const dmm_part *part, void *image)
{
    dmm_image_write(part->counts, image);
}

dmm_status dmm_part_open(const void *image, size_t size, dmm_part **part)
{
    dmm_counts *counts;
    *part = NULL;
    const dmm_status status = dmm_image_open(image, size, &counts);
    return status == DMM_OK ? part_new(counts, 1, part) : status;
}

void dmm_part_free(dmm_part *part)
{
    if (part == NULL)
        return;
    if (part->is_image)
        dmm_image_close(part->counts);
    else
        dmm_counts_free(part->counts);
    dmm_free(part);
}

dmm_part_info dmm_part_about(const dmm_part *part)
{
    const dmm_counts *c = part->counts;
    const dmm_part_info info = {c->n_samples, c->n_taxa, c->log_multinomial};
    return info;
}

/* ---- Sums and responsibilities ------------------------------------------ */

typedef struct {
    const dmm_part *part;
    const double *lambda, *log_weight;
    size_t k;
    dmm_chunk *chunk;
    dmm_parameters *parameters;
    dmm_sums *sums;
    int with_histogram; /* whether the sums by taxon are needed */
    dmm_status status;
} job;

static void job_free(job *x)
{
    dmm_chunk_free(x->chunk);
    dmm_parameters_free(x->parameters);
    dmm_sums_free(x->sums);
}

static void sums_task(const dmm_worker *worker, void *data)
{
    job *x = data;
    dmm_parameters_refresh(worker, x->parameters,
                           &x->part->counts->dictionary);
    dmm_estep_responsibilities(worker, x->chunk, x->parameters, x->sums);
    if (x->with_histogram)
        dmm_histogram_make_sums(worker, x->chunk, x->parameters, x->sums);
}

static void work(dmm_team *team, void *data)
{
    job *x = data;
    const dmm_prior none = {0, 0};
    const dmm_counts *counts = x->part->counts;
    x->status = dmm_chunk_new(counts, x->k, &x->chunk);
    if (x->status == DMM_OK)
        x->status = dmm_parameters_new(counts, x->k, none, &x->parameters);
    if (x->status == DMM_OK)
        x->status = dmm_sums_new(x->parameters, &x->sums);
    if (x->status == DMM_OK)
        x->status = dmm_chunk_add_buffers(x->chunk, dmm_team_size(team));
    if (x->status != DMM_OK)
        return;
    dmm_parameters_set_lambda(x->parameters, counts, x->lambda);
    memcpy(x->parameters->log_weight, x->log_weight,
           x->k * sizeof *x->log_weight);
    dmm_team_do(team, sums_task, x);
}

static dmm_status run(job *x, int n_threads)
{
    if (x->k == 0)
        return DMM_ERROR_ARGUMENT;
    const double size = (double)x->part->counts->n_nonzeros *
                        (double)dmm_padded_components(x->k);
    dmm_team_run(dmm_threads_for(n_threads, size), work, x);
    return x->status;
}

dmm_status dmm_part_sums(const dmm_part *part, size_t k, const double *lambda,
                         const double *log_weight, int n_threads, double *sums)
{
    job x = {.part = part, .lambda = lambda, .log_weight = log_weight, .k = k};
    x.with_histogram = 1;
    const dmm_status status = run(&x, n_threads);
    if (status == DMM_OK) {
        const size_t taxa = part->counts->n_taxa, kp = x.chunk->kp;
        const dmm_sums_layout at = dmm_layout_sums(sums, taxa, k);
        *at.log_likelihood = x.sums->log_likelihood;
        for (size_t c = 0; c < k; c++) {
            at.weight[c] = x.sums->weight[c];
            at.total_digamma[c] = x.sums->total_digamma[c];
            at.total_trigamma[c] = x.sums->total_trigamma[c];
            for (size_t j = 0; j < taxa; j++) {
                at.digamma[c * taxa + j] = x.sums->digamma[j * kp + c];
                at.trigamma[c * taxa + j] = x.sums->trigamma[j * kp + c];
            }
        }
    }
    job_free(&x);
    return status;
}

dmm_status dmm_part_posterior(const dmm_part *part, size_t k,
                              const double *lambda, const double *log_weight,
                              int compact, int n_threads, double *result,
                              double *entropy)
{
    job x = {.part = part, .lambda = lambda, .log_weight = log_weight, .k = k};
    *entropy = NAN;
    const dmm_status status = run(&x, n_threads);
    if (status == DMM_OK && compact)
        *entropy = dmm_chunk_assign(x.chunk, NULL, result);
    else if (status == DMM_OK)
        dmm_chunk_get_responsibilities(x.chunk, NULL, result);
    job_free(&x);
    return status;
}
