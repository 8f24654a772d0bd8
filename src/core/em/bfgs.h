/* The M-step by GSL's BFGS, an alternative to the Newton optimiser of mstep.h.
 *
 * It is slower, but it is independent and comes from a well-known library. The
 * tests use it as a reference, and users can choose it (optimizer = "bfgs") to
 * check the results of the Newton optimiser.
 */
#ifndef DMM_BFGS_H
#define DMM_BFGS_H

#include "base/status.h"
#include "base/threads.h"
#include "counts/chunk.h"
#include "dmm.h"
#include "em/parameters.h"

/* Minimises every F_k over lambda for the chunk's current histogram. The search
 * begins at the parameters' lambda, which the result replaces; the parameters
 * are not fresh afterwards. Threads take the components one by one.
 * *iterations is the largest number that any component took.
 *
 * Called by the team's thread 0, which is also the only one to call the
 * control's interrupt callback. Replaces GSL's error handler, which is global
 * to the process, while it runs. Errors: DMM_ERROR_MEMORY; DMM_ERROR_NUMERIC
 * when GSL cannot begin or an F_k is not finite; DMM_ERROR_INTERRUPTED. */
dmm_status dmm_bfgs_run(dmm_team *team, dmm_chunk *chunk,
                        dmm_parameters *parameters, const dmm_control *control,
                        int *iterations);

#endif
