/* Predictions for new samples. */
#include "entries.h"
#include "glue.h"

/* The log evidence (logevidence = TRUE) or the posterior probabilities of the
 * samples in newdata, N x K, at the parameters estimate (S x K) and weight. */
SEXP R_dmm_predict(SEXP estimate, SEXP weight, SEXP newdata, SEXP logevidence,
                   SEXP num_threads)
{
    const dmm_matrix m = glue_matrix(newdata);
    const size_t k = (size_t)XLENGTH(weight);
    const double *alpha =
        glue_real_matrix(estimate, m.columns, k, "estimate");
    const double *weights = glue_real_matrix(weight, k, 1, "weight");
    SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)m.rows, (int)k));
    glue_check(dmm_predict(&m, k, alpha, weights,
                           Rf_asLogical(logevidence) == TRUE,
                           glue_int(num_threads, "num.threads"),
                           REAL(result)));
    UNPROTECT(1);
    return result;
}
