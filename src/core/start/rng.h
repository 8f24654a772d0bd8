/* The random start: GSL's mt19937 by name, so that GSL_RNG_TYPE does not
 * change results, and so that the same seed gives DirichletMultinomial's start.
 */
#ifndef DMM_RNG_H
#define DMM_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* label[i] = a uniform component in 0..k-1 for samples 0..n-1, in order. */
dmm_status dmm_rng_labels(unsigned long seed, size_t n, size_t k,
                          uint32_t *label);

#endif
