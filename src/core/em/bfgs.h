/* The M-step by GSL's BFGS: the second opinion on the Newton optimiser.
 *
 * Slower, but a well-known library's: the reference in tests, and what a
 * sceptical user compares with (optimizer = "bfgs").
 */
#ifndef DMM_BFGS_H
#define DMM_BFGS_H

#include "base/status.h"
#include "base/threads.h"
#include "counts/chunk.h"
#include "dmm.h"
#include "em/parameters.h"

/* Minimises every F_k for the histogram at hand, component by component
 * (in parallel), from and into the parameters' lambda. Asks the control's
 * interrupt callback, in the calling thread, whether to go on. `iterations`:
 * the most that a component took. */
dmm_status dmm_bfgs_run(dmm_team *team, dmm_chunk *chunk,
                        dmm_parameters *parameters, const dmm_control *control,
                        int *iterations);

#endif
