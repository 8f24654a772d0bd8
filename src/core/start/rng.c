#include "start/rng.h"

#include <gsl/gsl_rng.h>

dmm_status dmm_rng_labels(unsigned long seed, size_t n, size_t k,
                          uint32_t *label)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    if (rng == NULL)
        return DMM_ERROR_MEMORY;
    gsl_rng_set(rng, seed);
    for (size_t i = 0; i < n; i++)
        label[i] = (uint32_t)gsl_rng_uniform_int(rng, (unsigned long)k);
    gsl_rng_free(rng);
    return DMM_OK;
}
