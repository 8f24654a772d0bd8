#include "predict.h"

#include <math.h>

#include "alloc.h"
#include "threads.h"

void dmm_predict_copy(const dmm_chunk *chunk, const size_t *order,
                      double *result)
{
    const size_t n = chunk->counts->n_samples;
    for (size_t c = 0; c < chunk->k; c++) {
        const double *z = chunk->z + (order ? order[c] : c);
        for (size_t i = 0; i < n; i++)
            result[c * n + i] = z[i * chunk->kp];
    }
}

dmm_status dmm_predict(const dmm_matrix *matrix, size_t k, const double *alpha,
                       const double *weight, int log_evidence, int n_threads,
                       double *result)
{
    dmm_counts *counts = NULL;
    dmm_chunk *chunk = NULL;
    dmm_parameters *p = NULL;
    dmm_sums *sums = NULL;
    double *lambda = NULL;
    if (k == 0)
        return DMM_ERROR_ARGUMENT;
    const size_t n = matrix->columns * k;
    dmm_status status = dmm_counts_build(
        matrix, DMM_TAXA_SEPARATE, dmm_padded_components(k), n_threads,
        &counts);
    if (status == DMM_OK)
        status = dmm_chunk_new(counts, k, &chunk);
    if (status == DMM_OK)
        status = dmm_parameters_new(counts, k, (dmm_prior){1, 1}, &p);
    if (status == DMM_OK)
        status = dmm_sums_new(p, &sums);
    if (status != DMM_OK)
        goto done;
    lambda = DMM_NEW(n, double);
    if (!lambda) {
        status = DMM_ERROR_MEMORY;
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        lambda[i] = log(alpha[i]);
    dmm_parameters_set(p, counts, lambda, weight);
    n_threads = dmm_threads_for(n_threads, dmm_chunk_work(chunk));
#ifdef _OPENMP
#pragma omp parallel num_threads(n_threads) if (n_threads > 1)
#endif
    {
        dmm_parameters_refresh(p, &counts->dictionary);
        if (log_evidence)
            dmm_estep_evidence(chunk, p);
        else
            dmm_estep_responsibilities(chunk, p, sums);
    }
    dmm_predict_copy(chunk, NULL, result);
done:
    dmm_free(lambda);
    dmm_sums_free(sums);
    dmm_parameters_free(p);
    dmm_chunk_free(chunk);
    dmm_counts_free(counts);
    return status;
}
