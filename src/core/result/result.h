/* The result of a fit, dmm_fit_result of dmm.h, from the state of a converged
 * EM.
 */
#ifndef DMM_RESULT_H
#define DMM_RESULT_H

#include "dmm.h"
#include "em/em.h"
#include "start/kmeans.h"

/* Makes the result of an EM run that began with `start`: criteria, estimates
 * and their errors. Samples and taxa are in the order of em's counts,
 * components by decreasing weight. The result belongs to the caller
 * (dmm_fit_free()). To keep the peak of memory low, em's workspace is freed:
 * afterwards em can only be released. Fails for lack of memory, or with
 * DMM_ERROR_NUMERIC if the Laplace criterion is not finite. */
dmm_status dmm_result_make(dmm_em *em, const dmm_start *start,
                           dmm_fit_result **result);

#endif
