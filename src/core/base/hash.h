/* Hashes of 64 bits: sums of them do not depend on the order of what is summed,
 * and two that differ collide by a chance of 2^-64. */
#ifndef DMM_HASH_H
#define DMM_HASH_H

#include <stdint.h>

static inline uint64_t dmm_hash(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

/* Of a count, which is not 0, and of what it is a count of. */
static inline uint64_t dmm_hash_entry(uint32_t count, uint64_t of)
{
    return dmm_hash(of + UINT64_C(0x9e3779b97f4a7c15) * count);
}

#endif
