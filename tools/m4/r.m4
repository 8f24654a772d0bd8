dnl DMM_R_COMPILER
dnl
dnl Sets CC, CFLAGS, CPPFLAGS and LDFLAGS to the values with which R builds
dnl packages, so that the checks that follow in configure use the same compiler.
dnl R takes these values from its Makeconf and from the user's ~/.R/Makevars; it
dnl ignores a CC in the environment.
AC_DEFUN([DMM_R_COMPILER], [
: ${R_HOME=`R RHOME`}
AS_IF([test -z "$R_HOME"],
      [AC_MSG_ERROR([R was not found: put R on the PATH or set R_HOME])])
dmm_r="$R_HOME/bin/R"
CC=`"$dmm_r" CMD config CC`
CFLAGS=`"$dmm_r" CMD config CFLAGS`
CPPFLAGS=`"$dmm_r" CMD config CPPFLAGS`
LDFLAGS=`"$dmm_r" CMD config LDFLAGS`
AC_LANG([C])
AC_PROG_CC
])

dnl DMM_R_MAKE_VALUE(NAME, VARIABLE)
dnl
dnl Sets the shell variable VARIABLE to the value that the make variable NAME
dnl has while R builds a package. `R CMD config` knows a fixed list of names,
dnl which differs between versions of R. For other names, make is run with the
dnl files that R would give it, in the same order, to print the value.
AC_DEFUN([DMM_R_MAKE_VALUE], [
AS_IF([$2=`"$dmm_r" CMD config $1 2>/dev/null`], [],
      [printf 'dmm-print:\n\t@echo $($1)\n' > conftest.mk
       set -- -f "$R_HOME/etc$R_ARCH/Makeconf"
       for dmm_makevars in \
           "${R_MAKEVARS_SITE-$R_HOME/etc$R_ARCH/Makevars.site}" \
           "${R_MAKEVARS_USER-$HOME/.R/Makevars}"
       do
           AS_IF([test -f "$dmm_makevars"],
                 [set -- "$][@" -f "$dmm_makevars"])
       done
       $2=`MAKEFLAGS= "$dmm_r" CMD "${MAKE-make}" -s "$][@" -f conftest.mk \
           dmm-print R_HOME="$R_HOME" 2>/dev/null`
       rm -f conftest.mk])
])
