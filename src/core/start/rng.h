/* Random labels for the k-means start, from GSL's Mersenne Twister.
 *
 * The same seed gives the labels that DirichletMultinomial draws. The generator
 * is named (mt19937) rather than left to gsl_rng_default, which the environment
 * variable GSL_RNG_TYPE can change.
 */
#ifndef DMM_RNG_H
#define DMM_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Sets label[i] to a component drawn uniformly from 0..k-1, for the samples
 * i = 0..n-1 in this order. Fails only for lack of memory. */
dmm_status dmm_rng_labels(unsigned long seed, size_t n, size_t k,
                          uint32_t *label);

#endif
