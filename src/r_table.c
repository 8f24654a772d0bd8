/* Fits from several starts on a count table that is compressed once. The table
 * is kept by R as an external pointer.
 */
#include <string.h>

#include "entries.h"
#include "glue.h"

/* The names of the kinds of start in R. */
static const char *kind_name[DMM_START_KINDS] = {
    [DMM_START_KMEANS] = "kmeans", [DMM_START_SEEDS] = "seeds",
    [DMM_START_LABELS] = "labels", [DMM_START_MOVE] = "move",
    [DMM_START_RESAMPLE] = "resample",
    [DMM_START_GIVEN] = "given",
};

/* Marks external pointers to compressed tables. */
static SEXP table_tag(void)
{
    return Rf_install("dmmomp_table");
}

static void finalise_table(SEXP pointer)
{
    dmm_table_free(R_ExternalPtrAddr(pointer));
    R_ClearExternalPtr(pointer);
}

/* An external pointer that will own a compressed table of so many samples. It
 * keeps their number, for the check of arguments in R_dmm_table_fit(). The
 * caller must PROTECT it. */
static SEXP new_owner(int rows)
{
    SEXP number = PROTECT(Rf_ScalarInteger(rows));
    SEXP owner = PROTECT(R_MakeExternalPtr(NULL, table_tag(), number));
    R_RegisterCFinalizerEx(owner, finalise_table, TRUE);
    UNPROTECT(2);
    return owner;
}

/* Compresses a count table for fits with up to `largest_k` components, in
 * canonical order if `canonical` is TRUE (see dmm_table_new()). Returns an
 * external pointer that owns the compressed table. */
SEXP R_dmm_table(SEXP count, SEXP canonical, SEXP largest_k, SEXP num_threads)
{
    const dmm_matrix matrix = glue_matrix(count);
    const int k = glue_int(largest_k, "k");
    const int threads = glue_int(num_threads, "num.threads");
    const int in_order = Rf_asLogical(canonical) == TRUE;
    SEXP owner = PROTECT(new_owner((int)matrix.rows));
    dmm_table *table = NULL;
    glue_check(dmm_table_new(&matrix, in_order, k > 0 ? (size_t)k : 0,
                             threads, &table));
    R_SetExternalPtrAddr(owner, table);
    UNPROTECT(1);
    return owner;
}

/* Frees a compressed table before R's garbage collector would, which does not
 * know its size. */
SEXP R_dmm_table_free(SEXP table)
{
    if (TYPEOF(table) == EXTPTRSXP && R_ExternalPtrTag(table) == table_tag())
        finalise_table(table);
    return R_NilValue;
}

static dmm_start_kind find_kind(const char *name)
{
    for (int i = 0; i < DMM_START_KINDS; i++)
        if (strcmp(kind_name[i], name) == 0)
            return (dmm_start_kind)i;
    Rf_error("there is no kind of start \"%s\"", name);
    return DMM_START_KINDS;
}

static SEXP starts_as_list(const dmm_start_record *records, int n)
{
    const char *names[] = {"kind",       "seed",        "samples",   "NLE",
                           "iterations", "evaluations", "converged", ""};
    SEXP list = PROTECT(glue_list(names));
    SEXP kind = glue_set(list, 0, Rf_allocVector(STRSXP, n));
    double *seed = REAL(glue_set(list, 1, Rf_allocVector(REALSXP, n)));
    int *samples = INTEGER(glue_set(list, 2, Rf_allocVector(INTSXP, n)));
    double *nle = REAL(glue_set(list, 3, Rf_allocVector(REALSXP, n)));
    int *iterations = INTEGER(glue_set(list, 4, Rf_allocVector(INTSXP, n)));
    int *evaluations = INTEGER(glue_set(list, 5, Rf_allocVector(INTSXP, n)));
    int *converged = LOGICAL(glue_set(list, 6, Rf_allocVector(LGLSXP, n)));
    for (int i = 0; i < n; i++) {
        SET_STRING_ELT(kind, i, Rf_mkChar(kind_name[records[i].kind]));
        seed[i] = (double)records[i].seed;
        samples[i] = (int)records[i].samples;
        nle[i] = records[i].nle;
        iterations[i] = records[i].iterations;
        evaluations[i] = records[i].evaluations;
        converged[i] = records[i].converged;
    }
    UNPROTECT(1);
    return list;
}

/* The kinds that an R character vector of length n names; NULL for R's NULL. */
static const dmm_start_kind *read_kinds(SEXP kinds, int n)
{
    if (kinds == R_NilValue)
        return NULL;
    if (TYPEOF(kinds) != STRSXP || XLENGTH(kinds) != n)
        Rf_error("'kinds' must name the kind of each of %d starts", n);
    dmm_start_kind *result =
        (dmm_start_kind *)R_alloc((size_t)n, sizeof *result);
    for (int i = 0; i < n; i++)
        result[i] = find_kind(CHAR(STRING_ELT(kinds, i)));
    return result;
}

static const dmm_table *read_table(SEXP table)
{
    if (TYPEOF(table) != EXTPTRSXP ||
        R_ExternalPtrTag(table) != table_tag() || !R_ExternalPtrAddr(table))
        Rf_error("'table' is not a compressed table of this process");
    return R_ExternalPtrAddr(table);
}

/* A logical vector with an element for each taxon of a table. */
static const unsigned char *read_markers(SEXP markers, const dmm_table *table)
{
    const size_t n = dmm_table_taxa(table);
    if (TYPEOF(markers) != LGLSXP || (size_t)XLENGTH(markers) != n)
        Rf_error("'markers' must be TRUE or FALSE for each of %d taxa", (int)n);
    unsigned char *result = (unsigned char *)R_alloc(n, sizeof *result);
    for (size_t j = 0; j < n; j++)
        result[j] = LOGICAL(markers)[j] == TRUE;
    return result;
}

/* The tables of the two fits of a model with markers (see dmm_table_split()):
 * list(markers, background). */
SEXP R_dmm_table_split(SEXP table, SEXP markers, SEXP largest_k,
                       SEXP num_threads)
{
    const dmm_table *whole = read_table(table);
    const unsigned char *is_marker = read_markers(markers, whole);
    const int k = glue_int(largest_k, "k");
    const int threads = glue_int(num_threads, "num.threads");
    const int rows = Rf_asInteger(R_ExternalPtrProtected(table));
    const char *names[] = {"markers", "background", ""};
    SEXP list = PROTECT(glue_list(names));
    SEXP first = glue_set(list, 0, new_owner(rows));
    SEXP second = glue_set(list, 1, new_owner(rows));
    dmm_table *branch[2];
    glue_check(dmm_table_split(whole, is_marker, k > 0 ? (size_t)k : 0,
                               threads, &branch[0], &branch[1]));
    R_SetExternalPtrAddr(first, branch[0]);
    R_SetExternalPtrAddr(second, branch[1]);
    UNPROTECT(1);
    return list;
}

/* The gain of each taxon as a marker (see dmm_table_gains()): a double vector.
 * z is N x K, estimate S x K. */
SEXP R_dmm_table_gains(SEXP table, SEXP z, SEXP markers, SEXP estimate,
                       SEXP other, SEXP shared, SEXP control_list,
                       SEXP num_threads)
{
    const dmm_table *whole = read_table(table);
    const size_t rows = (size_t)Rf_asInteger(R_ExternalPtrProtected(table));
    const size_t taxa = dmm_table_taxa(whole), k = (size_t)XLENGTH(other);
    const dmm_control control = glue_control(control_list, num_threads);
    const dmm_marker_model model = {
        .k = k,
        .z = glue_real_matrix(z, rows, k, "z"),
        .is_marker = read_markers(markers, whole),
        .estimate = glue_real_matrix(estimate, taxa, k, "estimate"),
        .other = glue_real_matrix(other, k, 1, "other"),
        .shared = glue_double(shared, "shared"),
    };
    SEXP gain = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)taxa));
    glue_check(dmm_table_gains(whole, &model, &control, REAL(gain)));
    UNPROTECT(1);
    return gain;
}

/* Returns the best fit from up to `nstart` starts and a record of those that
 * were made: list(fit, starts). `kinds` names the kind of each start, or is
 * NULL for the usual sequence. `given` is NULL or the responsibilities (N x K)
 * for starts of kind "given". `log_prior` is NULL or, for one such start, the
 * log probabilities of the components for each sample (N x K). `reassign`:
 * whether a lone start reassigns samples. `report` is NULL or a function to
 * call with the progress. Without keep_group the fit has the most probable
 * components only. `parts` is NULL or what glue_read_parts() reads: all
 * samples, if the table has some of them. */
SEXP R_dmm_table_fit(SEXP table, SEXP k, SEXP nstart, SEXP kinds, SEXP given,
                     SEXP log_prior, SEXP reassign, SEXP seed, SEXP report,
                     SEXP num_threads, SEXP optimizer, SEXP control_list,
                     SEXP keep_group, SEXP parts)
{
    const dmm_table *compressed = read_table(table);
    const int rows = Rf_asInteger(R_ExternalPtrProtected(table));
    const int components = glue_int(k, "k");
    const int n = glue_int(nstart, "nstart");
    if (components < 1 || n < 1)
        Rf_error("'k' and 'nstart' must be at least 1");
    dmm_control control = glue_control(control_list, num_threads);
    control.optimizer = glue_optimizer(optimizer);
    control.seed = (unsigned long)glue_int(seed, "seed");
    control.compact = Rf_asLogical(keep_group) == FALSE;
    dmm_start_plan plan = {.n_starts = (size_t)n,
                           .reassign = Rf_asLogical(reassign) == TRUE};
    plan.kinds = read_kinds(kinds, n);
    if (given != R_NilValue)
        plan.given = glue_real_matrix(given, (size_t)rows, (size_t)components,
                                      "given");
    if (log_prior != R_NilValue)
        plan.log_prior = glue_real_matrix(
            log_prior, (size_t)rows, (size_t)components, "log_prior");
    dmm_start_record *records =
        (dmm_start_record *)R_alloc((size_t)n, sizeof *records);
    memset(records, 0, (size_t)n * sizeof *records);
    glue_guard guard;
    PROTECT(glue_guard_begin(&guard, report, &control));
    SEXP owner = PROTECT(glue_owner(glue_finalise_fit));
    glue_parts elsewhere;
    if (parts != R_NilValue) {
        glue_read_parts(parts, dmm_table_taxa(compressed), (size_t)components,
                        &guard, &elsewhere);
        plan.parts = &elsewhere.parts;
    }
    dmm_fit_result *result = NULL;
    size_t made;
    const dmm_status status =
        dmm_table_fit(compressed, (size_t)components, &plan, &control, records,
                      &made, &result);
    R_SetExternalPtrAddr(owner, result);
    glue_guard_end(&guard);
    glue_check(status);
    const char *names[] = {"fit", "starts", ""};
    SEXP list = PROTECT(glue_list(names));
    glue_set(list, 0, glue_fit(result));
    glue_set(list, 1, starts_as_list(records, (int)made));
    glue_finalise_fit(owner);
    UNPROTECT(3);
    return list;
}
