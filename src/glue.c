/* Conversion of arguments, and calls of R from within the core: see glue.h. */
#include "glue.h"

#include <limits.h>
#include <string.h>

#include "core/counts/packed.h"

SEXP glue_element(SEXP list, const char *name)
{
    SEXP names = Rf_getAttrib(list, R_NamesSymbol);
    const int named = TYPEOF(list) == VECSXP && TYPEOF(names) == STRSXP;
    for (R_xlen_t i = 0; named && i < XLENGTH(names); i++)
        if (strcmp(CHAR(STRING_ELT(names, i)), name) == 0)
            return VECTOR_ELT(list, i);
    return R_NilValue;
}

/* A view of the blocks of an R object of class dmnpacked. */
static dmm_matrix packed_matrix(SEXP count)
{
    SEXP dim = glue_element(count, "dim");
    SEXP blocks = glue_element(count, "blocks");
    dmm_matrix m = {.kind = DMM_MATRIX_PACKED};
    int valid = TYPEOF(dim) == INTSXP && XLENGTH(dim) == 2 &&
                TYPEOF(blocks) == VECSXP;
    size_t rows = 0;
    if (valid) {
        m.rows = (size_t)INTEGER(dim)[0];
        m.columns = (size_t)INTEGER(dim)[1];
        m.n_packed = (size_t)XLENGTH(blocks);
    }
    dmm_packed *packed =
        (dmm_packed *)R_alloc(m.n_packed + 1, sizeof *packed);
    for (size_t b = 0; b < m.n_packed && valid; b++) {
        SEXP bytes = VECTOR_ELT(blocks, (R_xlen_t)b);
        valid = TYPEOF(bytes) == RAWSXP &&
                dmm_packed_view(RAW(bytes), (size_t)XLENGTH(bytes),
                                &packed[b]) == DMM_OK &&
                packed[b].columns == m.columns;
        if (valid) {
            packed[b].first_row = rows;
            rows += packed[b].rows;
        }
    }
    if (!valid || rows != m.rows)
        Rf_error("'count' is not a valid object of class dmnpacked");
    m.packed = packed;
    return m;
}

dmm_matrix glue_matrix(SEXP count)
{
    dmm_matrix m = {0};
    if (Rf_inherits(count, "dmnpacked"))
        return packed_matrix(count);
    if (Rf_isS4(count)) {
        SEXP dim = R_do_slot(count, Rf_install("Dim"));
        SEXP x = R_do_slot(count, Rf_install("x"));
        SEXP i = R_do_slot(count, Rf_install("i"));
        SEXP p = R_do_slot(count, Rf_install("p"));
        if (TYPEOF(dim) != INTSXP || XLENGTH(dim) != 2 ||
            INTEGER(dim)[0] < 0 || INTEGER(dim)[1] < 0 ||
            TYPEOF(x) != REALSXP || TYPEOF(i) != INTSXP ||
            TYPEOF(p) != INTSXP || XLENGTH(x) != XLENGTH(i) ||
            XLENGTH(p) != (R_xlen_t)INTEGER(dim)[1] + 1 ||
            INTEGER(p)[INTEGER(dim)[1]] > XLENGTH(x))
            Rf_error("'count' is not a valid dgCMatrix");
        m.kind = DMM_MATRIX_CSC;
        m.rows = (size_t)INTEGER(dim)[0];
        m.columns = (size_t)INTEGER(dim)[1];
        m.doubles = REAL(x);
        m.row_index = INTEGER(i);
        m.column_start = INTEGER(p);
        return m;
    }
    if (!Rf_isMatrix(count) ||
        (TYPEOF(count) != INTSXP && TYPEOF(count) != REALSXP))
        Rf_error("'count' must be an integer or double matrix, a dgCMatrix "
                 "or packed counts");
    m.rows = (size_t)Rf_nrows(count);
    m.columns = (size_t)Rf_ncols(count);
    if (TYPEOF(count) == INTSXP) {
        m.kind = DMM_MATRIX_DENSE_INT;
        m.integers = INTEGER(count);
    } else {
        m.kind = DMM_MATRIX_DENSE_DOUBLE;
        m.doubles = REAL(count);
    }
    return m;
}

int glue_int(SEXP x, const char *name)
{
    const int value = Rf_length(x) == 1 ? Rf_asInteger(x) : NA_INTEGER;
    if (value == NA_INTEGER)
        Rf_error("'%s' must be one whole number", name);
    return value;
}

double glue_double(SEXP x, const char *name)
{
    const double value = Rf_length(x) == 1 ? Rf_asReal(x) : NA_REAL;
    if (ISNAN(value))
        Rf_error("'%s' must be one number", name);
    return value;
}

const double *glue_real_matrix(SEXP x, size_t rows, size_t columns,
                               const char *name)
{
    if (TYPEOF(x) != REALSXP || (size_t)XLENGTH(x) != rows * columns)
        Rf_error("'%s' must be a double matrix of %.0f x %.0f", name,
                 (double)rows, (double)columns);
    return REAL(x);
}

static SEXP element(SEXP list, const char *name)
{
    SEXP value = glue_element(list, name);
    if (value == R_NilValue)
        Rf_error("'control' has no element '%s': make it with dmncontrol()",
                 name);
    return value;
}

static double real_element(SEXP list, const char *name)
{
    return glue_double(element(list, name), name);
}

dmm_control glue_control(SEXP list, SEXP num_threads)
{
    dmm_control control = dmm_control_default();
    control.eta = real_element(list, "eta");
    control.nu = real_element(list, "nu");
    control.stiffness = real_element(list, "stiffness");
    control.kmeans_tolerance = real_element(list, "kmeans.tolerance");
    control.kmeans_iterations =
        glue_int(element(list, "kmeans.iterations"), "kmeans.iterations");
    control.tolerance = real_element(list, "tolerance");
    control.relative_tolerance = real_element(list, "relative.tolerance");
    control.max_iterations =
        glue_int(element(list, "max.iterations"), "max.iterations");
    control.accelerate = glue_int(element(list, "accelerate"), "accelerate");
    /* NA: as usual; Inf: all starts are made */
    const double agree = Rf_asReal(element(list, "agree"));
    if (ISNAN(agree))
        control.agree = DMM_AGREE_USUAL;
    else
        control.agree = agree < INT_MAX ? (int)agree : 0;
    control.n_threads = glue_int(num_threads, "num.threads");
    return control;
}

dmm_optimizer glue_optimizer(SEXP optimizer)
{
    if (TYPEOF(optimizer) != STRSXP || XLENGTH(optimizer) != 1)
        Rf_error("'optimizer' must be \"newton\" or \"bfgs\"");
    return strcmp(CHAR(STRING_ELT(optimizer, 0)), "bfgs") == 0
               ? DMM_OPTIMIZER_BFGS
               : DMM_OPTIMIZER_NEWTON;
}

void glue_check(dmm_status status)
{
    if (status != DMM_OK)
        Rf_error("dmmomp: %s", dmm_status_message(status));
}

/* ---- Calls of R from within the core ---------------------------------- */

/* The cleanup function for R_UnwindProtect(). If R is about to jump, it goes
 * back to glue_guard_call() instead. */
static void jump_back(void *data, Rboolean jump)
{
    glue_guard *guard = data;
    if (jump) {
        guard->jumped = 1;
        longjmp(guard->back, 1);
    }
}

void glue_guard_call(glue_guard *guard, SEXP (*call)(void *), void *data)
{
    if (guard->jumped || setjmp(guard->back))
        return;
    R_UnwindProtect(call, data, jump_back, guard, guard->token);
}

static SEXP check_interrupt(void *unused)
{
    (void)unused;
    R_CheckUserInterrupt();
    return R_NilValue;
}

/* The core's interrupt callback (dmm_interrupt). */
static int interrupted(void *guard)
{
    glue_guard_call(guard, check_interrupt, NULL);
    return ((glue_guard *)guard)->jumped;
}

typedef struct {
    SEXP function;
    const char *what;
    double number, value, expected;
} report;

static SEXP call_report(void *data)
{
    const report *r = data;
    SEXP what = PROTECT(Rf_mkString(r->what));
    SEXP number = PROTECT(Rf_ScalarReal(r->number));
    SEXP value = PROTECT(Rf_ScalarReal(r->value));
    SEXP expected = PROTECT(Rf_ScalarReal(r->expected));
    SEXP call =
        PROTECT(Rf_lang5(r->function, what, number, value, expected));
    Rf_eval(call, R_GlobalEnv);
    UNPROTECT(5);
    return R_NilValue;
}

/* The core's progress callback (dmm_progress). */
static void report_progress(dmm_phase phase, int iteration, double value,
                            void *user)
{
    static const char *name[] = {
        [DMM_PHASE_START] = "kmeans",
        [DMM_PHASE_SETUP] = "setup",
        [DMM_PHASE_EM] = "EM",
        [DMM_PHASE_HESSIAN] = "Hessian",
    };
    glue_guard *guard = user;
    report r = {guard->report, name[phase], iteration, value, NA_REAL};
    glue_guard_call(guard, call_report, &r);
}

/* The core's callback at the end of a start (dmm_start_made). */
static void report_start(const dmm_start_record *record, size_t made,
                         size_t expected, void *user)
{
    glue_guard *guard = user;
    report r = {guard->report, "start", (double)made, record->nle,
                (double)expected};
    glue_guard_call(guard, call_report, &r);
}

SEXP glue_guard_begin(glue_guard *guard, SEXP report, dmm_control *control)
{
    guard->jumped = 0;
    guard->report = report;
    guard->token = R_MakeUnwindCont();
    control->user = guard;
    control->interrupt = interrupted;
    control->progress = report != R_NilValue ? report_progress : NULL;
    control->start_made = report != R_NilValue ? report_start : NULL;
    return guard->token;
}

void glue_guard_end(glue_guard *guard)
{
    if (guard->jumped)
        R_ContinueUnwind(guard->token);
}

SEXP glue_owner(R_CFinalizer_t finalise)
{
    SEXP owner = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
    R_RegisterCFinalizerEx(owner, finalise, TRUE);
    UNPROTECT(1);
    return owner;
}

SEXP glue_set(SEXP list, int i, SEXP value)
{
    SET_VECTOR_ELT(list, i, value);
    return value;
}

SEXP glue_list(const char **names)
{
    return Rf_mkNamed(VECSXP, names);
}
