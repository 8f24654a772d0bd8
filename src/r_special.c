/* The core's special functions, for tests in R. */
#include "core/simd/special.h"
#include "entries.h"
#include "glue.h"

/* Returns list(lgamma, digamma, trigamma): the differences f(alpha + x) -
 * f(alpha) for double vectors of the same length. */
SEXP R_dmm_special(SEXP alpha, SEXP x)
{
    const size_t n = (size_t)XLENGTH(alpha);
    const double *a = glue_real_matrix(alpha, n, 1, "alpha");
    const double *count = glue_real_matrix(x, n, 1, "x");
    const char *names[] = {"lgamma", "digamma", "trigamma", ""};
    SEXP list = PROTECT(glue_list(names));
    double *out[3];
    for (int i = 0; i < 3; i++)
        out[i] = REAL(glue_set(list, i, Rf_allocVector(REALSXP, (R_xlen_t)n)));
    for (size_t i = 0; i < n; i++) {
        out[0][i] = dmm_lgamma_difference(a[i], count[i]);
        out[1][i] = dmm_digamma_difference(a[i], count[i]);
        out[2][i] = dmm_trigamma_difference(a[i], count[i]);
    }
    UNPROTECT(1);
    return list;
}
