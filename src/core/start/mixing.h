/* Anderson mixing: fewer iterations x <- g(x) to the same fixed point.
 *
 * The next x is g(x) corrected by the combination of the last few steps that
 * would have made the residual g(x) - x least (Anderson 1965, J. ACM 12(4):547;
 * the "type II" method of Walker & Ni 2011, SIAM J. Numer. Anal. 49(4):1715).
 */
#ifndef DMM_MIXING_H
#define DMM_MIXING_H

#include <stddef.h>

#include "base/status.h"

typedef struct dmm_mixing dmm_mixing;

/* Steps that can be remembered at most. */
#define DMM_MIXING_MEMORY 5

/* For vectors of rows x width numbers, whose rows have weights in norms; the
 * weights are borrowed. `memory` steps are remembered, 1 to
 * DMM_MIXING_MEMORY. */
dmm_status dmm_mixing_new(size_t rows, size_t width, const double *weight,
                          int memory, dmm_mixing **mixing);
void dmm_mixing_free(dmm_mixing *mixing);

/* Forgets all steps. */
void dmm_mixing_reset(dmm_mixing *mixing);

/* From x and g = g(x) to the next x, which replaces g. Steps are forgotten when
 * the residual has grown to more than twice the least one. */
void dmm_mixing_step(dmm_mixing *mixing, const double *x, double *g);

#endif
