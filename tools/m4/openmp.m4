dnl DMM_OPENMP
dnl
dnl Substitutes OPENMP_CFLAGS and OPENMP_LIBS. By default these are R's own
dnl flags, written into Makevars as $(SHLIB_OPENMP_CFLAGS). They are accepted if
dnl a program with a parallel loop compiles, links and runs with them. Both are
dnl empty if OpenMP is turned off or does not work; the package is then built to
dnl use one thread.
AC_DEFUN([DMM_OPENMP], [
AC_ARG_ENABLE([openmp],
    [AS_HELP_STRING([--disable-openmp], [build without threads])],
    [], [enable_openmp=yes])
AC_ARG_VAR([OPENMP_CFLAGS],
    [C compiler flags for OpenMP, instead of those of R])
AC_ARG_VAR([OPENMP_LIBS], [linker flags for OpenMP, instead of those of R])

dmm_openmp_found=no
AS_IF([test "x$enable_openmp" = xno], [],
      [test -n "$OPENMP_CFLAGS$OPENMP_LIBS"],
      [DMM_TRY_OPENMP([the given OPENMP_CFLAGS], [$OPENMP_CFLAGS],
                      [$OPENMP_LIBS])],
      [DMM_R_MAKE_VALUE([SHLIB_OPENMP_CFLAGS], [dmm_r_openmp])
       AS_IF([test -n "$dmm_r_openmp"],
             [DMM_TRY_OPENMP([R's SHLIB_OPENMP_CFLAGS], [$dmm_r_openmp],
                             [$dmm_r_openmp])
              OPENMP_CFLAGS='$(SHLIB_OPENMP_CFLAGS)'
              OPENMP_LIBS='$(SHLIB_OPENMP_CFLAGS)'])
       dnl R for macOS gives no flags, since Apple's compiler comes without
       dnl OpenMP's runtime library; but users can install one.
       AS_IF([test $dmm_openmp_found = no && test `uname -s` = Darwin],
             [OPENMP_CFLAGS='-Xclang -fopenmp'
              OPENMP_LIBS='-lomp'
              DMM_TRY_OPENMP([-Xclang -fopenmp, -lomp], [$OPENMP_CFLAGS],
                             [$OPENMP_LIBS])])])

AS_IF([test $dmm_openmp_found = yes],
      [dmm_openmp_summary="$OPENMP_CFLAGS"],
      [OPENMP_CFLAGS=
       OPENMP_LIBS=
       AS_IF([test "x$enable_openmp" = xno],
             [dmm_openmp_summary='turned off: fits will use one thread'],
             [dmm_openmp_summary='does not work with this compiler: fits will use one thread'])])
])

dnl DMM_TRY_OPENMP(DESCRIPTION, CFLAGS, LIBS)
dnl Sets dmm_openmp_found to yes or no. The program asks for two threads but
dnl does not fail with one, since a machine may allow only one.
m4_define([DMM_TRY_OPENMP], [
AC_MSG_CHECKING([whether OpenMP works with $1])
dmm_save_CFLAGS=$CFLAGS
dmm_save_LIBS=$LIBS
CFLAGS="$CFLAGS $2"
LIBS="$3 $LIBS"
AC_RUN_IFELSE([DMM_OPENMP_PROGRAM],
    [dmm_openmp_found=yes], [dmm_openmp_found=no],
    [dnl Linking has to be enough where a program for another machine is built.
     AC_LINK_IFELSE([DMM_OPENMP_PROGRAM],
         [dmm_openmp_found=yes], [dmm_openmp_found=no])])
CFLAGS=$dmm_save_CFLAGS
LIBS=$dmm_save_LIBS
AC_MSG_RESULT([$dmm_openmp_found])
])

m4_define([DMM_OPENMP_PROGRAM], [AC_LANG_SOURCE([[
    #ifndef _OPENMP
    #error no OpenMP
    #endif
    #include <omp.h>
    int main(void)
    {
        int i, sum = 0;
        #pragma omp parallel for num_threads(2) reduction(+ : sum)
        for (i = 0; i < 100; i++) {
            sum += i;
        }
        return sum != 4950 || omp_get_max_threads() < 1;
    }]])])
