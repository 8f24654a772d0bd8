/* Kernels for x86-64 with AVX-512 (F, DQ, VL, BW).
 *
 * Pragmas switch the instruction set on for the functions of this file. Flags
 * of the compiler would also apply to code that other files share: see
 * kernels_template.h. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels_list.h"

#ifdef DMM_BUILD_AVX512
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(                                                  \
    __attribute__((                                                            \
        target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2"))),          \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2")
#pragma GCC target("prefer-vector-width=512")
#endif

#define DMM_VL 8
#define DMM_KERNELS dmm_kernels_avx512
#define DMM_NAME "avx512"
#include "kernels_template.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
