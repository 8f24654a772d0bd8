/* The conversion of fits into R lists. */
#include <string.h>

#include "glue.h"

static SEXP real_matrix(const double *values, size_t rows, size_t columns)
{
    SEXP x = PROTECT(Rf_allocMatrix(REALSXP, (int)rows, (int)columns));
    if (rows > 0)
        memcpy(REAL(x), values, rows * columns * sizeof(double));
    UNPROTECT(1);
    return x;
}

static SEXP goodness_of_fit(const dmm_fit_result *r)
{
    const char *names[] = {"NLE", "LogDet", "Laplace", "BIC", "AIC", ""};
    SEXP x = PROTECT(Rf_mkNamed(REALSXP, names));
    REAL(x)[0] = r->nle;
    REAL(x)[1] = r->log_det;
    REAL(x)[2] = r->laplace;
    REAL(x)[3] = r->bic;
    REAL(x)[4] = r->aic;
    UNPROTECT(1);
    return x;
}

void glue_finalise_fit(SEXP owner)
{
    dmm_fit_free(R_ExternalPtrAddr(owner));
    R_ClearExternalPtr(owner);
}

/* The most probable components of a compact result: list(component,
 * uncertainty, entropy), or NULL if it has responsibilities instead. */
static SEXP assigned(const dmm_fit_result *r)
{
    if (r->assigned == NULL)
        return R_NilValue;
    const char *names[] = {"component", "uncertainty", "entropy", ""};
    const size_t n = r->n_samples;
    SEXP list = PROTECT(glue_list(names));
    int *component = INTEGER(
        glue_set(list, 0, Rf_allocVector(INTSXP, (R_xlen_t)n)));
    double *uncertainty =
        REAL(glue_set(list, 1, Rf_allocVector(REALSXP, (R_xlen_t)n)));
    for (size_t i = 0; i < n; i++)
        component[i] = (int)r->assigned[i] + 1;
    memcpy(uncertainty, r->assigned + n, n * sizeof(double));
    glue_set(list, 2, Rf_ScalarReal(r->entropy));
    UNPROTECT(1);
    return list;
}

SEXP glue_fit(const dmm_fit_result *r)
{
    const char *names[] = {"GoodnessOfFit", "Group",       "Weight",
                           "Estimate",      "Lower",       "Upper",
                           "StdErr",        "LogLik",      "Iterations",
                           "Evaluations",   "KmeansIterations",
                           "Converged",     "Reseeded",    "Empty",
                           "Threads",       "ShareErr",    "Assigned", ""};
    SEXP list = PROTECT(glue_list(names));
    SEXP weight = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)r->k));
    memcpy(REAL(weight), r->weight, r->k * sizeof(double));
    glue_set(list, 0, goodness_of_fit(r));
    glue_set(list, 1, real_matrix(r->z, r->z ? r->n_samples : 0, r->k));
    glue_set(list, 2, weight);
    glue_set(list, 3, real_matrix(r->estimate, r->n_taxa, r->k));
    glue_set(list, 4, real_matrix(r->lower, r->n_taxa, r->k));
    glue_set(list, 5, real_matrix(r->upper, r->n_taxa, r->k));
    glue_set(list, 6, real_matrix(r->std_error, r->n_taxa, r->k));
    glue_set(list, 7, Rf_ScalarReal(r->log_likelihood));
    glue_set(list, 8, Rf_ScalarInteger(r->iterations));
    glue_set(list, 9, Rf_ScalarInteger(r->evaluations));
    glue_set(list, 10, Rf_ScalarInteger(r->kmeans_iterations));
    glue_set(list, 11, Rf_ScalarLogical(r->converged));
    glue_set(list, 12, Rf_ScalarInteger(r->reseeded));
    glue_set(list, 13, Rf_ScalarInteger(r->empty));
    glue_set(list, 14, Rf_ScalarInteger(r->n_threads));
    glue_set(list, 15, real_matrix(r->share_error, r->n_taxa, r->k));
    glue_set(list, 16, assigned(r));
    UNPROTECT(2);
    return list;
}
