/* Kernels for x86-64 with AVX2, FMA and BMI2.
 *
 * Pragmas switch the instruction set on for the functions of this file. Flags
 * of the compiler would also apply to code that other files share: see
 * kernels_template.h. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels_list.h"

#ifdef DMM_BUILD_AVX2
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))),         \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi2")
#endif

#define DMM_VL 4
#define DMM_KERNELS dmm_kernels_avx2
#define DMM_NAME "avx2"
#include "kernels_template.h"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
