/* A small random number generator for starts and seeds: SplitMix64 (Steele, Lea
 * & Flood 2014, OOPSLA). It gives the same numbers on every machine. */
#ifndef DMM_RANDOM_H
#define DMM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t state;
} dmm_random;

/* 64 random bits. */
static inline uint64_t dmm_random_bits(dmm_random *random)
{
    uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Uniform in [0, 1). */
static inline double dmm_random_uniform(dmm_random *random)
{
    return (double)(dmm_random_bits(random) >> 11) * 0x1p-53;
}

/* Uniform in 0 .. n - 1. */
static inline size_t dmm_random_below(dmm_random *random, size_t n)
{
    const size_t i = (size_t)(dmm_random_uniform(random) * (double)n);
    return i < n ? i : n - 1;
}

#endif
