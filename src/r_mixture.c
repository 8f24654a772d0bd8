/* Weights and precisions of a fit's components. */
#include <string.h>

#include "entries.h"
#include "glue.h"

/* Returns list(pi, theta): the weights, and the precisions, which are the
 * column sums of the estimates (S x K). */
SEXP R_dmm_mixture_weights(SEXP estimate, SEXP weight)
{
    const size_t k = (size_t)XLENGTH(weight);
    if (!Rf_isMatrix(estimate) || (size_t)Rf_ncols(estimate) != k)
        Rf_error("'estimate' must have a column for each of %.0f weights",
                 (double)k);
    const size_t taxa = (size_t)Rf_nrows(estimate);
    const double *alpha = glue_real_matrix(estimate, taxa, k, "estimate");
    const double *pi = glue_real_matrix(weight, k, 1, "weight");
    const char *names[] = {"pi", "theta", ""};
    SEXP list = PROTECT(glue_list(names));
    double *pi_out =
        REAL(glue_set(list, 0, Rf_allocVector(REALSXP, (R_xlen_t)k)));
    double *theta =
        REAL(glue_set(list, 1, Rf_allocVector(REALSXP, (R_xlen_t)k)));
    memcpy(pi_out, pi, k * sizeof(double));
    for (size_t c = 0; c < k; c++) {
        theta[c] = 0;
        for (size_t j = 0; j < taxa; j++)
            theta[c] += alpha[c * taxa + j];
    }
    UNPROTECT(1);
    return list;
}
