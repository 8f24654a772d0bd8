/* The model and the M-step at given parameters. */
#include <string.h>

#include "entries.h"
#include "glue.h"

static SEXP new_matrix(SEXP list, int i, size_t rows, size_t columns)
{
    return glue_set(list, i,
                    Rf_allocMatrix(REALSXP, (int)rows, (int)columns));
}

static SEXP new_vector(SEXP list, int i, size_t n)
{
    return glue_set(list, i, Rf_allocVector(REALSXP, (R_xlen_t)n));
}

/* The model at given lambda (S x K) and weights: a list with everything that
 * dmm_evaluate() computes. */
SEXP R_dmm_evaluate(SEXP count, SEXP lambda, SEXP weight, SEXP control_list,
                    SEXP num_threads)
{
    const dmm_matrix m = glue_matrix(count);
    const dmm_control control = glue_control(control_list, num_threads);
    const size_t k = (size_t)XLENGTH(weight);
    const double *lambdas =
        glue_real_matrix(lambda, m.columns, k, "lambda");
    const double *weights = glue_real_matrix(weight, k, 1, "weight");
    const char *names[] = {"NLE",      "LogLik",          "Group",
                           "Objective", "Gradient",       "HessianDiagonal",
                           "HessianRankOne", "LogDet",    "Variance", ""};
    SEXP list = PROTECT(glue_list(names));
    dmm_evaluation e = {0};
    e.z = REAL(new_matrix(list, 2, m.rows, k));
    e.objective = REAL(new_vector(list, 3, k));
    e.gradient = REAL(new_matrix(list, 4, m.columns, k));
    e.hessian_diagonal = REAL(new_matrix(list, 5, m.columns, k));
    e.hessian_rank_one = REAL(new_vector(list, 6, k));
    e.log_det = REAL(new_vector(list, 7, k));
    e.variance = REAL(new_matrix(list, 8, m.columns, k));
    glue_check(dmm_evaluate(&m, k, lambdas, weights, &control, &e));
    glue_set(list, 0, Rf_ScalarReal(e.nle));
    glue_set(list, 1, Rf_ScalarReal(e.log_likelihood));
    UNPROTECT(1);
    return list;
}

/* The M-step at fixed responsibilities z (N x K), from lambda (S x K):
 * list(Lambda, Objective, Iterations). */
SEXP R_dmm_mstep(SEXP count, SEXP lambda, SEXP z, SEXP control_list,
                 SEXP optimizer, SEXP num_threads)
{
    const dmm_matrix m = glue_matrix(count);
    dmm_control control = glue_control(control_list, num_threads);
    control.optimizer = glue_optimizer(optimizer);
    const size_t k = (size_t)Rf_ncols(z);
    const double *from = glue_real_matrix(lambda, m.columns, k, "lambda");
    const double *responsibilities = glue_real_matrix(z, m.rows, k, "z");
    const char *names[] = {"Lambda", "Objective", "Iterations", ""};
    SEXP list = PROTECT(glue_list(names));
    double *to = REAL(new_matrix(list, 0, m.columns, k));
    double *objective = REAL(new_vector(list, 1, k));
    int iterations = 0;
    glue_guard guard;
    PROTECT(glue_guard_begin(&guard, R_NilValue, &control));
    memcpy(to, from, m.columns * k * sizeof(double));
    const dmm_status status = dmm_maximize(&m, k, responsibilities, &control,
                                           to, objective, &iterations);
    glue_guard_end(&guard);
    glue_check(status);
    glue_set(list, 2, Rf_ScalarInteger(iterations));
    UNPROTECT(2);
    return list;
}
