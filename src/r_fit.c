/* A fit from one start, and the conversion of fits into R lists. */
#include <string.h>

#include "entries.h"
#include "glue.h"

static SEXP real_matrix(const double *values, size_t rows, size_t columns)
{
    SEXP x = PROTECT(Rf_allocMatrix(REALSXP, (int)rows, (int)columns));
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

SEXP glue_fit_owner(void)
{
    SEXP owner = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(owner, glue_finalise_fit, TRUE);
    UNPROTECT(1);
    return owner;
}

SEXP glue_fit(const dmm_fit_result *r)
{
    const char *names[] = {"GoodnessOfFit", "Group",       "Weight",
                           "Estimate",      "Lower",       "Upper",
                           "StdErr",        "LogLik",      "Iterations",
                           "Evaluations",   "KmeansIterations",
                           "Converged",     "Reseeded",    "Empty",
                           "Threads",       "ShareErr",    ""};
    SEXP list = PROTECT(glue_list(names));
    SEXP weight = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)r->k));
    memcpy(REAL(weight), r->weight, r->k * sizeof(double));
    glue_set(list, 0, goodness_of_fit(r));
    glue_set(list, 1, real_matrix(r->z, r->n_samples, r->k));
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
    UNPROTECT(2);
    return list;
}

/* Fits a mixture of k components from one k-means start: dmm_fit(). Returns the
 * list of glue_fit(). */
SEXP R_dmm_fit(SEXP count, SEXP k, SEXP seed, SEXP verbose, SEXP num_threads,
               SEXP optimizer, SEXP control_list)
{
    const dmm_matrix matrix = glue_matrix(count);
    dmm_control control = glue_control(control_list, num_threads);
    control.optimizer = glue_optimizer(optimizer);
    control.seed = (unsigned long)glue_int(seed, "seed");
    const int components = glue_int(k, "k");
    glue_guard guard;
    PROTECT(glue_guard_begin(&guard, Rf_asLogical(verbose) == TRUE, &control));
    SEXP owner = PROTECT(glue_fit_owner());
    dmm_fit_result *result = NULL;
    const dmm_status status =
        dmm_fit(&matrix, components > 0 ? (size_t)components : 0, &control,
                &result);
    R_SetExternalPtrAddr(owner, result);
    glue_guard_end(&guard);
    glue_check(status);
    SEXP list = PROTECT(glue_fit(result));
    glue_finalise_fit(owner);
    UNPROTECT(3);
    return list;
}
