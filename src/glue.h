/* Between R and the core: arguments in, errors out.
 *
 * Only the files of this folder include R's headers. They turn SEXPs into the
 * core's structs, call it, and turn the outcome into R objects; the core's
 * memory is owned by an R object while R allocates (R may jump away).
 */
#ifndef DMM_GLUE_H
#define DMM_GLUE_H

#include "core/dmm.h"

#include <setjmp.h>

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>

/* A view of an integer or double matrix or a dgCMatrix. */
dmm_matrix glue_matrix(SEXP count);

/* Whole and real numbers of length one. */
int glue_int(SEXP x, const char *name);
double glue_double(SEXP x, const char *name);

/* A numeric matrix of that shape. */
const double *glue_real_matrix(SEXP x, size_t rows, size_t columns,
                               const char *name);

/* The fields of dmncontrol() and the number of threads. */
dmm_control glue_control(SEXP control, SEXP num_threads);
dmm_optimizer glue_optimizer(SEXP optimizer);

/* An R error for a status that is not DMM_OK. */
void glue_check(dmm_status status);

/* Calls of R from within the core. R may jump out of them (an interrupt, a time
 * limit, an error of a sink()), which must not happen over the core's frames
 * and threads: the jump is caught, the core is asked to stop, and the jump goes
 * on when the core has returned and freed its memory. */
typedef struct {
    SEXP token;  /* what R needs to go on with the jump */
    jmp_buf back;
    int jumped;
} glue_guard;

/* Makes the control's callbacks ask for interrupts and, if `verbose`, print
 * progress. The guard's token is the caller's to PROTECT. */
SEXP glue_guard_begin(glue_guard *guard, int verbose, dmm_control *control);

/* Goes on with the jump, if there was one: does not return then. */
void glue_guard_end(glue_guard *guard);

/* A fit as the list that R/dmn.R reads. R's memory may run out meanwhile: the
 * result must have an owner that R finalises. */
SEXP glue_fit(const dmm_fit_result *result);

/* Sets element i of a named list and returns the value. */
SEXP glue_set(SEXP list, int i, SEXP value);

/* A new protected-by-caller list with these names, ended by "". */
SEXP glue_list(const char **names);

#endif
