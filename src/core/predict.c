#include "predict.h"

#include <math.h>

#include "alloc.h"
#include "estep.h"
#include "threads.h"

/* Samples that are copied together, so that rows and columns of them stay in
 * cache. */
#define TILE_ROWS 16

void dmm_predict_copy(const dmm_chunk *chunk, const size_t *order,
                      double *result)
{
    const size_t n = chunk->counts->n_samples, kp = chunk->kp;
    for (size_t first = 0; first < n; first += TILE_ROWS) {
        const size_t end = dmm_lesser(first + TILE_ROWS, n);
        for (size_t c = 0; c < chunk->k; c++) {
            const double *z = chunk->z + (order ? order[c] : c);
            for (size_t i = first; i < end; i++)
                result[c * n + i] = z[i * kp];
        }
    }
}

typedef struct {
    const dmm_matrix *matrix;
    size_t k;
    const double *alpha;
    const double *weight;
    int log_evidence;
    double *result;
    dmm_counts *counts;
    dmm_chunk *chunk;
    dmm_parameters *p;
    dmm_sums *sums;
    double *lambda;
    dmm_status status;
} prediction;

static void predict_task(const dmm_worker *worker, void *data)
{
    prediction *x = data;
    dmm_parameters_refresh(worker, x->p, &x->counts->dictionary);
    if (x->log_evidence)
        dmm_estep_evidence(worker, x->chunk, x->p);
    else
        dmm_estep_responsibilities(worker, x->chunk, x->p, x->sums);
}

static dmm_status prediction_init(dmm_team *team, prediction *x)
{
    const size_t n = x->matrix->columns * x->k;
    dmm_status status =
        dmm_counts_build(team, x->matrix, DMM_TAXA_SEPARATE,
                         dmm_padded_components(x->k), &x->counts);
    if (status == DMM_OK)
        status = dmm_chunk_new(x->counts, x->k, &x->chunk);
    if (status == DMM_OK)
        status = dmm_parameters_new(x->counts, x->k, (dmm_prior){1, 1}, &x->p);
    if (status == DMM_OK)
        status = dmm_sums_new(x->p, &x->sums);
    if (status != DMM_OK)
        return status;
    x->lambda = DMM_NEW(n, double);
    if (!x->lambda)
        return DMM_ERROR_MEMORY;
    for (size_t i = 0; i < n; i++)
        x->lambda[i] = log(x->alpha[i]);
    dmm_parameters_set(x->p, x->counts, x->lambda, x->weight);
    return DMM_OK;
}

static void predict_work(dmm_team *team, void *data)
{
    prediction *x = data;
    x->status = prediction_init(team, x);
    if (x->status == DMM_OK) {
        dmm_team_do(team, predict_task, x);
        dmm_predict_copy(x->chunk, NULL, x->result);
    }
    dmm_free(x->lambda);
    dmm_sums_free(x->sums);
    dmm_parameters_free(x->p);
    dmm_chunk_free(x->chunk);
    dmm_counts_free(x->counts);
}

dmm_status dmm_predict(const dmm_matrix *matrix, size_t k, const double *alpha,
                       const double *weight, int log_evidence, int n_threads,
                       double *result)
{
    if (k == 0)
        return DMM_ERROR_ARGUMENT;
    prediction x = {.matrix = matrix,
                    .k = k,
                    .alpha = alpha,
                    .weight = weight,
                    .log_evidence = log_evidence,
                    .result = result};
    dmm_team_run(dmm_estep_threads(matrix, k, n_threads), predict_work, &x);
    return x.status;
}
