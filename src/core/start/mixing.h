/* Anderson mixing: accelerates a fixed-point iteration x <- g(x).
 *
 * The residual is g(x) - x. Over the last few steps its differences show how it
 * changes with x; a least-squares fit finds the combination of them that makes
 * the current residual smallest, and g(x) is corrected by the same combination
 * of the differences of g (Anderson 1965, J. ACM 12(4):547; "type II" in Walker
 * & Ni 2011, SIAM J. Numer. Anal. 49(4):1715). The fixed point is the same;
 * fewer iterations lead there.
 */
#ifndef DMM_MIXING_H
#define DMM_MIXING_H

#include <stddef.h>

#include "base/status.h"

typedef struct dmm_mixing dmm_mixing;

/* The largest `memory` of dmm_mixing_new(), in steps. */
#define DMM_MIXING_MEMORY 5

/* For vectors x that are rows x width arrays. weight[row] multiplies a row's
 * squares in every norm; the array stays the caller's and must outlive the
 * mixing. `memory` is the number of steps remembered, 1 to
 * DMM_MIXING_MEMORY. */
dmm_status dmm_mixing_new(size_t rows, size_t width, const double *weight,
                          int memory, dmm_mixing **mixing);
void dmm_mixing_free(dmm_mixing *mixing);

/* Forgets all steps: the next one is not corrected. */
void dmm_mixing_reset(dmm_mixing *mixing);

/* Takes x and g = g(x), and replaces g by the next x. Where the residual has
 * grown to more than twice the least so far, all steps are forgotten first. */
void dmm_mixing_step(dmm_mixing *mixing, const double *x, double *g);

#endif
