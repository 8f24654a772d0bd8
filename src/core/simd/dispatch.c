/* The choice of kernels for this machine, made once at run time. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_list.h"

#ifndef __STDC_NO_ATOMICS__
#include <stdatomic.h>
#endif

/* The environment variable that names the kernels to use instead of the widest
 * ones. */
#define SIMD_VARIABLE "DMMOMP_SIMD"

/* The number of kernel sets that a build can have. */
#define MAX_KERNELS 4

/* The kernels in use, or NULL until they are first asked for. Threads that ask
 * at the same time make the same choice, and the tables are constants, so the
 * order in which they see memory change does not matter. */
#ifndef __STDC_NO_ATOMICS__
static const dmm_kernels *_Atomic active;
#else
static const dmm_kernels *volatile active;
#endif

size_t dmm_padded_components(size_t k)
{
    if (k <= 2)
        return k;
    return k <= 4 ? 4 : (k + 7) / 8 * 8;
}

/* Fills in the kernels that this machine can run, the widest last, and returns
 * their number. __builtin_cpu_supports() also tests whether the operating
 * system saves the wide registers. */
static size_t supported_kernels(const dmm_kernels *supported[MAX_KERNELS])
{
    size_t n = 0;
    supported[n++] = &dmm_kernels_plain;
#ifdef DMM_BUILD_BASELINE
    supported[n++] = &dmm_kernels_baseline;
#endif
#if defined(DMM_BUILD_AVX2) || defined(DMM_BUILD_AVX512)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") &&
                     __builtin_cpu_supports("fma") &&
                     __builtin_cpu_supports("bmi2");
#endif
#ifdef DMM_BUILD_AVX2
    if (avx2)
        supported[n++] = &dmm_kernels_avx2;
#endif
#ifdef DMM_BUILD_AVX512
    if (avx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        supported[n++] = &dmm_kernels_avx512;
#endif
    return n;
}

const dmm_kernels *dmm_kernels_find(const char *name)
{
    const dmm_kernels *supported[MAX_KERNELS];
    const size_t n = supported_kernels(supported);
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(supported[i]->name, name) == 0)
            return supported[i];
    }
    return NULL;
}

const dmm_kernels *dmm_kernels_active(void)
{
    const dmm_kernels *kernels = active;
    if (kernels != NULL)
        return kernels;
    kernels = dmm_kernels_find(getenv(SIMD_VARIABLE));
    if (kernels == NULL) {
        const dmm_kernels *supported[MAX_KERNELS];
        const size_t n = supported_kernels(supported);
        kernels = supported[n - 1];
    }
    active = kernels;
    return kernels;
}

dmm_status dmm_kernels_select(const char *name)
{
    const dmm_kernels *kernels = dmm_kernels_find(name);
    if (kernels == NULL)
        return DMM_ERROR_ARGUMENT;
    active = kernels;
    return DMM_OK;
}
