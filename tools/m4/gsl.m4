dnl DMM_LIB_GSL(MAJOR, MINOR)
dnl
dnl Finds the GNU Scientific Library, version MAJOR.MINOR or later, and
dnl substitutes GSL_CFLAGS and GSL_LIBS, or ends configure with an error that
dnl says what to install. If the user names a place, by these two variables or
dnl by --with-gsl, only that is tried (the variables take precedence). Otherwise
dnl gsl-config, pkg-config and the compiler's default paths are tried in turn.
dnl A place is accepted if a program that uses the same parts of GSL as the
dnl package compiles and links.
AC_DEFUN([DMM_LIB_GSL], [
AC_ARG_WITH([gsl],
    [AS_HELP_STRING([--with-gsl=DIR],
        [GSL is installed under DIR (DIR/include/gsl, DIR/lib)])],
    [], [with_gsl=yes])
AC_ARG_VAR([GSL_CFLAGS], [C compiler flags for GSL, instead of a search])
AC_ARG_VAR([GSL_LIBS], [linker flags for GSL, instead of a search])
AC_PATH_TOOL([GSL_CONFIG], [gsl-config])
AC_PATH_TOOL([PKG_CONFIG], [pkg-config])

AS_CASE([$with_gsl],
    [yes], [],
    [no],
    [AC_MSG_ERROR([--without-gsl: dmmomp cannot be built without GSL.])],
    [*[[\ \	]]*],
    [AC_MSG_ERROR([--with-gsl="$with_gsl": make cannot handle a path with spaces.
    Make a symbolic link to it from a path without any and name that one.])],
    [AS_IF([test ! -f "$with_gsl/include/gsl/gsl_version.h"],
        [AC_MSG_ERROR([--with-gsl=$with_gsl: there is no file
    $with_gsl/include/gsl/gsl_version.h. Name the directory that holds
    include/gsl and lib, or leave the option out to search for GSL.])])])
AS_IF([test -n "$GSL_CFLAGS$GSL_LIBS"], [dmm_gsl_places=environment],
      [test "x$with_gsl" != xyes], [dmm_gsl_places=--with-gsl],
      [dmm_gsl_places='gsl-config pkg-config default'])

AC_MSG_CHECKING([for GSL >= $1.$2])
dmm_save_CPPFLAGS=$CPPFLAGS
dmm_save_LIBS=$LIBS
dmm_gsl_found=no
dmm_gsl_tried=
for dmm_gsl_place in $dmm_gsl_places
do
    AS_CASE([$dmm_gsl_place],
        [gsl-config],
        [test -n "$GSL_CONFIG" || continue
         GSL_CFLAGS=`"$GSL_CONFIG" --cflags`
         GSL_LIBS=`"$GSL_CONFIG" --libs`],
        [pkg-config],
        [test -n "$PKG_CONFIG" && "$PKG_CONFIG" --exists gsl || continue
         GSL_CFLAGS=`"$PKG_CONFIG" --cflags gsl`
         GSL_LIBS=`"$PKG_CONFIG" --libs gsl`],
        [--with-gsl],
        [DMM_GSL_IN_DIRECTORY],
        [default],
        [GSL_CFLAGS=
         GSL_LIBS='-lgsl -lgslcblas -lm'])
    dmm_gsl_tried="$dmm_gsl_tried
        $dmm_gsl_place: $GSL_CFLAGS $GSL_LIBS"
    CPPFLAGS="$GSL_CFLAGS $dmm_save_CPPFLAGS"
    LIBS="$GSL_LIBS $dmm_save_LIBS"
    AC_LINK_IFELSE([DMM_GSL_PROGRAM],
        [AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
             #include <gsl/gsl_version.h>
             #if GSL_MAJOR_VERSION < $1 || \
                 (GSL_MAJOR_VERSION == $1 && GSL_MINOR_VERSION < $2)
             #error too old
             #endif]])],
             [dmm_gsl_found=yes; break],
             [dmm_gsl_found=old])])
done
CPPFLAGS=$dmm_save_CPPFLAGS
LIBS=$dmm_save_LIBS

AS_IF([test $dmm_gsl_found = yes],
      [AC_MSG_RESULT([yes, from $dmm_gsl_place])],
      [AC_MSG_RESULT([no])
       AS_IF([test $dmm_gsl_found = old],
             [dmm_gsl_problem="is too old: version $1.$2 or later is needed"],
             [dmm_gsl_problem='was not found, or does not link'])
       AC_MSG_ERROR([

    The GNU Scientific Library (GSL) $dmm_gsl_problem.
    dmmomp needs the library and its header files. Install them with

        Debian, Ubuntu   sudo apt-get install libgsl-dev
        Fedora, RHEL     sudo dnf install gsl-devel
        conda            conda install -c conda-forge gsl
        macOS            brew install gsl

    or say where they are:

        R CMD INSTALL --configure-args=--with-gsl=DIR dmmomp
        R CMD INSTALL --configure-vars="GSL_CFLAGS='...' GSL_LIBS='...'" dmmomp

    Tried:$dmm_gsl_tried
    The compiler's messages are in config.log.
])])
])

dnl Sets the flags for a GSL under $with_gsl. The library's directory is also
dnl recorded in the package's shared object (-rpath), since the system's loader
dnl seldom searches such a place.
m4_define([DMM_GSL_IN_DIRECTORY], [
dmm_gsl_libdir=$with_gsl/lib
for dmm_dir in "$with_gsl/lib" "$with_gsl/lib64" "$with_gsl"/lib/*-linux-gnu*
do
    AS_IF([ls "$dmm_dir"/libgsl.* >/dev/null 2>&1],
          [dmm_gsl_libdir=$dmm_dir; break])
done
GSL_CFLAGS="-I$with_gsl/include"
GSL_LIBS="-L$dmm_gsl_libdir -Wl,-rpath,$dmm_gsl_libdir -lgsl -lgslcblas -lm"
])

m4_define([DMM_GSL_PROGRAM], [AC_LANG_PROGRAM([[
    #include <gsl/gsl_multimin.h>
    #include <gsl/gsl_rng.h>
    #include <gsl/gsl_sf_psi.h>]], [[
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_multimin_fdfminimizer *minimizer = gsl_multimin_fdfminimizer_alloc(
        gsl_multimin_fdfminimizer_vector_bfgs2, 2);
    double x = gsl_rng_uniform(rng) + gsl_sf_psi(1.0);
    gsl_multimin_fdfminimizer_free(minimizer);
    gsl_rng_free(rng);
    return x > 2.0;]])])
