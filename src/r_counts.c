/* Validation of count tables. */
#include "entries.h"
#include "glue.h"

static const char *problem_name(dmm_problem_kind kind)
{
    switch (kind) {
    case DMM_PROBLEM_MISSING:
        return "missing";
    case DMM_PROBLEM_INFINITE:
        return "infinite";
    case DMM_PROBLEM_NEGATIVE:
        return "negative";
    case DMM_PROBLEM_FRACTIONAL:
        return "fractional";
    case DMM_PROBLEM_LARGE:
        return "large";
    case DMM_PROBLEM_EMPTY_SAMPLE:
        return "empty_sample";
    case DMM_PROBLEM_NONE:
        break;
    }
    return "none";
}

/* Returns NULL for a valid count table, or the first problem in it as
 * list(problem, row, column, value) with 1-based indices; column is NA for a
 * sample without counts. Uses up to num_threads threads. */
SEXP R_dmm_count_problem(SEXP count, SEXP num_threads)
{
    const dmm_matrix matrix = glue_matrix(count);
    dmm_problem problem;
    const int threads = glue_int(num_threads, "num.threads");
    glue_check(dmm_matrix_check(&matrix, threads, &problem));
    if (problem.kind == DMM_PROBLEM_NONE)
        return R_NilValue;
    const char *names[] = {"problem", "row", "column", "value", ""};
    const int has_column = problem.kind != DMM_PROBLEM_EMPTY_SAMPLE;
    SEXP result = PROTECT(glue_list(names));
    glue_set(result, 0, Rf_mkString(problem_name(problem.kind)));
    glue_set(result, 1, Rf_ScalarInteger((int)problem.row + 1));
    glue_set(result, 2,
             Rf_ScalarInteger(has_column ? (int)problem.column + 1
                                         : NA_INTEGER));
    glue_set(result, 3, Rf_ScalarReal(problem.value));
    UNPROTECT(1);
    return result;
}
