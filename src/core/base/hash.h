/* 64-bit hashes whose sums identify sets: a sum of hashes does not depend on
 * the order of its terms, and two different sets of terms have the same sum
 * with a probability of about 2^-64. */
#ifndef DMM_HASH_H
#define DMM_HASH_H

#include <stdint.h>

/* The mixing function degski64; no two numbers have the same hash. */
static inline uint64_t dmm_hash(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

/* The hash of a pair: a nonzero count, and a number `of` for the sample or
 * taxon that has it. */
static inline uint64_t dmm_hash_entry(uint32_t count, uint64_t of)
{
    return dmm_hash(of + UINT64_C(0x9e3779b97f4a7c15) * count);
}

#endif
