/* The M-step by GSL's BFGS: the second opinion on the Newton optimiser.
 *
 * Slower, but a well-known library's: the reference in tests, and what a
 * sceptical user compares with (optimizer = "bfgs").
 */
#ifndef DMM_BFGS_H
#define DMM_BFGS_H

#include "estep.h"
#include "parameters.h"
#include "status.h"
#include "threads.h"

/* Minimises every F_k for the histogram at hand, component by component
 * (in parallel), from and into the parameters' lambda. `iterations`: the most
 * that a component took. */
dmm_status dmm_bfgs_run(dmm_team *team, dmm_chunk *chunk,
                        dmm_parameters *parameters, int *iterations);

#endif
