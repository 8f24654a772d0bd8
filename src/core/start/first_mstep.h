/* The first M-step: parameters from a start's centres and responsibilities. */
#ifndef DMM_FIRST_MSTEP_H
#define DMM_FIRST_MSTEP_H

#include "em/em.h"
#include "start/kmeans.h"

/* lambda = log(centre) scaled by a moment estimate of A_k, then the M-step to
 * convergence at the responsibilities in em's chunk. */
dmm_status dmm_first_mstep(dmm_em *em, const dmm_start *start);

#endif
