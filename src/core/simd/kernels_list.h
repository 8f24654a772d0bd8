/* The sets of kernels in this build, among which dispatch.c chooses:
 *
 *   plain     C11, one double at a time: any compiler and machine
 *   baseline  vectors of two, in instructions that every processor of the
 *             architecture has (SSE2, NEON); GCC's and Clang's vector extension
 *   avx2      vectors of four: AVX2, FMA, BMI2
 *   avx512    vectors of eight: AVX-512 F, DQ, VL, BW
 *
 * The build defines DMM_HAVE_VECTOR if the compiler has the vector extension,
 * and DMM_HAVE_AVX2 and DMM_HAVE_AVX512 if it can compile single functions for
 * these instruction sets. They are for x86-64, but not for Windows, whose MinGW
 * compilers do not align wide vectors on the stack.
 */
#ifndef DMM_SIMD_KERNELS_LIST_H
#define DMM_SIMD_KERNELS_LIST_H

#include "simd/kernels.h"

#ifdef DMM_HAVE_VECTOR
#define DMM_BUILD_BASELINE 1
#endif
#if defined(DMM_BUILD_BASELINE) && defined(DMM_HAVE_AVX2)
#define DMM_BUILD_AVX2 1
#endif
#if defined(DMM_BUILD_BASELINE) && defined(DMM_HAVE_AVX512)
#define DMM_BUILD_AVX512 1
#endif

extern const dmm_kernels dmm_kernels_plain;
#ifdef DMM_BUILD_BASELINE
extern const dmm_kernels dmm_kernels_baseline;
#endif
#ifdef DMM_BUILD_AVX2
extern const dmm_kernels dmm_kernels_avx2;
#endif
#ifdef DMM_BUILD_AVX512
extern const dmm_kernels dmm_kernels_avx512;
#endif

#endif
