/* The glue between R and the core: conversion of arguments and results, errors,
 * interrupts and progress.
 *
 * Only the files directly in src/ include R's headers. A .Call entry converts
 * its SEXP arguments into the core's structs, calls the core, and converts the
 * outcome into R objects. R may leave a function by a long jump whenever it
 * allocates; memory of the core is therefore owned by an R object with a
 * finaliser before results are copied.
 */
#ifndef DMM_GLUE_H
#define DMM_GLUE_H

#include "core/dmm.h"

#include <setjmp.h>

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>

/* Converters of arguments. They raise an R error if an argument does not have
 * the type or shape that they want; `name` is its name in the message. */

/* A view of an integer or double matrix, a dgCMatrix or an object of class
 * dmnpacked (R/utils-packed.R). It is valid until the .Call entry returns. */
dmm_matrix glue_matrix(SEXP count);

/* A single whole number; a single number. NA is an error. */
int glue_int(SEXP x, const char *name);
double glue_double(SEXP x, const char *name);

/* The elements of a double matrix or vector with rows x columns elements. */
const double *glue_real_matrix(SEXP x, size_t rows, size_t columns,
                               const char *name);

/* The control with the fields of a dmncontrol() list and the number of threads;
 * the other fields have their defaults. */
dmm_control glue_control(SEXP control, SEXP num_threads);
dmm_optimizer glue_optimizer(SEXP optimizer);

/* Raises an R error for a status other than DMM_OK. */
void glue_check(dmm_status status);

/* The core's callbacks call R to check for interrupts and to show progress. R
 * may leave such a call by a long jump: after an interrupt, at a time limit, or
 * at an error in a sink(). The jump must not cross the core's frames and
 * threads. A guard therefore catches it and asks the core to stop; when the
 * core has freed its memory and returned, glue_guard_end() lets the jump
 * continue. */
typedef struct {
    SEXP report;  /* an R function to call with progress, or NULL */
    SEXP token;   /* from R_MakeUnwindCont(): continues the jump  */
    jmp_buf back; /* where the jump is caught                     */
    int jumped;   /* whether a jump was caught and has to go on   */
} glue_guard;

/* Prepares a guard, and sets the control's callbacks to check for interrupts
 * and, if `report` is a function of R and not NULL, to call it with the
 * progress (R/utils-progress.R). Returns the guard's token, which the caller
 * must PROTECT. */
SEXP glue_guard_begin(glue_guard *guard, SEXP report, dmm_control *control);

/* Calls call(data), which calls R, unless a jump has been caught already. */
void glue_guard_call(glue_guard *guard, SEXP (*call)(void *), void *data);

/* Continues the jump if there was one, and then does not return. */
void glue_guard_end(glue_guard *guard);

/* dmm_parts whose sums a function of R computes, and the arguments of one call
 * of it. */
typedef struct {
    dmm_parts parts;
    SEXP function; /* of lambda, taxa x components, the log weights, and
                      whether the best of the starts has been chosen */
    int chosen;
    size_t n_taxa, k;
    glue_guard *guard;
    const double *lambda, *log_weight;
    double *sums;
} glue_parts;

/* Reads list(samples, log.multinomial, sums, start): the number of samples, the
 * sum of the parts' log multinomials, the function, and NULL or list(lambda,
 * log.weight). The list must stay PROTECTed. */
void glue_read_parts(SEXP list, size_t n_taxa, size_t k, glue_guard *guard,
                     glue_parts *parts);

/* An external pointer to own something of the core, so that it is freed even if
 * R runs out of memory and jumps while it is used or copied. The caller must
 * PROTECT it, set its address, and finalise it afterwards. */
SEXP glue_owner(R_CFinalizer_t finalise);

/* The finaliser of a fit. */
void glue_finalise_fit(SEXP owner);

/* A fit as the list that R/dmn.R reads; an owner must hold it meanwhile. */
SEXP glue_fit(const dmm_fit_result *result);

/* The element of a list with the given name, or R_NilValue. */
SEXP glue_element(SEXP list, const char *name);

/* Sets element i of a named list and returns the value. */
SEXP glue_set(SEXP list, int i, SEXP value);

/* A new list with these names, of which the last must be "". The caller must
 * PROTECT it. */
SEXP glue_list(const char **names);

#endif
