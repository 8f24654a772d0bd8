dnl DMM_SIMD
dnl
dnl Substitutes SIMD_CPPFLAGS, definitions that tell for which instruction sets
dnl this compiler can build the kernels of src/core/simd. The package chooses
dnl among the kernels when it is used, so the machine that builds it need not
dnl have the instructions. They are enabled in the source, for the kernels only,
dnl and not by compiler flags, which would let the compiler use them anywhere.
dnl
dnl   DMM_HAVE_VECTOR   GNU vector types of 16 bytes, on any architecture
dnl   DMM_HAVE_AVX2     functions for AVX2, FMA and BMI2
dnl   DMM_HAVE_AVX512   functions for these and AVX-512 F, DQ, VL, BW
AC_DEFUN([DMM_SIMD], [
AC_ARG_ENABLE([simd],
    [AS_HELP_STRING([--disable-simd], [build the kernels in plain C only])],
    [], [enable_simd=yes])

SIMD_CPPFLAGS=
dmm_simd_summary='plain C'
AS_IF([test "x$enable_simd" != xno],
      [DMM_TRY_SIMD([GNU vector types], [DMM_HAVE_VECTOR],
           [DMM_VECTOR_PROGRAM])
       DMM_TRY_SIMD([functions for AVX2], [DMM_HAVE_AVX2],
           [DMM_X86_PROGRAM([avx2,fma,bmi2], [],
               [__builtin_cpu_supports("avx2") &&
                __builtin_cpu_supports("fma") &&
                __builtin_cpu_supports("bmi2")],
               [__m256d], [_mm256_cvtsd_f64(_mm256_fmadd_pd(a, a, a))])])
       DMM_TRY_SIMD([functions for AVX-512], [DMM_HAVE_AVX512],
           [DMM_X86_PROGRAM(
               [avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2],
               [,prefer-vector-width=512],
               [__builtin_cpu_supports("avx512f") &&
                __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw")],
               [__m512d], [_mm512_cvtsd_f64(_mm512_and_pd(a, a))])])])
AC_SUBST([SIMD_CPPFLAGS])
])

dnl DMM_TRY_SIMD(DESCRIPTION, MACRO, PROGRAM)
dnl Adds -DMACRO to SIMD_CPPFLAGS if PROGRAM compiles and links.
m4_define([DMM_TRY_SIMD], [
AC_MSG_CHECKING([for $1])
AC_LINK_IFELSE([$3],
    [AC_MSG_RESULT([yes])
     SIMD_CPPFLAGS="$SIMD_CPPFLAGS -D$2"
     dmm_simd_summary="$dmm_simd_summary, $1"],
    [AC_MSG_RESULT([no])])
])

dnl What the kernels need of a vector type: arithmetic, comparison to a mask,
dnl reinterpretation, unaligned access and subscripts.
m4_define([DMM_VECTOR_PROGRAM], [AC_LANG_SOURCE([[
    #include <stdint.h>
    typedef double reals __attribute__((vector_size(16)));
    typedef int64_t ints __attribute__((vector_size(16)));
    typedef reals unaligned_reals __attribute__((aligned(8)));
    int main(int argc, char **argv)
    {
        double x[3] = {0.0, 1.0, 2.0};
        reals y = *(unaligned_reals *)(x + (argc > 1)) * 2.0 + argc;
        ints mask = y > 1.5;
        reals z = (reals)((ints)y & mask);
        (void)argv;
        return z[0] + z[1] > 100.0;
    }]])])

dnl DMM_X86_PROGRAM(TARGET, GCC-MORE, SUPPORTED, TYPE, EXPRESSION)
dnl
dnl A program with a function compiled for TARGET, and for GCC-MORE if the
dnl compiler is gcc. SUPPORTED is a C expression, true if the processor can run
dnl the function. EXPRESSION turns a vector `a` of TYPE into a double by
dnl intrinsics, which show that TARGET took effect: the compiler refuses them in
dnl a function without these instructions. Windows is excluded because its gcc
dnl does not align the stack for vectors wider than 16 bytes.
m4_define([DMM_X86_PROGRAM], [AC_LANG_SOURCE([[
    #if !defined(__x86_64__) || defined(_WIN32) || defined(__CYGWIN__)
    #error not for this machine
    #endif
    #include <immintrin.h>
    #if defined(__clang__)
    #pragma clang attribute push(__attribute__((target("$1"))), \
                                 apply_to = function)
    #else
    #pragma GCC push_options
    #pragma GCC target("$1$2")
    #endif
    static double kernel(const double *x)
    {
        $4 a;
        __builtin_memcpy(&a, x, sizeof a);
        a = a * a + a;
        return $5;
    }
    #if defined(__clang__)
    #pragma clang attribute pop
    #else
    #pragma GCC pop_options
    #endif
    int main(void)
    {
        double x[16] = {1.0};
        __builtin_cpu_init();
        return ($3) ? kernel(x) < -1.0 : 0;
    }]])])
