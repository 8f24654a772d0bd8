/* What a fit ends with. */
#ifndef DMM_RESULT_H
#define DMM_RESULT_H

#include "dmm.h"
#include "em/em.h"
#include "start/kmeans.h"

/* The result of an EM run that began with `start`, in the order of the samples
 * and taxa of its counts: criteria, estimates and their errors, components by
 * decreasing weight. It belongs to the caller. No more steps can be taken: em
 * has given up what they need. */
dmm_status dmm_result_make(dmm_em *em, const dmm_start *start,
                           dmm_fit_result **result);

#endif
